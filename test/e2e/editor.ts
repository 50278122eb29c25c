// What people do in the editor with the mouse, for the tests that do it: find the parts of the page, add steps, choose variables.

import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import type { DesignerServer } from './server.ts';

/** The drawing. Cards are found by their titles, places for steps by where they are. */
export function canvasOf(page: Page): Locator {
  return page.getByRole('region', { name: 'Canvas' });
}

/** What stands beside the canvas: the form of the step that is open, and others. */
export function panelOf(page: Page, title: string): Locator {
  return page.getByRole('complementary', { name: title });
}

/** Opens a step where it is tried alone, and gives its panel. */
export async function openTest(page: Page, title: string): Promise<Locator> {
  await card(page, title).click();
  const panel = panelOf(page, title);
  await panel.getByRole('tab', { name: 'Test', exact: true }).click();
  return panel;
}

/** @param title as it is written on the card; the first one of that title */
export function card(page: Page, title: string): Locator {
  return canvasOf(page).getByText(title, { exact: true }).first();
}

/** The flow as a screen reader tells it, one line for each step. */
export async function steps(page: Page): Promise<string[]> {
  return page.getByRole('tree', { name: 'Steps of the workflow' }).getByRole('treeitem').allInnerTexts();
}

/** Waits for the line of a step to say something, since problems and runs arrive later. */
export async function expectStep(page: Page, position: number, text: string | RegExp): Promise<void> {
  await expect.poll(async () => (await steps(page))[position]).toMatch(text);
}

/** @param place what the "+" says, such as `at the start of branch True`. The form of the new step opens. */
export async function addStep(page: Page, place: string, type: string): Promise<void> {
  await page.getByRole('button', { name: `Add a step: ${place}`, exact: true }).click();
  const picker = page.getByRole('dialog', { name: `Add a step: ${place}`, exact: true });
  await picker.getByLabel('Search steps').fill(type);
  await picker.getByRole('option', { name: new RegExp(`^${type}`) }).click();
  await panelOf(page, type).waitFor();
}

/** Makes a workflow from nothing; its editor opens with the panel of the trigger. */
export async function newWorkflow(page: Page, name: string, mode: 'Sync' | 'Async' = 'Sync'): Promise<void> {
  await page.getByRole('button', { name: 'New workflow' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New workflow' });
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('radio', { name: mode, exact: true }).click();
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  await panelOf(page, 'Webhook event').waitFor();
}

export async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Not saved').waitFor({ state: 'detached' });
}

/** The id of the workflow whose editor is open. */
export function workflowId(page: Page): string {
  return /\/workflows\/([\w-]+)/.exec(page.url())?.[1] ?? '';
}

/** The URL that other systems call. */
export async function hookUrl(page: Page, server: DesignerServer): Promise<string> {
  return (await server.api('GET', `/api/workflows/${workflowId(page)}`)).hookUrl;
}

/** Switches "Takes calls" on, and waits until it does. */
export async function switchOn(page: Page): Promise<void> {
  await page.getByRole('switch', { name: 'Takes calls' }).click();
  await page.getByRole('switch', { name: 'Takes calls', checked: true }).waitFor();
}

/** @param variable as the list of variables calls it */
export async function insertVariable(form: Locator, field: string, variable: string): Promise<void> {
  const page = form.page();
  await form.getByRole('button', { name: `Insert a variable into ${field}`, exact: true }).click();
  const list = page.getByRole('dialog', { name: `Insert a variable into ${field}` });
  await list.getByLabel('Search variables').fill(variable);
  await list.getByRole('treeitem', { name: variable }).first().click();
  await list.waitFor({ state: 'detached' });
  // One goes on writing behind it.
  const input = form.getByRole('textbox', { name: field, exact: true });
  await expect.poll(() => input.evaluate((element) => element.contains(document.activeElement))).toBe(true);
}

/** How the line below the name of a branch looks: as strong as one that was taken, or pale. */
export async function expectWay(page: Page, branch: string, look: 'taken' | 'faded'): Promise<void> {
  const label = canvasOf(page).getByText(branch, { exact: true });
  const strength = (): Promise<number | undefined> =>
    label.evaluate((element) => {
      const { left, width, bottom } = element.getBoundingClientRect();
      const [x, y] = [left + width / 2, bottom + 4];
      const lines = [...document.querySelectorAll('section svg path')].filter((path) => {
        const box = path.getBoundingClientRect();
        return box.left - 2 <= x && x <= box.right + 2 && box.top <= y && y <= box.bottom;
      });
      const line = lines.at(-1);
      if (!line?.parentElement) return undefined;
      return Number.parseFloat(getComputedStyle(line).strokeWidth) * Number(getComputedStyle(line.parentElement).opacity);
    });
  if (look === 'taken') await expect.poll(strength).toBeGreaterThan(2.5);
  else await expect.poll(strength).toBeLessThan(2);
}
