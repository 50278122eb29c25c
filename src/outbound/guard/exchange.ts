// Sends one request over one connection and reads its whole answer, or as much of it as is wanted.

import type { OutgoingResponse } from '../../engine/plugin.ts';
import type { Connection } from './idle-connections.ts';
import type { ReadRequest } from './outgoing-request.ts';
import { type BodyReader, createBodyReader, type Overflow } from './response-body.ts';
import type { Stop } from './stop.ts';
import type { Stopwatch } from './trace.ts';

export interface GuardedResponse extends OutgoingResponse {
  /** With `overflow: 'cut'`: whether the answer was longer than what is here, or could not be inflated to its end. */
  readonly isCut: boolean;
}

export interface ExchangeOptions {
  readonly maxBytes: number;
  readonly overflow: Overflow;
  readonly stop: Stop;
  readonly stopwatch: Stopwatch;
  /** The answer has begun. */
  onHead(): void;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * The connection can be used again only when this succeeds with an answer that is not cut.
 * @throws the reason of the stop; what the connection or its parser says; HooklineError of the body's reader
 */
export function exchange(
  { client, end }: Connection,
  request: ReadRequest,
  { maxBytes, overflow, stop, stopwatch, onHead }: ExchangeOptions,
): Promise<GuardedResponse> {
  return new Promise((resolve, reject) => {
    let body: BodyReader | undefined;
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      stop.onStop = undefined;
      return true;
    };
    const fail = (error: unknown): void => {
      if (!settle()) return;
      body?.destroy();
      reject(error);
    };
    if (stop.reason !== undefined) return fail(stop.reason);
    // Ending the connection ends the request. One function for all requests of a connection: a closure for each of them
    // was measured to cost a fourth of the time, in collecting garbage.
    stop.onStop = end;
    stopwatch.enter('answer');
    const { method, path, headers } = request;
    client.dispatch(
      { method, path, headers: headers as string[], body: request.body ?? null },
      {
        onRequestStart: () => undefined,
        onResponseStart(controller, status, received) {
          // What is below is provisional; the answer is yet to come.
          if (status < 200 || isSettled) return;
          stopwatch.mark('firstByteMs');
          stopwatch.enter('body');
          onHead();
          const answered = joinHeaders(received);
          body = createBodyReader(
            { host: request.host, encoding: answered['content-encoding'] ?? '', maxBytes, overflow },
            {
              onDone({ bytes, isCut }) {
                if (settle()) resolve({ status, headers: answered, body: bytes, isCut });
              },
              onError: fail,
              onReady: () => controller.resume(),
            },
          );
        },
        onResponseData(controller, chunk) {
          if (!isSettled && body?.write(chunk) === false) controller.pause();
        },
        onResponseEnd() {
          body?.end();
          // Nothing but the inflating is left to be stopped.
          if (!isSettled) stop.onStop = () => fail(stop.reason);
        },
        onResponseError: (_, error) => fail(error),
      },
    );
  });
}

function joinHeaders(received: Headers): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(received)) {
    const value = received[name];
    if (value !== undefined && name !== '__proto__') headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
