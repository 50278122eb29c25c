// Ways of somebody who uses the keyboard alone.

import type { Locator, Page } from 'playwright-core';

/** More than any page has places to stop at. */
const MOST_STOPS = 80;

/** Presses a key (Tab, or an arrow in a menu) until the element has the focus. @throws Error when it cannot be reached */
export async function walkTo(page: Page, target: Locator, key: 'Tab' | 'Shift+Tab' | 'ArrowDown' | 'ArrowUp'): Promise<void> {
  await target.waitFor();
  for (let stops = 0; stops < MOST_STOPS; stops += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${target} cannot be reached with ${key}.`);
}
