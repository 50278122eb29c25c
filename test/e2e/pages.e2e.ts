// Every page in every language and both schemes: photographed, and checked for what must hold for all of them.

import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Receiver, receivers } from '../outbound/receivers.ts';
import type { Language, Scheme } from './browser.ts';
import { type Person, prepareDesigner } from './designer.ts';
import { BEGINS_MS, type LivelyWorld, makeColleagues, makeLivelyWorld } from './lively-world.ts';
import { findBarriers, findCutTexts, findUntranslated, settled } from './page-checks.ts';

/** Where the photos go. */
const PHOTOS = process.env.HOOKLINE_E2E_PHOTOS ?? join(tmpdir(), 'hookline-e2e-photos');

interface Place {
  readonly name: string;
  path(world: LivelyWorld): string;
  /** What is done there before it is looked at; by what is the same in all languages. */
  act?(page: Page): Promise<unknown>;
}

/** The button at the right of the heading. */
const mainAction = (page: Page) => page.locator('main h1 >> xpath=../following-sibling::*//button').last().click();

/** Waits for what an action has opened. */
const opens =
  (role: 'dialog' | 'menu', act: (page: Page) => Promise<unknown>) =>
  async (page: Page): Promise<void> => {
    await act(page);
    await page.getByRole(role).waitFor();
  };

const tab = (number: number) => (page: Page) => page.getByRole('tab').nth(number).click();

const PLACES: readonly Place[] = [
  { name: 'workflows', path: () => '/workflows' },
  {
    name: 'new-workflow',
    path: () => '/workflows',
    act: async (page) => {
      await mainAction(page);
      await page.getByRole('dialog').getByRole('radio').nth(1).click();
    },
  },
  {
    name: 'user-menu',
    path: () => '/workflows',
    act: opens('menu', (page) => page.locator('header [aria-haspopup="menu"]').click()),
  },
  { name: 'editor', path: ({ payment }) => `/workflows/${payment.id}` },
  { name: 'executions', path: () => '/executions' },
  { name: 'executions-none', path: () => '/executions?status=canceled' },
  { name: 'execution-path', path: ({ refusedExecution }) => `/executions/${refusedExecution}` },
  { name: 'execution-steps', path: ({ failedExecution }) => `/executions/${failedExecution}`, act: tab(1) },
  { name: 'execution-exchange', path: ({ refusedExecution }) => `/executions/${refusedExecution}`, act: tab(2) },
  { name: 'endpoints', path: () => '/webhooks' },
  {
    name: 'new-endpoint',
    path: () => '/webhooks',
    act: opens('dialog', mainAction),
  },
  { name: 'endpoint-deliveries', path: ({ activeEndpoint }) => `/webhooks/endpoints/${activeEndpoint}` },
  { name: 'endpoint-blocked', path: ({ blockedEndpoint }) => `/webhooks/endpoints/${blockedEndpoint}`, act: tab(1) },
  { name: 'endpoint-settings', path: ({ activeEndpoint }) => `/webhooks/endpoints/${activeEndpoint}`, act: tab(2) },
  { name: 'endpoint-verify', path: ({ activeEndpoint }) => `/webhooks/endpoints/${activeEndpoint}`, act: tab(3) },
  { name: 'deliveries', path: () => '/webhooks/deliveries' },
  { name: 'messages', path: () => '/webhooks/messages' },
  { name: 'message', path: ({ message }) => `/webhooks/messages/${message}` },
  { name: 'event-types', path: () => '/webhooks/event-types' },
  { name: 'overview', path: () => '/overview' },
  ...['profile', 'users', 'tokens', 'secrets', 'retention', 'installation', 'audit'].map((section) => ({
    name: `settings-${section}`,
    path: () => `/settings/${section}`,
  })),
  { name: 'not-found', path: () => '/there/is/no/such/page' },
];

/** Before somebody is signed in. */
const DOORS: readonly Place[] = [
  { name: 'sign-in', path: () => '/sign-in' },
  { name: 'link-used', path: () => '/welcome' },
];

const designer = prepareDesigner({ clockOffsetMs: BEGINS_MS });
let world: LivelyWorld;
let good: Receiver;
let bad: Receiver;

beforeAll(async () => {
  [good, bad] = await Promise.all([receivers.ok(), receivers.failing(503)]);
  world = await makeLivelyWorld(designer.server, { good, bad });
  await makeColleagues(designer.server);
  await mkdir(PHOTOS, { recursive: true });
}, 120_000);
afterAll(async () => {
  await good.close();
  await bad.close();
});

const LOOKS = (['en', 'nl', 'fr'] as const).flatMap((language) =>
  (['light', 'dark'] as const).map((scheme) => [language, scheme] as const),
);

describe.each(LOOKS)('in %s, %s', (language, scheme) => {
  const look = { language, scheme };
  const person = signedInFor(look);
  test.each(PLACES.map((place) => [place.name, place] as const))('%s', (_name, place) =>
    visit(person(), place, `${place.name}.${language}.${scheme}`),
  );
  test('before signing in', async () => {
    const visitor = await designer.visitor(look);
    for (const place of DOORS) await visit(visitor, place, `${place.name}.${language}.${scheme}`);
    await designer.leave(visitor);
  });
});

describe('on a phone', () => {
  const person = signedInFor({ language: 'en', scheme: 'light', width: 390, height: 800 });
  test.each(PLACES.map((place) => [place.name, place] as const))('%s', (_name, place) =>
    visit(person(), place, `${place.name}.en.phone`),
  );
});

/** One person for all tests of a group. */
function signedInFor(look: { language: Language; scheme: Scheme; width?: number; height?: number }): () => Person {
  let person: Person | undefined;
  beforeAll(async () => {
    person = await designer.signedIn(look);
    await person.open('/');
    await settled(person.page);
  });
  afterAll(async () => {
    if (person) await designer.leave(person);
  });
  return () => {
    if (!person) throw new Error('Nobody has signed in.');
    return person;
  };
}

async function visit({ page, open, go }: Person, { path, act }: Place, photo: string): Promise<void> {
  const isOpen = page.url().startsWith(designer.server.url);
  // What the place before has opened.
  if (isOpen) await page.keyboard.press('Escape');
  await (isOpen ? go : open)(path(world));
  await settled(page);
  await act?.(page);
  await settled(page);
  await page.screenshot({ path: join(PHOTOS, `${photo}.png`) });
  const found = [...(await findCutTexts(page)), ...(await findUntranslated(page))];
  // Which language it is in makes no difference to what axe looks for.
  if (photo.includes('.en.')) found.push(...(await findBarriers(page)));
  expect(found).toEqual([]);
}
