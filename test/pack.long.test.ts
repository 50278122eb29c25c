// The package as a user gets it: built, packed, unpacked into an empty project, used from JavaScript, TypeScript and npx.
// The dependencies are links to this repository's, because compiling sqlite3 for each run would take a minute.

import { execFile, spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const run = promisify(execFile);
const REPOSITORY = new URL('..', import.meta.url).pathname;
const VITE = join(REPOSITORY, 'node_modules/vite/bin/vite.js');
const TSC = join(REPOSITORY, 'node_modules/typescript/bin/tsc');
const BUILD_TIMEOUT_MS = 120_000;

let root: string;
let project: string;
let packed: string[];

/** Links every dependency of the repository into the project, as an installation would put it there. */
async function linkDependencies(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (name.startsWith('.')) continue;
    if (name.startsWith('@')) await linkDependencies(join(from, name), join(to, name));
    else await symlink(join(from, name), join(to, name));
  }
}

/** The code of a README block that is marked with a file name. */
async function readmeBlock(name: string): Promise<string> {
  const readme = await readFile(join(REPOSITORY, 'README.md'), 'utf8');
  const start = readme.indexOf(`\`\`\`js ${name}\n`);
  const begin = readme.indexOf('\n', start) + 1;
  if (start < 0) throw new Error(`README.md has no block named ${name}`);
  return readme.slice(begin, readme.indexOf('```', begin));
}

async function runInProject(file: string, code: string): Promise<string> {
  await writeFile(join(project, file), code);
  const { stdout } = await run(process.execPath, [file], { cwd: project, timeout: 100_000 });
  return stdout;
}

beforeAll(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'hookline-pack-')));
  project = join(root, 'project');
  const source = join(root, 'source');
  await mkdir(source);
  if (process.env.BUILT_FOR_TESTS === '1') {
    await cp(join(REPOSITORY, 'dist'), join(source, 'dist'), { recursive: true });
  } else {
    // Not in the repository's own dist, which others may be using.
    await run(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')], { cwd: REPOSITORY });
    const client = ['build', '--config', 'client/vite.config.ts', '--logLevel', 'warn', '--outDir', join(source, 'dist/client')];
    await run(process.execPath, [VITE, ...client], { cwd: REPOSITORY });
  }
  for (const name of ['package.json', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE', 'docs', 'examples', 'test', 'src']) {
    await cp(join(REPOSITORY, name), join(source, name), { recursive: true });
  }
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', root], { cwd: source });
  const [tarball] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  packed = tarball.files.map(({ path }) => path);
  const modules = join(project, 'node_modules');
  await linkDependencies(join(REPOSITORY, 'node_modules'), modules);
  const target = join(modules, 'hookline');
  await mkdir(join(modules, '.bin'), { recursive: true });
  await mkdir(target);
  await run('tar', ['-xzf', join(root, tarball.filename), '--strip-components=1', '-C', target]);
  // What npm does with `bin` when it installs.
  const { bin } = JSON.parse(await readFile(join(target, 'package.json'), 'utf8')) as { bin: { hookline: string } };
  await chmod(join(target, bin.hookline), 0o755);
  await symlink(join('../hookline', bin.hookline), join(modules, '.bin/hookline'));
  await writeFile(join(project, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
}, BUILD_TIMEOUT_MS);

afterAll(() => rm(root, { recursive: true, force: true }));

describe('the package', () => {
  it('holds what is needed to run and to read, and nothing else', () => {
    expect(packed).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'package.json',
        'dist/src/main.js',
        'dist/src/index.js',
        'dist/src/index.d.ts',
        'dist/src/expressions/worker.js',
        'dist/migrations/0001-init.js',
        'dist/client/index.html',
        'examples/payment-callback.json',
        'examples/order-notification.json',
      ]),
    );
    const folders = new Set(packed.map((path) => (dirname(path) === '.' ? path : path.split('/')[0])));
    const names = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist', 'docs', 'examples', 'package.json'];
    expect([...folders].sort()).toEqual(names);
  });

  it('works from JavaScript', async () => {
    const output = await runInProject(
      'use.js',
      `import Koa from 'koa';
       import { createHookline } from 'hookline';
       const hookline = createHookline({ databaseUrl: 'sqlite:use/hookline.db', logLevel: 'silent', prefix: '/automation' });
       await hookline.start();
       const app = new Koa();
       app.use(hookline.middleware());
       app.use((ctx) => { ctx.body = 'mine'; });
       const server = app.listen(0);
       await new Promise((resolve) => server.once('listening', resolve));
       const base = 'http://127.0.0.1:' + server.address().port;
       const inside = await fetch(base + '/automation/healthz');
       const outside = await fetch(base + '/other');
       const designer = await (await fetch(base + '/automation/designer/')).text();
       const script = /src="\\.\\/(assets\\/[^"]+\\.js)"/.exec(designer)?.[1];
       const loaded = await fetch(base + '/automation/designer/' + script);
       console.log(loaded.status, inside.status, await outside.text(), hookline.generatedAdminToken.length >= 32);
       server.closeAllConnections();
       server.close();
       await hookline.stop();`,
    );
    expect(output).toBe('200 200 mine true\n');
  });

  it('has types that a strict TypeScript project can use', async () => {
    await writeFile(
      join(project, 'consumer.ts'),
      `import Koa from 'koa';
       import {
         createHookline, defineNode, definePlugin, defineTrigger, HooklineError,
         type Hookline, type HooklineOptions, type NodeType, type Plugin,
       } from 'hookline';
       import { z } from 'zod';

       const shout = defineNode({
         type: 'shout', title: 'Shout', description: 'In capitals.',
         config: z.strictObject({ text: z.string() }),
         run: ({ config }) => ({ type: 'done', output: config.text.toUpperCase() }),
       });
       const typed: NodeType<{ text: string }> = shout;
       const clock = defineTrigger({
         type: 'my-clock', title: 'Clock', description: 'Every so often.',
         config: z.strictObject({ everyMs: z.number() }),
         create: (config) => ({
           listen: (fire) => {
             const timer = setInterval(() => fire({ at: Date.now() }), config.everyMs);
             return () => clearInterval(timer);
           },
         }),
       });
       const plugin: Plugin = definePlugin({ name: 'mine', nodes: [shout], triggers: [clock] });
       const options: HooklineOptions = { plugins: [plugin], durability: 'normal', port: 0 };
       const hookline: Hookline = createHookline(options);
       new Koa().use(hookline.middleware());
       // @ts-expect-error An unknown option is refused.
       createHookline({ prot: 3000 });
       // @ts-expect-error A wrong value too.
       createHookline({ durability: 'some' });
       export const isOurs = (error: unknown): string => (error instanceof HooklineError ? error.code : typed.type);
      `,
    );
    const compilerOptions = {
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      module: 'NodeNext',
      target: 'ES2022',
      types: ['node'],
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }));
    const result = await run(process.execPath, [TSC, '-p', '.'], { cwd: project }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    );
    expect(result).toBe('');
  }, 60_000);

  it('starts with npx and answers', async () => {
    const child = spawn('npx', ['--no', 'hookline', 'start'], {
      cwd: project,
      env: { ...envWithoutNpm(), HOOKLINE_PORT: '0', HOOKLINE_DATABASE_URL: 'sqlite:npx/hookline.db' },
      stdio: ['ignore', 'pipe', 'inherit'],
      // npx starts a shell and that starts the server: the signal goes to the whole group.
      detached: true,
    });
    const exited = new Promise((resolve) => child.once('close', resolve));
    const base = await new Promise<string>((resolve, reject) => {
      let output = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const url = /listens on (http:\/\/\S+)\n/.exec(output)?.[1];
        if (url !== undefined) resolve(url);
      });
      child.once('close', () => reject(new Error(`ended before it listened:\n${output}`)));
    });
    try {
      expect((await fetch(`${base}/healthz`)).status).toBe(200);
    } finally {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      await exited;
    }
  });
});

/** What an npx around the tests has set would tell the inner one which package to run. */
function envWithoutNpm(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')));
}

describe('the README', () => {
  it('embeds Hookline in a Koa app that then works', async () => {
    const code = (await readmeBlock('embed.js')).replaceAll('8080', '0').replace('const server =', 'export const server =');
    await writeFile(
      join(project, 'embed.js'),
      code.replace('createHookline({', "createHookline({ databaseUrl: 'sqlite:embed/hookline.db', logLevel: 'silent',"),
    );
    const output = await runInProject(
      'embed-check.js',
      `import { server } from './embed.js';
       const base = 'http://127.0.0.1:' + server.address().port;
       console.log((await fetch(base + '/automation/healthz')).status, await (await fetch(base + '/')).text());
       server.closeAllConnections();
       process.kill(process.pid, 'SIGTERM');`,
    );
    expect(output).toMatch(/^Admin token, shown once: \S+\n200 The rest of your app\n$/);
  });

  it('adds a node type that the HTTP API then knows and a workflow uses', async () => {
    await writeFile(join(project, 'plugin.js'), await readmeBlock('plugin.js'));
    const output = await runInProject(
      'plugin-check.js',
      `import Koa from 'koa';
       import { createMine } from './plugin.js';
       const adminToken = 'Xh8kW2vRq5Zt9LmC3bNf7yJd4sGp6aEu';
       const hookline = createMine({ databaseUrl: 'sqlite:plugin/hookline.db', logLevel: 'silent', adminToken });
       await hookline.start();
       const server = new Koa().use(hookline.middleware()).listen(0, '127.0.0.1');
       await new Promise((resolve) => server.once('listening', resolve));
       const base = 'http://127.0.0.1:' + server.address().port;
       const headers = { authorization: 'Bearer ' + adminToken, 'content-type': 'application/json' };
       const created = await fetch(base + '/api/workflows', { method: 'POST', headers, body: JSON.stringify({
         title: 'Slugs', mode: 'sync', enabled: true, trigger: { type: 'webhook', config: {} },
         nodes: [
           { key: 'slug', type: 'slug', config: { text: '{{$context.body.title}}' } },
           { key: 'answer', type: 'response', config: { body: { slug: '{{$nodes.slug}}' } } },
         ],
       }) });
       const workflow = await created.json();
       const reply = await fetch(base + '/hooks/' + workflow.hookKey, {
         method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ title: 'Hello, big World' }),
       });
       console.log(created.status, reply.status, await reply.text());
       server.closeAllConnections();
       server.close();
       await hookline.stop();`,
    );
    expect(output).toBe('201 200 {"slug":"hello-big-world"}\n');
  });
});
