// Hostile code inside a process for expressions, as an escape from a language would run it: it finds nothing to take hold of.

import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/engine/plugin.ts';
import { type Compiled, compileExpressions } from './compiled.ts';

/** What the probe answers of one attempt. */
interface Attempt {
  readonly got?: string;
  readonly error?: string;
}

/** Runs behind the worker, in its process; it keeps a way to answer, which an escape would not have. */
const PROBE = `
const send = process.send.bind(process);
await import('./worker.js');
process.on('message', async (message) => {
  if (message.attempts === undefined) return;
  const outcomes = {};
  for (const name of Object.keys(attempts)) {
    try {
      const got = await Promise.race([attempts[name](message.attempts), new Promise((resolve) => setTimeout(resolve, 2000, 'nothing happened'))]);
      outcomes[name] = { got: String(got) };
    } catch (error) {
      outcomes[name] = { error: String(error?.code ?? error?.message ?? error) };
    }
  }
  send({ outcomes });
});
const connected = (socket) => new Promise((resolve, reject) => socket.on('error', reject).on('connect', () => resolve('connected')));
const attempts = {
  secretKey: async ({ secret }) => (await import('node:fs')).readFileSync(secret, 'utf8'),
  secretKeyByPromise: async ({ secret }) => (await import('node:fs/promises')).readFile(secret, 'utf8'),
  secretKeyByStream: async ({ secret }) => { for await (const chunk of (await import('node:fs')).createReadStream(secret)) return chunk; },
  passwd: async () => (await import('node:fs')).readFileSync('/etc/passwd', 'utf8'),
  folder: async () => (await import('node:fs')).readdirSync('/etc'),
  environmentOfServer: async () => (await import('node:fs')).readFileSync('/proc/' + process.ppid + '/environ', 'utf8'),
  environmentOfSelf: async () => (await import('node:fs')).readFileSync('/proc/self/environ', 'utf8'),
  write: async ({ folder }) => (await import('node:fs')).writeFileSync(folder + '/written', 'x'),
  writeOwnCode: async () => (await import('node:fs')).writeFileSync(new URL('./worker.js', import.meta.url), 'x'),
  symlink: async ({ secret, folder }) => (await import('node:fs')).symlinkSync(secret, folder + '/link'),
  connect: async ({ port }) => connected((await import('node:net')).connect(port, '127.0.0.1')),
  connectBySocket: async ({ port }) => connected(new (await import('node:net')).Socket().connect(port, '127.0.0.1')),
  connectByPath: async ({ path }) => connected((await import('node:net')).connect(path)),
  listen: async () => (await import('node:net')).createServer().listen(0),
  tls: async ({ port }) => connected((await import('node:tls')).connect(port, '127.0.0.1')),
  http: async ({ port }) => connected((await import('node:http')).get('http://127.0.0.1:' + port)),
  https: async ({ port }) => connected((await import('node:https')).get('https://127.0.0.1:' + port)),
  http2: async ({ port }) => connected((await import('node:http2')).connect('http://127.0.0.1:' + port)),
  httpServer: async () => (await import('node:http')).createServer().listen(0),
  datagram: async ({ port }) => (await import('node:dgram')).createSocket('udp4').send('x', port, '127.0.0.1'),
  lookup: async () => (await import('node:dns')).lookup('localhost', () => {}),
  lookupByPromise: async () => (await import('node:dns/promises')).lookup('localhost'),
  resolve: async () => new (await import('node:dns')).Resolver().resolve4('localhost', () => {}),
  fetch: async ({ port }) => fetch('http://127.0.0.1:' + port),
  webSocket: async ({ port }) => new WebSocket('ws://127.0.0.1:' + port),
  execute: async () => (await import('node:child_process')).execFileSync('/usr/bin/id'),
  spawn: async () => (await import('node:child_process')).spawn('/usr/bin/id'),
  fork: async () => (await import('node:child_process')).fork('./worker.js'),
  cluster: async () => (await import('node:cluster')).default.fork(),
  thread: async () => new (await import('node:worker_threads')).Worker('1', { eval: true }),
  addon: async ({ folder }) => process.dlopen({ exports: {} }, folder + '/x.node'),
  addonByRequire: async ({ folder }) => (await import('node:module')).createRequire(import.meta.url)(folder + '/x.node'),
  wasi: async () => new (await import('node:wasi')).WASI({ version: 'preview1', preopens: { '/': '/' } }),
  inspector: async () => (await import('node:inspector')).open(0),
  importFile: async ({ folder }) => import(folder + '/module.mjs'),
  importData: async () => import('data:text/javascript,export const a = 1'),
  requireFile: async ({ folder }) => (await import('node:module')).createRequire(import.meta.url)(folder + '/module.cjs'),
  loaderHook: async () => (await import('node:module')).register('data:text/javascript,1'),
  code: async () => (0, eval)('1 + 1'),
  codeOfFunction: async () => (() => {}).constructor('return 1')(),
  codeOfVm: async () => (await import('node:vm')).runInThisContext('1 + 1'),
  flags: async () => (await import('node:v8')).setFlagsFromString('--allow-natives-syntax'),
  snapshot: async ({ folder }) => (await import('node:v8')).writeHeapSnapshot(folder + '/heap'),
  report: async () => process.report.getReport(),
  binding: async () => process.binding('tcp_wrap'),
  linkedBinding: async () => process._linkedBinding('tcp_wrap'),
  builtin: async () => process.getBuiltinModule('node:net'),
  signal: async () => process.kill(process.ppid, 'SIGUSR1'),
  debugServer: async () => process._debugProcess(process.ppid),
  handles: async () => process._getActiveHandles(),
  user: async () => process.setuid(0),
  output: async () => process.stderr.write('x'),
  send: async () => process.send({ id: 1, outcome: { ok: true } }),
  pipe: async ({ path }) => {
    for (const symbol of Object.getOwnPropertySymbols(process)) {
      const handle = process[symbol];
      if (handle?.readStart) return new handle.constructor(0).connect({}, path);
    }
    throw new Error('no handle');
  },
};
`;

let compiled: Compiled;
let folder: string;
let server: Server;
let sockets = 0;
let outcomes: Record<string, Attempt>;

beforeAll(async () => {
  compiled = await compileExpressions();
  folder = await mkdtemp(join(tmpdir(), 'hookline-isolation-'));
  await writeFile(join(folder, 'secret.key'), 'the-secret-key');
  await writeFile(join(folder, 'module.mjs'), 'export default 1;');
  await writeFile(join(folder, 'module.cjs'), 'module.exports = 1;');
  server = createServer((socket) => {
    sockets++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const path = join(folder, 'socket');
  const other = createServer(() => sockets++).listen(path);
  await once(other, 'listening');
  const probe = join(compiled.folder, 'probe.js');
  await writeFile(probe, PROBE);
  const child = compiled.starts.startProcess(96, probe);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const answer = new Promise<Record<string, Attempt>>((resolve, reject) => {
    child.on('message', (message: { outcomes?: Record<string, Attempt> }) => message.outcomes && resolve(message.outcomes));
    child.on('exit', (code) => reject(new Error(`the probe ended with ${code}: ${stderr}`)));
  });
  child.send({ attempts: { secret: join(folder, 'secret.key'), folder, port, path } });
  outcomes = await answer;
  child.kill('SIGKILL');
  other.close();
}, 60_000);

afterAll(async () => {
  server?.close();
  await compiled?.remove();
  if (folder) await rm(folder, { recursive: true, force: true });
});

describe('hostile code in a process for expressions', () => {
  const names = [...PROBE.matchAll(/^ {2}(\w+): async/gm)].map(([, name = '']) => name);

  it('was tried in every way', () => {
    expect(names.length).toBeGreaterThan(45);
    expect(Object.keys(outcomes)).toEqual(names);
  });

  // Modules that are text hold no rights of their own.
  it.each(names.filter((name) => name !== 'importData'))('cannot: %s', (name) => {
    expect(outcomes[name]).toEqual({ error: expect.any(String) });
  });

  it('reached no socket', () => {
    expect(sockets).toBe(0);
  });
});

describe('a process with so few rights', () => {
  const scope: Scope = {
    $context: { items: [{ price: 2 }, { price: 3 }] },
    $request: null,
    $nodes: {},
    $scopes: {},
    $system: { now: '' },
    $execution: {},
    $resume: {},
    $secrets: {},
  };

  it('evaluates every language, and scripts', async () => {
    const evaluator = compiled.evaluators.createEvaluator({ timeoutMs: 20_000, maxWorkers: 1, memoryMb: 128 });
    const evaluate = (engine: Parameters<typeof evaluator.evaluate>[0], expression: string): Promise<unknown> =>
      evaluator.evaluate(engine, expression, scope, { hasSource: false });
    try {
      expect(await evaluate('jsonata', '$sum($context.items.price)')).toBe(5);
      expect(await evaluate('mathjs', 'sum({{$context.items.price}})')).toBe(5);
      expect(await evaluate('formula', 'SUM({{$context.items.price}})')).toBe(5);
      expect(await evaluate('jmespath', '"$context".items[*].price')).toEqual([2, 3]);
      expect(await evaluate('jsonpath', '$..price')).toEqual([2, 3]);
      expect(await evaluator.check('json-schema', '{"type":"object"}')).toBeUndefined();
      const limits = { timeoutMs: 20_000, maxMemoryBytes: 64 * 1024 * 1024 };
      const script = { arguments: { a: 1 }, ...limits };
      expect(await evaluator.runScript('return a + 1;', script)).toMatchObject({ value: 2 });
      // A script that ended badly takes its QuickJS with it; the next one gets another.
      await expect(evaluator.runScript('throw new Error("x")', script)).rejects.toMatchObject({ code: 'script_failed' });
      expect(await evaluator.runScript('return a + 2;', script)).toMatchObject({ value: 3 });
    } finally {
      await evaluator.close();
    }
  }, 60_000);
});
