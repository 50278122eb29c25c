// Sends one request over one connection and reads its whole answer, or as much of it as is wanted.

import type { Dispatcher } from 'undici';
import type { OutgoingResponse } from '../../engine/plugin.ts';
import type { Connection } from './idle-connections.ts';
import type { ReadRequest } from './outgoing-request.ts';
import { type Body, type BodyListener, type BodyReader, createBodyReader, type Overflow } from './response-body.ts';
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
export function exchange(connection: Connection, request: ReadRequest, options: ExchangeOptions): Promise<GuardedResponse> {
  return new Promise((resolve, reject) => {
    const { stop, stopwatch } = options;
    if (stop.reason !== undefined) return reject(stop.reason);
    // Ending the connection ends the request. One function for all requests of a connection: a closure for each of them
    // was measured to cost a fourth of the time, in collecting garbage.
    stop.onStop = connection.end;
    stopwatch.enter('answer');
    const { method, path, headers, body = null } = request;
    connection.client.dispatch(
      { method, path, headers: headers as string[], body },
      new Exchange(request.host, options, resolve, reject),
    );
  });
}

/** Hears what comes from the connection, and what its body is made into. */
class Exchange implements Dispatcher.DispatchHandler, BodyListener {
  readonly #host: string;
  readonly #options: ExchangeOptions;
  readonly #resolve: (response: GuardedResponse) => void;
  readonly #reject: (error: unknown) => void;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #headers: Record<string, string> | undefined;
  #body: BodyReader | undefined;
  #isSettled = false;

  constructor(
    host: string,
    options: ExchangeOptions,
    resolve: (response: GuardedResponse) => void,
    reject: (error: unknown) => void,
  ) {
    this.#host = host;
    this.#options = options;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, received: Headers): void {
    // What is below is provisional; the answer is yet to come.
    if (status < 200 || this.#isSettled) return;
    const { maxBytes, overflow, stopwatch, onHead } = this.#options;
    stopwatch.mark('firstByteMs');
    stopwatch.enter('body');
    onHead();
    this.#status = status;
    this.#headers = joinHeaders(received);
    const encoding = this.#headers['content-encoding'] ?? '';
    this.#body = createBodyReader({ host: this.#host, encoding, maxBytes, overflow }, this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isSettled && this.#body?.write(chunk) === false) controller.pause();
  }

  onResponseEnd(): void {
    this.#body?.end();
    // Nothing but the inflating is left to be stopped.
    const { stop } = this.#options;
    if (!this.#isSettled) stop.onStop = () => this.onFailure(stop.reason);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.onFailure(error);
  }

  onDone({ bytes, isCut }: Body): void {
    if (this.#settle()) this.#resolve({ status: this.#status, headers: this.#headers ?? {}, body: bytes, isCut });
  }

  onFailure(error: unknown): void {
    if (!this.#settle()) return;
    this.#body?.destroy();
    this.#reject(error);
  }

  onReady(): void {
    this.#controller?.resume();
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#options.stop.onStop = undefined;
    return true;
  }
}

function joinHeaders(received: Headers): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(received)) {
    const value = received[name];
    if (value !== undefined && name !== '__proto__') headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
