// A real browser, and pages in it that keep what goes wrong in them.

import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/** @throws Error that says how to get one */
export function findChromium(): string {
  const given = process.env.HOOKLINE_CHROMIUM;
  const found = (given ? [given] : PLACES).find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new Error(
    given
      ? `There is no browser at ${given} (HOOKLINE_CHROMIUM).`
      : 'No Chromium was found. Install it (Debian: `apt-get install chromium`) or name it with HOOKLINE_CHROMIUM.',
  );
}

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export type Language = 'en' | 'nl' | 'fr';
export type Scheme = 'light' | 'dark';

export interface Look {
  readonly language?: Language;
  readonly scheme?: Scheme;
  /** Of the window, in pixels; default 1280. */
  readonly width?: number;
  /** Default 800. */
  readonly height?: number;
  /** A screen that fingers use. */
  readonly hasTouch?: boolean;
}

const LOCALES: Readonly<Record<Language, string>> = { en: 'en-GB', nl: 'nl-NL', fr: 'fr-FR' };

export function openContext(browser: Browser, look: Look = {}): Promise<BrowserContext> {
  const { language = 'en', scheme = 'light', width = 1280, height = 800, hasTouch = false } = look;
  return browser.newContext({
    locale: LOCALES[language],
    timezoneId: 'Europe/Amsterdam',
    colorScheme: scheme,
    // What moves cannot be photographed, nor clicked on.
    reducedMotion: 'reduce',
    viewport: { width, height },
    hasTouch,
    acceptDownloads: true,
  });
}

/**
 * Slows a page down, to find what only works on a fast machine: `HOOKLINE_E2E_CPU_RATE=6` makes its scripts take six times as
 * long, `HOOKLINE_E2E_LATENCY_MS=500` delays each reply. Without these variables the page is as fast as the machine.
 */
export async function slowDown(page: Page): Promise<void> {
  const rate = Number(process.env.HOOKLINE_E2E_CPU_RATE ?? 1);
  const latency = Number(process.env.HOOKLINE_E2E_LATENCY_MS ?? 0);
  if (rate <= 1 && latency <= 0) return;
  const session = await page.context().newCDPSession(page);
  if (rate > 1) await session.send('Emulation.setCPUThrottlingRate', { rate });
  if (latency > 0) {
    await session.send('Network.emulateNetworkConditions', {
      offline: false,
      latency,
      downloadThroughput: -1,
      uploadThroughput: -1,
    });
  }
}

/** What went wrong in a page: uncaught errors, what it logged as an error (broken content policies too), replies that failed. */
export class PageProblems {
  #found: string[] = [];
  readonly #expected: number[] = [];

  constructor(page: Page) {
    page.on('pageerror', (error) => this.#found.push(`uncaught: ${error.stack ?? error.message}`));
    page.on('console', (message) => {
      // The failed reply that it tells of is looked at below.
      if (message.type() !== 'error' || message.text().startsWith('Failed to load resource')) return;
      this.#found.push(`logged: ${message.text()}`);
    });
    page.on('response', (response) => {
      if (response.status() < 400) return;
      const expected = this.#expected.indexOf(response.status());
      if (expected >= 0) this.#expected.splice(expected, 1);
      else this.#found.push(`${response.status()} for ${response.request().method()} ${response.url()}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? '';
      // Cut off by us: another page was opened, a component was closed.
      if (reason !== 'net::ERR_ABORTED') this.#found.push(`${reason} for ${request.method()} ${request.url()}`);
    });
  }

  /** A reply with this status, once, is part of the test. */
  expect(status: number): void {
    this.#expected.push(status);
  }

  /** All so far, which are forgotten with it. */
  take(): string[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }
}
