// Real servers for tests of outgoing requests: whatever a receiver can do wrong, on free ports of 127.0.0.1.

import { execFileSync } from 'node:child_process';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { PATIENCE } from '../../patience.ts';

export interface TestServer {
  readonly port: number;
  /** `http://127.0.0.1:<port>` or https. */
  readonly url: string;
  /** Sockets that clients have opened, in order. */
  readonly sockets: readonly Socket[];
  close(): Promise<void>;
}

async function listen(server: Server, scheme: string): Promise<TestServer> {
  const sockets: Socket[] = [];
  server.on('connection', (socket: Socket) => {
    socket.on('error', () => undefined);
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `${scheme}://127.0.0.1:${port}`,
    sockets,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** An HTTP server. */
export function startServer(listener: RequestListener): Promise<TestServer> {
  return listen(createServer(listener), 'http');
}

/** An HTTPS server with this certificate. */
export function startSecureServer(certificate: Certificate, listener: RequestListener): Promise<TestServer> {
  return listen(createSecureServer({ key: certificate.key, cert: certificate.cert }, listener), 'https');
}

/** A server that writes what it likes, once the head of a request has come. */
export function startRawServer(onRequest: (socket: Socket, head: string) => void): Promise<TestServer> {
  const server = createTcpServer((socket) => {
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
      const end = text.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = text.slice(0, end);
      text = '';
      onRequest(socket, head);
    });
  });
  return listen(server, 'http');
}

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** A certificate that signs itself, for these names. */
export function makeCertificate(subjectAltName: string): Certificate {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const subject = ['-subj', '/CN=test', '-addext', `subjectAltName=${subjectAltName}`];
  const text = execFileSync('openssl', [...args, ...subject, '-keyout', '-', '-out', '-'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const block = (pattern: RegExp) => pattern.exec(text)?.[0] ?? '';
  return {
    key: block(/-----BEGIN PRIVATE KEY-----[\s\S]*?-----END PRIVATE KEY-----/),
    cert: block(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/),
  };
}

/** Waits until something is so, a few seconds at most. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setImmediate(resolve));
  }
}
