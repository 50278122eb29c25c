// Receivers of webhooks for a measurement, each on a port of its own: healthy, failing, slow and dead ones.
// Usage: receivers.ts <ReceiverParameters as JSON>; prints `{ ports, control }` as one line and runs until its input ends.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceiverParameters {
  readonly healthy: number;
  /** Answer 500. */
  readonly failing: number;
  /** Answer 200 after `slowMs`. */
  readonly slow: number;
  readonly slowMs: number;
  /** Nobody listens there. */
  readonly dead: number;
}

export type Kind = 'healthy' | 'failing' | 'slow' | 'dead';

export interface Ports {
  /** In the order of `ReceiverParameters`. */
  readonly ports: readonly { readonly kind: Kind; readonly port: number }[];
  /** `GET /counts`, `GET /arrivals`, `POST /reset`. */
  readonly control: number;
}

export interface Counts {
  /** Requests by kind. */
  readonly requests: Readonly<Record<Kind, number>>;
  /** Different `webhook-id`s by kind. */
  readonly ids: Readonly<Record<Kind, number>>;
}

const parameters = JSON.parse(process.argv[2] ?? '{}') as ReceiverParameters;
const KINDS: readonly Kind[] = ['healthy', 'failing', 'slow', 'dead'];
const requests = { healthy: 0, failing: 0, slow: 0, dead: 0 };
/** When each `webhook-id` came first, in milliseconds since 1970. */
const arrivals = new Map<string, number>();
const ids = { healthy: new Set<string>(), failing: new Set<string>(), slow: new Set<string>(), dead: new Set<string>() };

function answer(kind: Kind, response: ServerResponse): void {
  const status = kind === 'failing' ? 500 : 200;
  const send = (): void => void response.writeHead(status, { 'Content-Type': 'text/plain', 'Content-Length': 2 }).end('ok');
  if (kind === 'slow') setTimeout(send, parameters.slowMs);
  else send();
}

function receive(kind: Kind): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const id = String(request.headers['webhook-id']);
    requests[kind] += 1;
    ids[kind].add(id);
    if (!arrivals.has(id)) arrivals.set(id, Date.now());
    request.on('end', () => answer(kind, response)).resume();
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

const ports: { kind: Kind; port: number }[] = [];
for (const kind of KINDS) {
  for (let index = 0; index < parameters[kind]; index += 1) {
    const server = createServer({ keepAliveTimeout: 60_000 }, receive(kind));
    const port = await listen(server);
    if (kind === 'dead') server.close();
    ports.push({ kind, port });
  }
}

const control = createServer((request, response) => {
  const reply = (value: unknown): void => void response.end(JSON.stringify(value));
  if (request.url === '/arrivals') return reply([...arrivals]);
  if (request.url === '/reset') {
    arrivals.clear();
    for (const kind of KINDS) {
      requests[kind] = 0;
      ids[kind].clear();
    }
  }
  const counts: Counts = {
    requests,
    ids: { healthy: ids.healthy.size, failing: ids.failing.size, slow: ids.slow.size, dead: ids.dead.size },
  };
  reply(counts);
});
const line: Ports = { ports, control: await listen(control) };
console.log(JSON.stringify(line));
process.stdin.on('end', () => process.exit()).resume();
