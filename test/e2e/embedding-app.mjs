// Somebody else's Koa app with Hookline below a path, and a node type of their own: `node embedding-app.mjs <build>`.

import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';
import Koa from 'koa';
import { z } from 'zod';

const { createHookline, defineNode, definePlugin } = await import(pathToFileURL(`${process.argv[2]}/src/index.js`).href);

const PREFIX = '/automation';

const loyalty = defineNode({
  type: 'loyalty-points',
  title: 'Loyalty points',
  description: 'Gives a customer points for an order.',
  config: z.strictObject({
    customer: z.string().min(1).meta({ title: 'Customer', description: 'Who gets the points.' }),
    points: z.number().int().min(1).max(1_000).default(10).meta({ title: 'Points', description: 'For each order.' }),
    level: z.enum(['silver', 'gold']).default('silver').meta({ title: 'Level' }),
    double: z.boolean().default(false).meta({ title: 'Twice on Sundays' }),
    reasons: z.array(z.string()).optional().meta({ title: 'Reasons' }),
  }),
  run: ({ config }) => ({ type: 'done', output: { customer: config.customer, points: config.points, level: config.level } }),
});

const app = new Koa();
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const publicUrl = `http://127.0.0.1:${server.address().port}`;

const { HOOKLINE_DATABASE_URL, HOOKLINE_SECRET_KEY_FILE, HOOKLINE_ADMIN_TOKEN } = process.env;
const hookline = createHookline({
  prefix: PREFIX,
  publicUrl,
  databaseUrl: HOOKLINE_DATABASE_URL,
  secretKeyFile: HOOKLINE_SECRET_KEY_FILE,
  adminToken: HOOKLINE_ADMIN_TOKEN,
  logLevel: 'error',
  expressionWorkers: 1,
  plugins: [definePlugin({ name: 'shop', nodes: [loyalty] })],
});
app.use(hookline.middleware());
app.use((ctx) => {
  ctx.body = 'The rest of the shop';
});
server.on('request', app.callback());
await hookline.start();

process.once('SIGTERM', async () => {
  server.closeAllConnections();
  server.close();
  await hookline.stop();
  process.exit(0);
});

console.log(`The shop listens on ${publicUrl}${PREFIX}`);
const link = await hookline.createSetupLink();
console.log(`Nobody can sign in yet: ${link.url}`);
