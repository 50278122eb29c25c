// `hookline demo`: a server with the two example workflows, and requests to try on them.

import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadConfig, parseOptions } from '../config.ts';
import { HooklineError } from '../errors.ts';
import { readExample } from './examples.ts';
import { type RunningServer, serve } from './serve.ts';
import { stopOnSignals } from './signals.ts';

export interface DemoOptions {
  /** Folder for the database; default a temporary one that is removed at the end. */
  readonly data?: string;
  /** Default 3000, or a free one when that is taken. */
  readonly port?: number;
}

/** Starts the demo, prints what to try, and keeps it running until a signal comes. */
export async function demo(options: DemoOptions): Promise<void> {
  const folder = options.data ?? (await mkdtemp(join(tmpdir(), 'hookline-demo-')));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const removeFolder = async (): Promise<void> => {
    if (options.data === undefined) await rm(folder, { recursive: true, force: true });
  };
  try {
    const adminToken = randomBytes(24).toString('base64url');
    const server = await serveOnFreePort(demoConfig(folder, adminToken, options.port), options.port === undefined);
    stopOnSignals(async () => {
      await server.stop();
      await removeFolder();
    });
    console.log(await describe(server, adminToken, folder));
  } catch (error) {
    await removeFolder();
    throw error;
  }
}

/** The environment's configuration, with a database, an address and a token of the demo's own. */
function demoConfig(folder: string, adminToken: string, port: number | undefined): Config {
  return parseOptions({
    ...loadConfig(),
    host: '127.0.0.1',
    port: port ?? 3000,
    prefix: '',
    publicUrl: undefined,
    hooksUrl: undefined,
    databaseUrl: `sqlite:${join(folder, 'hookline.db')}`,
    secretKeyFile: join(folder, 'secret.key'),
    adminToken,
    logLevel: 'warn',
  });
}

async function serveOnFreePort(config: Config, mayMove: boolean): Promise<RunningServer> {
  try {
    return await serve(config);
  } catch (error) {
    const cause = error instanceof HooklineError ? error.cause : undefined;
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    if (!isTaken || !mayMove) throw error;
    return serve(parseOptions({ ...config, port: 0, publicUrl: undefined, hooksUrl: undefined }));
  }
}

/** Imports an example unless the folder has it from an earlier demo. @returns its trigger URL */
async function prepare({ hookline, config }: RunningServer, example: string): Promise<string> {
  const document = readExample(example) as { title: string };
  const known = await hookline.workflows.list({ limit: 100 });
  const found = known.items.find((workflow) => workflow.title === document.title);
  const workflow = found ?? (await hookline.workflows.importWorkflow(document));
  if (!workflow.enabled) await hookline.workflows.update(workflow.id, { enabled: true });
  return `${config.hooksUrl ?? config.publicUrl}${config.prefix}/hooks/${workflow.hookKey}`;
}

async function describe(server: RunningServer, adminToken: string, folder: string): Promise<string> {
  const payment = await prepare(server, 'payment-callback');
  const order = await prepare(server, 'order-notification');
  const api = `${server.config.publicUrl}${server.config.prefix}/api`;
  const paid = { payment: { id: 'pay_1', status: 'paid', amount: 4200 } };
  const failed = { payment: { id: 'pay_2', status: 'failed', amount: 4200 } };
  const items = [
    { sku: 'TEA-1', price: 12.5, quantity: 4 },
    { sku: 'CUP-7', price: 30, quantity: 2 },
  ];
  const placed = { order: { id: 'A-1001', customer: { name: 'Ada' }, items } };
  const { hookline } = server;
  const setup = await hookline.createSetupLink();
  // Who has been here before signs in as then.
  const designer = setup
    ? `open this link, which works once, and choose a password\n  ${setup.url}`
    : `sign in\n  ${hookline.designerUrl}`;
  return `Hookline demo. Data in ${folder}

The designer: ${designer}

Payment callback (sync: the flow decides the answer)
  ${payment}

# paid -> 200 {"received":"pay_1"}
${post(payment, paid)}
# failed -> 422 {"reason":"payment is failed, not paid"}
${post(payment, failed)}
# GET -> 405
curl -i ${payment}

Order notification (async: answered at once, then run in the background)
  ${order}

# order -> 200 ok
${post(`${order}?channel=shop`, placed)}

Admin API
  ${api}

# executions -> 200
curl -i ${api}/executions -H 'Authorization: Bearer ${adminToken}'

Ctrl-C stops the demo.`;
}

function post(url: string, body: unknown): string {
  return `curl -i '${url}' -H 'Content-Type: application/json' -d '${JSON.stringify(body)}'`;
}
