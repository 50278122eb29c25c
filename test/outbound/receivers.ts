// Receivers of webhooks that misbehave on purpose, on free ports of 127.0.0.1; each keeps what it was sent.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { createGzip } from 'node:zlib';
import { PATIENCE } from '../patience.ts';
import {
  type Certificate,
  makeCertificate,
  startRawServer,
  startSecureServer,
  startServer,
  type TestServer,
} from './guard/servers.ts';

export interface ReceivedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** The exact bytes, as text. */
  readonly body: string;
  /** `performance.now()` when all of it had come. */
  readonly at: number;
}

export interface Receiver extends TestServer {
  /** In the order they were complete. */
  readonly requests: readonly ReceivedRequest[];
  /** Waits until so many requests have come, five seconds at most. */
  received(count: number): Promise<void>;
}

/** What a receiver does with a request that has come completely. */
export type Answer = (response: ServerResponse, request: ReceivedRequest, index: number) => void;

/** A receiver that answers as it is told; the other ones are made of it. */
export async function startReceiver(
  answer: Answer = (response) => response.end('ok'),
  certificate?: Certificate,
): Promise<Receiver> {
  const requests: ReceivedRequest[] = [];
  const waiting = new Set<() => void>();
  const listener = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      // A sender that gives up in the middle has sent no request.
      return;
    }
    const { method = '', url: path = '', headers } = request;
    const received = { method, path, headers, body: Buffer.concat(chunks).toString('utf8'), at: performance.now() };
    requests.push(received);
    for (const check of waiting) check();
    answer(response, received, requests.length - 1);
  };
  const server = await (certificate ? startSecureServer(certificate, listener) : startServer(listener));
  return {
    ...server,
    requests,
    received: (count) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`${requests.length} instead of ${count} requests have come`));
        }, PATIENCE.timeout);
        const check = (): void => {
          if (requests.length < count) return;
          clearTimeout(timer);
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

/** One that speaks TCP and does not get as far as HTTP; it keeps no requests. */
async function startRaw(onRequest: (socket: Socket) => void): Promise<Receiver> {
  const server = await startRawServer(onRequest);
  return { ...server, requests: [], received: () => Promise.reject(new Error('this receiver keeps no requests')) };
}

/** Writes again and again until the other end is gone. */
function repeat(socket: { readonly destroyed: boolean; write(text: string): unknown }, text: string, everyMs: number): void {
  const timer = setInterval(() => {
    if (socket.destroyed) clearInterval(timer);
    else socket.write(text);
  }, everyMs);
}

/** Writes without end, as fast as the other end reads. */
function flood(stream: {
  readonly destroyed: boolean;
  write(data: Buffer): boolean;
  on(event: 'drain', more: () => void): unknown;
}): void {
  const block = Buffer.alloc(64 * 1024, 'x');
  const more = (): void => {
    while (!stream.destroyed && stream.write(block));
  };
  stream.on('drain', more);
  more();
}

const status =
  (code: number, headers: Readonly<Record<string, string>> = {}, text = ''): Answer =>
  (response) =>
    response.writeHead(code, headers).end(text);

/** Every kind of receiver that deliveries must cope with. Close what you start. */
export const receivers = {
  ok: () => startReceiver(),
  /** Answers after so many milliseconds. */
  slow: (delayMs: number) =>
    startReceiver((response) => {
      const timer = setTimeout(() => response.end('late'), delayMs);
      response.on('close', () => clearTimeout(timer));
    }),
  /** A port where nobody listens. */
  async refusing(): Promise<Receiver> {
    const receiver = await startReceiver();
    await receiver.close();
    return { ...receiver, close: async () => undefined };
  },
  /** Resets the connection when a request comes. */
  resetting: () => startRaw((socket) => socket.resetAndDestroy()),
  /** Takes the request and never answers. */
  hanging: () => startReceiver(() => undefined),
  /** Takes the connection, and says nothing to whatever comes. */
  silent: () => startRaw(() => undefined),
  /** A body that comes one byte at a time. */
  dripping: (everyMs = 1_000) =>
    startReceiver((response) => {
      response.writeHead(200, { 'Content-Length': '1000000' });
      response.write('x');
      repeat(response, 'x', everyMs);
    }),
  /** A head that comes one byte at a time. */
  drippingHead: (everyMs = 1_000) =>
    startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nX-Long: ');
      repeat(socket, 'x', everyMs);
    }),
  /** Announces 10 GB and begins to send them. */
  endless: () =>
    startReceiver((response) => {
      response.writeHead(200, { 'Content-Length': String(10 * 1024 ** 3), 'Content-Type': 'text/plain' });
      flood(response);
    }),
  /** One letter without end, a thousandth of its size on the wire. */
  gzipBomb: () =>
    startReceiver((response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      const gzip = createGzip();
      gzip.on('error', () => undefined);
      response.on('close', () => gzip.destroy());
      gzip.pipe(response);
      flood(gzip);
    }),
  /** A header that is larger than anybody needs. */
  largeHeader: () => startReceiver((response) => response.writeHead(200, { 'X-Large': 'x'.repeat(60_000) }).end()),
  /** A certificate that signs itself; nobody has been told to trust it. */
  selfSigned: () => startReceiver(undefined, makeCertificate('DNS:localhost,IP:127.0.0.1')),
  /** A certificate, to be trusted, for another name. */
  async otherName(): Promise<Receiver & { readonly ca: string }> {
    const certificate = makeCertificate('DNS:other.example');
    return { ...(await startReceiver(undefined, certificate)), ca: certificate.cert };
  },
  /** A good certificate, to be trusted. */
  async secure(): Promise<Receiver & { readonly ca: string }> {
    const certificate = makeCertificate('DNS:localhost,IP:127.0.0.1');
    return { ...(await startReceiver(undefined, certificate)), ca: certificate.cert };
  },
  redirecting: (code: 301 | 302 | 303 | 307 | 308, location = 'http://169.254.169.254/latest/meta-data/') =>
    startReceiver(status(code, { Location: location })),
  gone: () => startReceiver(status(410, {}, 'gone')),
  /** @param retryAfter seconds or an HTTP date */
  throttling: (retryAfter: string, code = 429) => startReceiver(status(code, { 'Retry-After': retryAfter }, 'slow down')),
  failing: (code = 500) => startReceiver(status(code, {}, 'it broke')),
  /** Fails every other request, the first one included. */
  flapping: () => startReceiver((response, _, index) => response.writeHead(index % 2 === 0 ? 500 : 200).end()),
  /** Answers and then closes the connection without having said so. */
  closing: () =>
    startReceiver((response) => {
      const { socket } = response;
      response.end('ok', () => setImmediate(() => socket?.destroy()));
    }),
};
