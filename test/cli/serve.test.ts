// The server of `hookline start`: two ports, and answers to what is no request.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningServer, serve } from '../../src/cli/serve.ts';
import { type Config, parseOptions } from '../../src/config.ts';
import { HooklineError } from '../../src/errors.ts';

let folder: string;
let server: RunningServer;

const configOf = (more: object = {}): Config =>
  parseOptions({
    port: 0,
    hooksPort: 0,
    databaseUrl: `sqlite:${join(folder, 'hookline.db')}`,
    secretKeyFile: join(folder, 'secret.key'),
    adminToken: 'Nx4rW8kTq2Zb6VmP9hLc3yFj7sGd5aEu',
    logLevel: 'silent',
    ...more,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-serve-'));
  server = await serve(configOf());
});
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

const statusOf = async (url: string, method = 'GET'): Promise<number> =>
  (await fetch(url, { method, redirect: 'manual' })).status;

describe('two ports', () => {
  it('give trigger URLs and the designer an origin each', async () => {
    const { config, hookline } = server;
    const { hookKey } = await hookline.workflows.create({
      title: 'Quiet',
      mode: 'sync',
      enabled: true,
      trigger: { type: 'webhook', config: {} },
      nodes: [],
    });
    const hooks = `${config.hooksUrl}`;
    expect(new URL(hooks).port).toBe(String(config.hooksPort));
    expect(await statusOf(`${hooks}/hooks/${hookKey}`, 'POST')).toBe(200);
    expect(await statusOf(`${config.publicUrl}/hooks/${hookKey}`, 'POST')).toBe(404);
    for (const path of ['/api/session', '/designer/', '/']) expect(await statusOf(hooks + path), path).toBe(404);
    expect(await statusOf(`${config.publicUrl}/api/session`)).toBe(200);
  });

  it('cannot be the same one, and a taken one is named', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const refused = await serve(configOf({ hooksPort: port })).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HooklineError);
    expect(String(refused)).toContain(
      `Port ${port} on 127.0.0.1 is taken by another program. Choose another with HOOKLINE_HOOKS_PORT.`,
    );
    taken.close();
    await once(taken, 'close');
  });
});

describe('what is no request', () => {
  async function raw(port: number, text: string): Promise<string> {
    const socket = net.connect(port, '127.0.0.1');
    let answered = '';
    socket.on('data', (part) => {
      answered += part.toString('latin1');
    });
    socket.write(text);
    await once(socket, 'close');
    return answered;
  }

  it.each([
    ['garbage', 'GARBAGE\r\n\r\n', '400 Bad Request'],
    ['no Host', 'POST /hooks/x HTTP/1.1\r\n\r\n', '400 Bad Request'],
    ['two lengths', 'POST /hooks/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', '400 Bad Request'],
    [
      'large headers',
      `POST /hooks/x HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 Request Header Fields Too Large',
    ],
  ])('%s', async (_what, text, status) => {
    for (const port of [server.config.port, server.config.hooksPort ?? 0]) {
      const answered = await raw(port, text);
      expect(answered).toContain(`HTTP/1.1 ${status}\r\n`);
      expect(answered).toMatch(/^content-security-policy: sandbox /m);
      expect(answered).toMatch(/^x-content-type-options: nosniff\r$/m);
      expect(JSON.parse(answered.split('\r\n\r\n')[1] ?? '')).toEqual({
        error: { code: 'invalid_request', message: expect.any(String) },
      });
    }
  });
});
