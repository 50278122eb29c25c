// What a browser test needs: a server, a browser, people in front of it. Every page must be free of problems when a test ends.

import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, type TestContext } from 'vitest';
import { type Look, openContext, PageProblems, slowDown, startBrowser } from './browser.ts';
import { type DesignerServer, type ServerOptions, startServer } from './server.ts';

export const PASSWORD = 'a fine day for webhooks';
export const OWNER = { name: 'Ada Lovelace', email: 'ada@example.com' } as const;

/** Where photos of failed tests go. */
const FAILURES = process.env.HOOKLINE_E2E_FAILURES ?? join(tmpdir(), 'hookline-e2e-failures');

export interface Person {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly problems: PageProblems;
  /** Opens a path of the designer, such as `/workflows`. */
  open(path: string): Promise<void>;
  /** Goes there without loading everything anew, as a link of the designer does. */
  go(path: string): Promise<void>;
}

export class Designer {
  readonly #options: ServerOptions;
  #server: DesignerServer | undefined;
  #browser: Browser | undefined;
  readonly #people: Person[] = [];

  constructor(options: ServerOptions) {
    this.#options = options;
  }

  get server(): DesignerServer {
    if (!this.#server) throw new Error('The server has not been started.');
    return this.#server;
  }

  async start(): Promise<void> {
    [this.#server, this.#browser] = await Promise.all([startServer(this.#options), startBrowser()]);
  }

  /** Somebody who is not signed in. */
  async visitor(look: Look = {}): Promise<Person> {
    if (!this.#browser) throw new Error('The browser has not been started.');
    const context = await openContext(this.#browser, look);
    context.setDefaultTimeout(60_000);
    const page = await context.newPage();
    await slowDown(page);
    const problems = new PageProblems(page);
    const open = async (path: string): Promise<void> => {
      await page.goto(`${this.server.url}/designer${path}`);
    };
    const go = async (path: string): Promise<void> => {
      const before = page.url();
      await page.evaluate((url) => {
        document.querySelector('#main > *, main:not(#main)')?.setAttribute('data-left', '');
        const idx = Number(history.state?.idx ?? 0) + 1;
        history.pushState({ idx, key: String(idx), usr: null }, '', url);
        dispatchEvent(new PopStateEvent('popstate', { state: history.state }));
      }, `/designer${path}`);
      // The page that was left stays until the next one is loaded. Sections of the settings share one.
      const [from, to] = [before, page.url()].map((url) => new URL(url).pathname.replace(/(settings).*/, '$1'));
      if (from !== to) await page.locator('[data-left]').waitFor({ state: 'detached' });
    };
    const person = { page, context, problems, open, go };
    this.#people.push(person);
    return person;
  }

  /** Makes the owner through the one-time link that the server printed. */
  async setUp(): Promise<void> {
    const token = this.server.setupLink?.split('#')[1] ?? '';
    await this.#post('/api/links/accept', { token, password: PASSWORD, ...OWNER });
  }

  /** A user with a password. @returns the e-mail address */
  async invite(role: 'owner' | 'editor' | 'viewer', name: string): Promise<string> {
    const email = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`;
    const { link } = await this.server.api('POST', '/api/users', { email, name, role });
    await this.#post('/api/links/accept', { token: link.url.split('#')[1], password: PASSWORD });
    return email;
  }

  /** Somebody who has signed in already. @param email default the owner */
  async signedIn(look: Look = {}, email: string = OWNER.email): Promise<Person> {
    const person = await this.visitor(look);
    const { request } = person.context;
    const reply = await request.post(`${this.server.url}/api/session`, { data: { email, password: PASSWORD } });
    if (!reply.ok()) throw new Error(`${email} could not sign in: ${reply.status()} ${await reply.text()}`);
    return person;
  }

  async leave(person: Person): Promise<void> {
    this.#people.splice(this.#people.indexOf(person), 1);
    await person.context.close();
  }

  /** After each test: photos when it failed, problems otherwise. Contexts stay for the next one. */
  async check({ task }: TestContext): Promise<void> {
    const hasFailed = task.result?.state === 'fail';
    const problems = this.#people.flatMap((person) => person.problems.take());
    if (hasFailed) {
      await mkdir(FAILURES, { recursive: true });
      for (const [index, { page }] of this.#people.entries()) {
        const path = join(FAILURES, `${task.name.replaceAll(/\W+/g, '-')}-${index}.png`);
        await page.screenshot({ path });
        console.error(`${page.url()} looked like ${path}`);
      }
      for (const problem of problems) console.error(problem);
      return;
    }
    expect(problems).toEqual([]);
  }

  async stop(): Promise<void> {
    await this.#browser?.close();
    await this.#server?.stop();
  }

  async #post(path: string, body: unknown): Promise<void> {
    const { status, body: reply } = await this.server.post(this.server.url + path, body);
    if (status >= 400) throw new Error(`${path}: ${status} ${JSON.stringify(reply)}`);
  }
}

/** For a file of tests: started before the first test, set up with an owner unless told otherwise, stopped after the last. */
export function prepareDesigner({ isSetUp = true, ...options }: ServerOptions & { readonly isSetUp?: boolean } = {}): Designer {
  const designer = new Designer(options);
  beforeAll(async () => {
    await designer.start();
    if (isSetUp) await designer.setUp();
  });
  afterEach((context) => designer.check(context));
  afterAll(() => designer.stop());
  return designer;
}
