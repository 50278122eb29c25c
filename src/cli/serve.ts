// A server of its own around createHookline: listens, answers 503 until everything is ready, and stops without cutting anybody off.

import { createServer, type RequestListener, type Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Config, withPort } from '../config.ts';
import { HooklineError, toErrorReply } from '../errors.ts';
import { SANDBOXED_REPLY } from '../http/reply-headers.ts';
import { createHookline, type Hookline } from '../index.ts';

/** How long connections may take to end by themselves once all work is done, in milliseconds. */
const CLOSE_GRACE_MS = 1_000;

export interface RunningServer {
  readonly hookline: Hookline;
  /** The configuration with the port that the server really got. */
  readonly config: Config;
  /** Takes no new connections, lets what runs finish within `shutdownGraceMs`, closes the database. */
  stop(): Promise<void>;
}

/**
 * Starts the server.
 * @param onTooOld called when it has stopped working because the database was migrated beyond what this version can work on; it
 *   still listens and answers 503
 * @throws HooklineError `invalid_configuration` when the address cannot be had, and whatever the start of the parts throws
 */
export async function serve(configured: Config, onTooOld: (error: HooklineError) => void = () => {}): Promise<RunningServer> {
  const main = createListener();
  const second = configured.hooksPort === undefined ? undefined : createListener();
  const listeners = second ? [main, second] : [main];
  let config: Config;
  let hookline: Hookline;
  try {
    // Before the database is touched: a taken port must not migrate anything, and the trigger URLs need the real ports.
    const port = await listen(main.server, configured.host, configured.port, 'HOOKLINE_PORT');
    const { host, hooksPort } = configured;
    const secondPort = second && (await listen(second.server, host, hooksPort ?? 0, 'HOOKLINE_HOOKS_PORT'));
    config = withPort(configured, port, secondPort);
    hookline = createHookline({ ...config, onTooOld });
    await hookline.start();
  } catch (error) {
    for (const { server } of listeners) {
      server.close();
      server.closeAllConnections();
    }
    throw error;
  }
  main.answer(hookline.callback());
  second?.answer(hookline.hooksCallback());
  return {
    hookline,
    config,
    stop: async () => {
      const closed = listeners.map(({ server, answer }) => {
        answer(answerStopping);
        return new Promise<void>((resolve) => server.close(() => resolve()));
      });
      await hookline.stop();
      await Promise.all(listeners.map(({ server }, index) => closeConnections(server, closed[index])));
    },
  };
}

interface Listener {
  readonly server: Server;
  /** Until then it says that the server is starting. */
  answer(listener: RequestListener): void;
}

function createListener(): Listener {
  let current: RequestListener = answerStarting;
  // Without a `Host`, Node would answer by itself, with nothing that says why.
  const server = createServer({ requireHostHeader: false }, (request, response) => current(request, response));
  server.on('clientError', answerUnreadable);
  server.on('checkExpectation', answerExpectation);
  return {
    server,
    answer(listener) {
      current = listener;
    },
  };
}

function listen(server: Server, host: string, port: number, variable: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port, variable)));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function toListenError(error: NodeJS.ErrnoException, host: string, port: number, variable: string): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Choose another with ${variable}.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023 with ${variable}.`,
    EADDRNOTAVAIL: `This machine does not have the address ${host}. Choose another with HOOKLINE_HOST.`,
    ENOTFOUND: `The host name ${host} is not known. Choose another with HOOKLINE_HOST.`,
  };
  const reason = reasons[error.code ?? ''] ?? `The server cannot listen on ${host}:${port}: ${error.message}.`;
  return new HooklineError('invalid_configuration', reason, { cause: error });
}

const answerStarting = refuse(
  new HooklineError('storage_unavailable', 'The server is starting. Try again in a second.', { headers: { 'Retry-After': '1' } }),
);

const answerStopping = refuse(
  new HooklineError('shutting_down', 'The server is stopping.', { headers: { 'Retry-After': '5', Connection: 'close' } }),
);

/** What a caller expects beside `100-continue`; by itself Node answers with a status alone. */
const answerExpectation = refuse(
  new HooklineError('invalid_request', 'The header "Expect" may only be "100-continue".', { headers: { Connection: 'close' } }),
  417,
);

/** @param ownStatus default that of the error's code */
function refuse(error: HooklineError, ownStatus?: number): RequestListener {
  const { status: usual, headers, body } = toErrorReply(error);
  const status = ownStatus ?? usual;
  return (_request, response) => {
    response.writeHead(status, { ...SANDBOXED_REPLY, ...headers, 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  };
}

/** Status and message of what Node's parser refuses before there is a request, by its code. */
const UNREADABLE: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers of the request are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The chunk extensions of the request are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long.'],
};

/** In the shape and with the headers of every other error; by itself Node sends a status alone. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Duplex): void {
  // The caller has gone, or an answer is on its way already.
  if (error.code === 'ECONNRESET' || !socket.writable || hasBegunAnswer(socket)) {
    socket.destroy();
    return;
  }
  const [status, message] = UNREADABLE[error.code ?? ''] ?? ['400 Bad Request', 'The request is not HTTP.'];
  const body = JSON.stringify({ error: { code: 'invalid_request', message } });
  const headers = {
    ...SANDBOXED_REPLY,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status}\r\n${lines.join('')}\r\n${body}`);
}

/** As Node's own handler looks at it. */
function hasBegunAnswer(socket: Duplex): boolean {
  const message: unknown = '_httpMessage' in socket ? socket._httpMessage : undefined;
  return message instanceof ServerResponse && message.headersSent;
}

/** Waits for the last replies to leave; connections that are kept alive without a request are closed. */
async function closeConnections(server: Server, closed: Promise<void> | undefined): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}
