// Reads a stream of server-sent events over a real socket, for tests.

import { once } from 'node:events';
import { type ClientRequest, get, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface ReadEvent {
  readonly event: string;
  readonly id: string | undefined;
  /** What the JSON parser gives, since tests look into events of every kind. */
  readonly data: ReturnType<typeof JSON.parse>;
}

export interface EventReader {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The next event; waits for it. Rejects when the stream ends before. */
  next(): Promise<ReadEvent>;
  /** The next event of this name; others before it are dropped. */
  nextOf(event: string): Promise<ReadEvent>;
  /** Everything that came, also what `next` has given. */
  readonly events: readonly ReadEvent[];
  /** Comments that came. */
  readonly comments: number;
  /** Resolves when the server has ended the stream or the connection is gone. */
  readonly ended: Promise<void>;
  /** Takes nothing more from the socket. */
  pause(): void;
  resume(): void;
  hangUp(): void;
}

export async function readEvents(url: string, headers: Record<string, string> = {}): Promise<EventReader> {
  const request: ClientRequest = get(url, { agent: false, headers: { Accept: 'text/event-stream', ...headers } });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const events: ReadEvent[] = [];
  let read = 0;
  let comments = 0;
  let rest = '';
  let isOver = false;
  let wake = (): void => {};
  response.setEncoding('utf8').on('data', (text: string) => {
    const blocks = (rest + text).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith(':')) comments += 1;
      else events.push(parseEvent(block));
    }
    wake();
  });
  const ended = new Promise<void>((resolve) => {
    const end = (): void => {
      isOver = true;
      wake();
      resolve();
    };
    response.on('close', end).on('error', end);
    request.on('error', end);
  });

  async function next(): Promise<ReadEvent> {
    for (;;) {
      const event = events[read];
      if (event) {
        read += 1;
        return event;
      }
      if (isOver) throw new Error('The stream has ended.');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    next,
    async nextOf(name) {
      for (;;) {
        const event = await next();
        if (event.event === name) return event;
      }
    },
    events,
    get comments() {
      return comments;
    },
    ended,
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    hangUp: () => void request.destroy(),
  };
}

function parseEvent(block: string): ReadEvent {
  const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
  return { event: fields.get('event') ?? '', id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') };
}
