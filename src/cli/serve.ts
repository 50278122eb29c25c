// A server of its own around createHookline: listens, answers 503 until everything is ready, and stops without cutting anybody off.

import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Config, withPort } from '../config.ts';
import { HooklineError, toErrorReply } from '../errors.ts';
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
  let answer: RequestListener = answerStarting;
  const server = createServer((request, response) => answer(request, response));
  // Before the database is touched: a taken port must not migrate anything, and the trigger URLs need the real port.
  const config = withPort(configured, await listen(server, configured));
  const hookline = createHookline({ ...config, onTooOld });
  try {
    await hookline.start();
  } catch (error) {
    server.close();
    server.closeAllConnections();
    throw error;
  }
  answer = hookline.callback();
  return {
    hookline,
    config,
    stop: async () => {
      answer = answerStopping;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await hookline.stop();
      await closeConnections(server, closed);
    },
  };
}

function listen(server: Server, { host, port }: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port)));
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function toListenError(error: NodeJS.ErrnoException, host: string, port: number): Error {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} on ${host} is taken by another program. Choose another with HOOKLINE_PORT.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023 with HOOKLINE_PORT.`,
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

function refuse(error: HooklineError): RequestListener {
  const { status, headers, body } = toErrorReply(error);
  return (_request, response) => {
    response.writeHead(status, { ...headers, 'Content-Type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify(body));
  };
}

/** Waits for the last replies to leave; connections that are kept alive without a request are closed. */
async function closeConnections(server: Server, closed: Promise<void>): Promise<void> {
  const idle = setInterval(() => server.closeIdleConnections(), 20);
  const late = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
  await closed;
  clearInterval(idle);
  clearTimeout(late);
}
