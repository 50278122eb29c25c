// What must hold for every page, whatever is on it: nothing is cut off, every text is translated, axe finds nothing serious.

import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const LOCALES = new URL('../../client/src/locales/en/', import.meta.url);
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Keys that nobody would write as a text: those of several parts. */
function readKeys(): string[] {
  const keys: string[] = [];
  const collect = (value: unknown, path: string): void => {
    if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) collect(inner, path === '' ? name : `${path}.${name}`);
    } else if (path.includes('.')) keys.push(path, path.replace(/_(one|other|many|zero)$/, ''));
  };
  for (const file of readdirSync(LOCALES)) {
    const namespace = file.replace('.json', '');
    const before = keys.length;
    collect(JSON.parse(readFileSync(new URL(file, LOCALES), 'utf8')), '');
    keys.push(...keys.slice(before).map((key) => `${namespace}:${key}`));
  }
  return keys;
}
const KEYS = readKeys();

/** Waits until a page shows what it has to show. */
export async function settled(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor({ state: 'attached' });
  await page.waitForFunction(() => {
    const waiting = document.querySelector('.mantine-Loader-root, [aria-busy="true"]');
    return waiting === null && document.title.endsWith('Hookline');
  });
  await page.evaluate(async () => {
    await document.fonts.ready;
    // What has been opened comes a frame or two later, and moves in.
    const frame = (): Promise<unknown> => new Promise((resolve) => requestAnimationFrame(resolve));
    await frame();
    await frame();
    const moving = document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations === 1);
    await Promise.allSettled(moving.map((one) => one.finished));
    await frame();
  });
}

/** Texts that are wider than their place, and a page that is wider than the window. */
export function findCutTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) {
      const wide = [...document.body.querySelectorAll('*')].filter((one) => one.getBoundingClientRect().right > clientWidth);
      const names = wide.slice(0, 5).map((one) => one.tagName + (one.getAttribute('class') ?? ''));
      found.push(`the page is ${scrollWidth} px wide, the window ${clientWidth} px: ${names.join(', ')}`);
    }
    for (const element of document.body.querySelectorAll<HTMLElement>('*')) {
      const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent?.trim());
      if (
        !hasText ||
        element.clientWidth === 0 ||
        element.closest('.mantine-visually-hidden, [aria-hidden="true"], svg, .cm-editor')
      ) {
        continue;
      }
      const style = getComputedStyle(element);
      const isLabel = element.matches('.mantine-Badge-label, .mantine-Button-label, .mantine-Tabs-tabLabel');
      const isMeant = ['auto', 'scroll'].includes(style.overflowX) || (style.textOverflow === 'ellipsis' && !isLabel);
      // Hidden for the eye, not for the ear.
      const isHidden = style.clipPath !== 'none' || style.clip !== 'auto' || element.clientWidth <= 1;
      if (isMeant || isHidden || element.scrollWidth <= element.clientWidth + 1) continue;
      found.push(`"${element.textContent?.trim().slice(0, 60)}" is ${element.scrollWidth} px wide in ${element.clientWidth} px`);
    }
    return found;
  });
}

/** Keys of translations that are shown instead of a text, and places for values that stayed empty. */
export function findUntranslated(page: Page): Promise<string[]> {
  return page.evaluate((keys) => {
    const known = new Set(keys);
    const found: string[] = [];
    const look = (text: string | null | undefined): void => {
      const trimmed = text?.trim() ?? '';
      if (known.has(trimmed) || /\{\{\s*[a-z]/i.test(trimmed)) found.push(trimmed);
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) look(texts.currentNode.textContent);
    for (const element of document.body.querySelectorAll('[aria-label], [title], [placeholder]')) {
      for (const name of ['aria-label', 'title', 'placeholder']) look(element.getAttribute(name));
    }
    return found;
  }, KEYS);
}

interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string | null;
    readonly help: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe calls serious or critical. */
export async function findBarriers(page: Page): Promise<string[]> {
  // Evaluated from outside, which the page's content security policy has no say in.
  const isThere = await page.evaluate(() => 'axe' in window);
  if (!isThere) await page.evaluate(AXE);
  const results = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })');
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => {
      const [first] = nodes;
      return `${id}, ${nodes.length} times, such as ${first?.html.slice(0, 300)}: ${first?.failureSummary?.replaceAll(/\s+/g, ' ')}`;
    });
}
