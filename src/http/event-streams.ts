// Replies that go on: counts the open streams of server-sent events, writes them, keeps them alive and ends them.

import type { ServerResponse } from 'node:http';
import type { Context } from 'koa';
import type { Actor } from '../access/model.ts';
import type { Log } from '../engine/plugin.ts';
import { HooklineError } from '../errors.ts';
import { describeError } from './middleware/errors.ts';
import type { EventStream, StreamEvent } from './route.ts';

export interface EventStreams {
  /**
   * Takes over the reply and sends the events of a stream until it ends, its reader hangs up, whoever reads may no longer do so,
   * or the server stops.
   * @param isStillAllowed asked at each heartbeat and by `recheck`; false ends the stream. Default: always
   * @throws HooklineError `too_many_requests`, `shutting_down`
   */
  serve(ctx: Context, actor: Actor | null, stream: EventStream, isStillAllowed?: () => Promise<boolean>): void;
  /** Asks of all open streams now whether their readers may still read: somebody has lost rights. */
  recheck(): void;
  /** Streams that are open now. */
  size(): number;
  /** Ends all streams and takes no new ones; resolves when their sources have let go. */
  close(): Promise<void>;
}

export interface EventStreamsOptions {
  readonly log: Log;
  /** Between two comments that keep proxies from closing an idle connection, in milliseconds. Default 15000. */
  readonly heartbeatMs?: number;
  /** Streams of one actor at the same time. Default 20. */
  readonly maxPerActor?: number;
  /** Streams of everybody at the same time. Default 500. */
  readonly maxStreams?: number;
}

/** `no-transform` and `X-Accel-Buffering` (nginx): a proxy that compresses or gathers would keep events back. */
const HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-store, no-transform',
  'X-Accel-Buffering': 'no',
  'X-Content-Type-Options': 'nosniff',
};
/** Heartbeats in a row at which a reader has not taken what was written before; then the connection is given up. */
const MAX_STALLED = 4;

export function createEventStreams(options: EventStreamsOptions): EventStreams {
  const { log, heartbeatMs = 15_000, maxPerActor = 20, maxStreams = 500 } = options;
  /** Each with what ends it, and what asks whether it may go on. */
  const open = new Map<Promise<void>, { readonly abort: AbortController; readonly check: () => Promise<void> }>();
  const byActor = new Map<string, number>();
  let isClosed = false;

  function requireRoom(name: string): void {
    if (isClosed) throw new HooklineError('shutting_down', 'The server is stopping.', { headers: { 'Retry-After': '5' } });
    if (open.size < maxStreams && (byActor.get(name) ?? 0) < maxPerActor) return;
    throw new HooklineError('too_many_requests', 'Too many event streams are open. Close some of them, then try again.', {
      headers: { 'Retry-After': '10' },
    });
  }

  /** Ends a stream whose reader may no longer read. */
  async function check(abort: AbortController, isStillAllowed: () => Promise<boolean>): Promise<void> {
    try {
      if (!(await isStillAllowed())) abort.abort();
    } catch (error) {
      // Nobody is shut out because the database is; the next heartbeat asks again.
      log.warn({ err: describeError(error) }, 'It could not be checked whether a stream may go on');
    }
  }

  /** @returns stops it */
  function keepAlive(res: ServerResponse, abort: AbortController, checkNow: () => Promise<void>): () => void {
    let stalled = 0;
    const beat = async (): Promise<void> => {
      await checkNow();
      if (abort.signal.aborted) return;
      stalled = res.writableNeedDrain ? stalled + 1 : 0;
      if (stalled >= MAX_STALLED) abort.abort();
      else if (stalled === 0) res.write(':\n\n');
    };
    const timer = setInterval(() => void beat(), heartbeatMs).unref();
    return () => clearInterval(timer);
  }

  async function send(
    res: ServerResponse,
    stream: EventStream,
    abort: AbortController,
    checkNow: () => Promise<void>,
  ): Promise<void> {
    const { signal } = abort;
    const stop = keepAlive(res, abort, checkNow);
    try {
      for await (const event of stream.open(signal)) {
        if (signal.aborted) break;
        if (!res.write(toText(event))) await drained(res, signal);
      }
    } catch (error) {
      if (!signal.aborted) log.error({ err: describeError(error) }, 'A stream of events has failed');
    } finally {
      stop();
      abort.abort();
      // Whoever does not read would never take the end either.
      if (res.writableNeedDrain) res.destroy();
      else res.end();
    }
  }

  return {
    serve(ctx, actor, stream, isStillAllowed = async () => true) {
      const name = actor === null ? '' : `${actor.kind}:${actor.id}`;
      requireRoom(name);
      const { res } = ctx;
      ctx.status = 200;
      ctx.set(HEADERS);
      ctx.respond = false;
      if (ctx.method === 'HEAD') {
        res.end();
        return;
      }
      const abort = new AbortController();
      res.on('close', () => abort.abort());
      res.on('error', () => abort.abort());
      // At once, so that the reader knows that it listens before anything happens.
      res.flushHeaders();
      res.write(':\n\n');
      byActor.set(name, (byActor.get(name) ?? 0) + 1);
      const checkNow = (): Promise<void> => check(abort, isStillAllowed);
      const done = send(res, stream, abort, checkNow).finally(() => {
        open.delete(done);
        const left = (byActor.get(name) ?? 1) - 1;
        if (left > 0) byActor.set(name, left);
        else byActor.delete(name);
      });
      open.set(done, { abort, check: checkNow });
    },

    recheck() {
      for (const stream of open.values()) void stream.check();
    },

    size: () => open.size,

    async close() {
      isClosed = true;
      for (const { abort } of open.values()) abort.abort();
      await Promise.all(open.keys());
    },
  };
}

/** HTML, section 9.2.6. JSON has no line breaks. */
function toText({ event, data, id }: StreamEvent): string {
  return `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
}

/** Resolves when the reader has taken what was written, or the stream is over. */
function drained(res: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      res.off('drain', end);
      signal.removeEventListener('abort', end);
      resolve();
    };
    if (signal.aborted) return resolve();
    res.on('drain', end);
    signal.addEventListener('abort', end);
  });
}
