// Makes the pictures of the README and the docs from a real server with a lively day behind it: `npm run screenshots -- [folder]`.

import { once } from 'node:events';
import { mkdirSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { openContext, type Scheme, startBrowser } from '../test/e2e/browser.ts';
import { BEGINS_MS, type LivelyWorld, makeColleagues, makeLivelyWorld } from '../test/e2e/lively-world.ts';
import { type DesignerServer, startServer } from '../test/e2e/server.ts';

const FOLDER = process.argv[2] ?? 'docs/images';
const OWNER = { name: 'Ada Lovelace', email: 'ada@example.com', password: 'a fine day for webhooks' };
/** Fixed, so that a picture changes only when the designer does. */
const GOOD_PORT = 9101;
const BAD_PORT = 9102;
/** What a picture may weigh at most. */
const MOST_BYTES = 200_000;

interface Picture {
  readonly name: string;
  path(world: LivelyWorld): string;
  readonly scheme?: Scheme;
  readonly width?: number;
  readonly height?: number;
  act?(page: Page): Promise<unknown>;
}

/** Chooses a step, and shows all of the canvas beside the panel that opens. */
const step = (title: string) => async (page: Page) => {
  await page.getByText(title, { exact: true }).first().click();
  await showEverything(page);
};

async function showEverything(page: Page): Promise<void> {
  await page.evaluate(STANDS_STILL);
  await page.getByRole('button', { name: 'Show everything' }).click();
  await page.evaluate(STANDS_STILL);
}

/** Resolves when the canvas has not moved for 15 frames. */
const STANDS_STILL = `new Promise((done) => {
  const places = () => JSON.stringify([...document.querySelectorAll('.react-flow__node')].map((node) => node.getBoundingClientRect()));
  let last = places();
  let still = 0;
  const look = () => {
    const now = places();
    still = now === last ? still + 1 : 0;
    last = now;
    if (still > 15) done();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})`;

/** With room for a canvas and a panel. */
const WIDE = { width: 1440, height: 860 };

const PICTURES: readonly Picture[] = [
  { name: 'workflows', path: () => '/workflows' },
  { name: 'editor', path: ({ payment }) => `/workflows/${payment.id}`, act: step('Paid?'), ...WIDE },
  { name: 'trigger', path: ({ payment }) => `/workflows/${payment.id}`, act: step('Webhook event'), ...WIDE },
  { name: 'executions', path: () => '/executions' },
  {
    name: 'execution',
    path: ({ refusedExecution }) => `/executions/${refusedExecution}`,
    act: async (page) => {
      await page.getByRole('tab', { name: 'Steps' }).click();
      await page.getByRole('button', { name: 'Say why not' }).click();
      await settled(page);
    },
    ...WIDE,
  },
  { name: 'endpoint', path: ({ activeEndpoint }) => `/webhooks/endpoints/${activeEndpoint}` },
  { name: 'endpoint-blocked', path: ({ blockedEndpoint }) => `/webhooks/endpoints/${blockedEndpoint}` },
  { name: 'overview', path: () => '/overview' },
  { name: 'overview-dark', path: () => '/overview', scheme: 'dark' },
  { name: 'phone', path: () => '/workflows', width: 390 },
];

async function listen(port: number, status: number): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end());
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function makeOwner(server: DesignerServer): Promise<void> {
  const token = server.setupLink?.split('#')[1];
  const { status, body } = await server.post(`${server.url}/api/links/accept`, { token, ...OWNER });
  if (status !== 200) throw new Error(`The owner could not be made: ${status} ${JSON.stringify(body)}`);
}

async function takeAll(server: DesignerServer, world: LivelyWorld): Promise<void> {
  const browser = await startBrowser();
  try {
    for (const { name, path, act, ...look } of PICTURES) {
      const context = await openContext(browser, look);
      const { email, password } = OWNER;
      await context.request.post(`${server.url}/api/session`, { data: { email, password } });
      const page = await context.newPage();
      await page.goto(`${server.url}/designer${path(world)}`);
      await settled(page);
      await act?.(page);
      // Nothing is pointed at.
      await page.mouse.move(0, 0);
      await page.locator('.mantine-Tooltip-tooltip').first().waitFor({ state: 'detached' });
      await settled(page);
      const file = join(FOLDER, `${name}.png`);
      await page.screenshot({ path: file });
      await context.close();
      const { size } = statSync(file);
      console.log(`${file}  ${Math.round(size / 1_000)} kB`);
      if (size > MOST_BYTES) throw new Error(`${file} has ${size} bytes, more than ${MOST_BYTES}.`);
    }
  } finally {
    await browser.close();
  }
}

/** Nothing loads any more. */
async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor({ state: 'attached' });
  await page.locator('.mantine-Loader-root, [aria-busy=true]').first().waitFor({ state: 'detached' });
  await page.evaluate('document.fonts.ready.then(() => undefined)');
}

mkdirSync(FOLDER, { recursive: true });
const receivers = [await listen(GOOD_PORT, 200), await listen(BAD_PORT, 503)];
const server = await startServer({ clockOffsetMs: BEGINS_MS });
try {
  await makeOwner(server);
  const world = await makeLivelyWorld(server, {
    good: { url: `http://127.0.0.1:${GOOD_PORT}` },
    bad: { url: `http://127.0.0.1:${BAD_PORT}` },
  });
  await makeColleagues(server);
  await takeAll(server, world);
} finally {
  await server.stop();
  for (const receiver of receivers) {
    receiver.closeAllConnections();
    receiver.close();
  }
}
