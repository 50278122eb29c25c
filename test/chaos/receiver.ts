// The outside world of a chaos run: a server that notes every effect, fails now and then, and asks for callbacks to be made.

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request that came. Times are milliseconds since 1970. */
export interface Effect {
  /** The idempotency key, `<execution>/<job path>`. */
  readonly key: string;
  readonly executionId: string;
  readonly path: string;
  /** The customer of a lane workflow. */
  readonly lane: string | undefined;
  readonly at: number;
  readonly answeredAt: number;
  /** 200 or 500. */
  readonly status: number;
}

export interface Receiver {
  readonly url: string;
  /** In the order of arrival. */
  readonly effects: readonly Effect[];
  stop(): Promise<void>;
}

interface Sent {
  readonly lane?: string;
  readonly resume?: string;
}

/** How long an answer takes, in milliseconds: what overlaps shows, and a kill finds something that runs. */
const ANSWER_MS: Readonly<Record<string, number>> = { '/slow': 25, '/long': 400 };

/**
 * `/effect` answers at once, `/slow` and `/long` after a while, `/flaky` answers 500 to the first request of every key. A body with
 * `resume` hands on the path of that URL.
 */
export async function startReceiver(onResume: (path: string) => void): Promise<Receiver> {
  const effects: Effect[] = [];
  const seen = new Set<string>();

  async function handle(request: IncomingMessage): Promise<number> {
    const at = Date.now();
    const key = String(request.headers['idempotency-key']);
    const slash = key.indexOf('/');
    const { lane, resume } = JSON.parse(await readText(request)) as Sent;
    const status = request.url === '/flaky' && !seen.has(key) ? 500 : 200;
    seen.add(key);
    const effect = { key, executionId: key.slice(0, slash), path: key.slice(slash + 1), lane, at, answeredAt: at, status };
    effects.push(effect);
    const answerMs = ANSWER_MS[request.url ?? ''];
    if (answerMs !== undefined) await new Promise((resolve) => setTimeout(resolve, answerMs));
    effect.answeredAt = Date.now();
    if (resume !== undefined) onResume(new URL(resume).pathname);
    return status;
  }

  const server = createServer((request, response) => {
    handle(request).then(
      (status) => response.writeHead(status, { 'Content-Type': 'application/json' }).end('{"received":true}'),
      // Its sender was killed in the middle.
      () => response.destroy(),
    );
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    effects,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
