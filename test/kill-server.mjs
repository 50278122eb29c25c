// The server that `kill.long.test.ts` kills: two workflows at fixed keys, prints its port. Started with the module that is Hookline and a folder.

import { createServer } from 'node:http';
import { join } from 'node:path';
import Koa from 'koa';

const [entry = '', folder = ''] = process.argv.slice(2);
const { createHookline } = await import(entry);
const hookline = createHookline({
  databaseUrl: `sqlite:${join(folder, 'hookline.db')}`,
  secretKeyFile: join(folder, 'secret.key'),
  adminToken: 'Zw3kR7tNx5Vb9MqP2hLc6yFj4sGd8aEu',
  logLevel: 'error',
  retention: 'none',
});
await hookline.start();

for (const mode of ['sync', 'async']) {
  const { items } = await hookline.workflows.list({ limit: 10 });
  if (items.some((workflow) => workflow.title === mode)) continue;
  const answer =
    mode === 'sync'
      ? { key: 'answer', type: 'response', config: { body: '{{$nodes.double}}' } }
      : { key: 'answer', type: 'variable', config: { value: '{{$nodes.double}}' } };
  const document = {
    hookline: 1,
    title: mode,
    mode,
    hookKey: `${mode}-key-of-the-kill-test`,
    trigger: { type: 'webhook', config: {} },
    nodes: [{ key: 'double', type: 'variable', config: { value: '{{$context.body.n}}' } }, answer],
  };
  const { id } = await hookline.workflows.importWorkflow(document, { keepKey: true });
  await hookline.workflows.update(id, { enabled: true });
}

const app = new Koa();
app.use(hookline.middleware());
app.use(async (ctx) => {
  const { queued, running, waiting } = await hookline.executions.countByStatus();
  ctx.body = String(queued + running + waiting);
});
const server = createServer(app.callback()).listen(0, '127.0.0.1', () => console.log(server.address().port));
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  void hookline.stop();
});
