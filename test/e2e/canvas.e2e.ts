// The canvas under one's fingers: what is chosen stays in sight, fingers move steps, branches change places, and the focus is kept.

import type { CDPSession, Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { type Person, prepareDesigner } from './designer.ts';
import { canvasOf, card, panelOf, steps } from './editor.ts';

const designer = prepareDesigner();

const variable = (key: string, title: string) => ({ key, title, type: 'variable', config: { value: title } });

/** Four branches side by side, so that the outer ones are out of sight at first. */
const WIDE = {
  key: 'all',
  title: 'All at once',
  type: 'parallel',
  config: {
    branches: [
      { key: 'north', label: 'North' },
      { key: 'east', label: 'East' },
      { key: 'south', label: 'South' },
      { key: 'west', label: 'West' },
    ],
  },
  branches: {
    north: [variable('n1', 'North one'), variable('n2', 'North two')],
    east: [variable('e1', 'East one')],
    south: [variable('s1', 'South one')],
    west: [variable('w1', 'West one'), variable('w2', 'West two'), variable('w3', 'West three')],
  },
};

/** Needs a node `one` before it. */
const CHECK = {
  key: 'check',
  title: 'Check',
  type: 'condition',
  config: { engine: 'basic', test: { all: [{ left: '{{$nodes.one}}', operator: 'equal', right: 'One' }] } },
  branches: { true: [variable('inside', 'Inside')] },
};

async function makeWorkflow(title: string, nodes: readonly object[]): Promise<string> {
  const trigger = { type: 'webhook', config: {} };
  return (await designer.server.api('POST', '/api/workflows', { title, mode: 'async', trigger, nodes })).id;
}

async function openWorkflow({ page, open }: Person, id: string, title: string): Promise<void> {
  await open(`/workflows/${id}`);
  await card(page, title).waitFor();
}

async function titles(page: Page): Promise<string> {
  const lines = (await steps(page)).slice(1);
  return lines.map((line) => /^\d+\. (?:Variable|Parallel branches|Condition) ([\w ]+)/.exec(line)?.[1] ?? line).join(', ');
}

/** Where it is once it stands still: the canvas and its cards glide. */
async function boxOf(locator: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
  await locator.evaluate(async (element) => {
    const place = () => JSON.stringify(element.getBoundingClientRect());
    for (let before = '', still = 0; still < 3; still = place() === before ? still + 1 : 0) {
      before = place();
      await new Promise(requestAnimationFrame);
    }
  });
  const box = await locator.boundingBox();
  if (!box) throw new Error(`${locator} is not to be seen.`);
  return box;
}

/** The frame of a card, and not its title alone. */
function frameOf(page: Page, key: string): Locator {
  return page.locator(`[data-node-key="${key}"]`);
}

/** Whether the whole card lies in the canvas, with nothing over its corners. */
function isSeen(page: Page, key: string): Promise<boolean> {
  return page.evaluate((wanted) => {
    const element = document.querySelector(`[data-node-key="${wanted}"]`);
    const canvas = document.querySelector('section[aria-label="Canvas"]');
    if (!element || !canvas) return false;
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const frame = canvas.getBoundingClientRect();
    if (left < frame.left || right > frame.right || top < frame.top || bottom > frame.bottom) return false;
    const corners = [
      [left + 8, top + 8],
      [right - 8, top + 8],
      [left + 8, bottom - 8],
      [right - 8, bottom - 8],
    ] as const;
    return corners.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
  }, key);
}

const expectSeen = (page: Page, key: string): Promise<void> => expect.poll(() => isSeen(page, key)).toBe(true);

async function pan(page: Page, x: number, y: number): Promise<void> {
  const { x: left, y: top, width, height } = await boxOf(canvasOf(page));
  await page.mouse.move(left + width / 2, top + height / 3);
  await page.mouse.wheel(x, y);
}

test('what is chosen is brought into sight, by mouse, by keys and from the list of problems, and nothing moves when it is seen', async () => {
  const id = await makeWorkflow('In sight', [
    variable('first', 'First'),
    WIDE,
    { ...variable('odd', 'Odd one'), config: { value: '{{$nodes.first}}' } },
  ]);
  const person = await designer.signedIn({ width: 1280, height: 760 });
  const { page } = person;
  await openWorkflow(person, id, 'All at once');

  // The panel takes the right side of the canvas, where this one is.
  await pan(page, -260, 0);
  await expect.poll(async () => (await boxOf(frameOf(page, 's1'))).x).toBeGreaterThan(700);
  await card(page, 'South one').click();
  await panelOf(page, 'South one').waitFor();
  await expectSeen(page, 's1');
  const still = await boxOf(frameOf(page, 's1'));
  await card(page, 'South one').click();
  await page.keyboard.press('Enter');
  expect(await boxOf(frameOf(page, 's1'))).toEqual(still);

  // The window shrinks.
  await page.setViewportSize({ width: 1010, height: 560 });
  await expectSeen(page, 's1');
  await page.setViewportSize({ width: 1280, height: 760 });

  // The keyboard walks out of sight, and back to what the hand has moved away.
  await page.getByRole('tree', { name: 'Steps of the workflow' }).focus();
  await page.keyboard.press('ArrowRight');
  await expectSeen(page, 'w1');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  await expectSeen(page, 'w3');
  await pan(page, 900, 900);
  await expect.poll(() => isSeen(page, 'w3')).toBe(false);
  await page.keyboard.press('Enter');
  await panelOf(page, 'West three').waitFor();
  await expectSeen(page, 'w3');

  // What names a step that is gone has a problem.
  await page.getByRole('tree', { name: 'Steps of the workflow' }).focus();
  for (const key of ['Home', 'ArrowDown', 'Delete']) await page.keyboard.press(key);
  // The same problem twice: the node is selected already the second time.
  const choose = async (): Promise<void> => {
    await page.getByRole('button', { name: /^\d+ (problem|hint)s?$/ }).click();
    await page
      .getByRole('dialog', { name: 'What has to be looked at' })
      .getByRole('button', { name: /Odd one/ })
      .click();
    await panelOf(page, 'Odd one').waitFor();
    await expectSeen(page, 'odd');
  };
  await choose();
  await pan(page, 900, -900);
  await expect.poll(() => isSeen(page, 'odd')).toBe(false);
  await choose();
});

test('the canvas glides to what is chosen, and jumps for people who do not want to see things move', async () => {
  const id = await makeWorkflow('Motion', [WIDE]);
  const person = await designer.signedIn();
  const { page } = person;
  await openWorkflow(person, id, 'All at once');
  const tree = page.getByRole('tree', { name: 'Steps of the workflow' });
  /** Presses a key that leads out of sight. @returns through how many places the canvas went */
  const placesUntil = async (key: string, node: string): Promise<number> => {
    const places = page.evaluate(
      () =>
        new Promise<number>((resolve) => {
          const seen = new Set<string>();
          const viewport = document.querySelector<HTMLElement>('.react-flow__viewport');
          let last = performance.now();
          const look = (): void => {
            const place = viewport?.style.transform ?? '';
            if (!seen.has(place)) last = performance.now();
            seen.add(place);
            if (seen.size > 1 && performance.now() - last > 300) resolve(seen.size - 1);
            else requestAnimationFrame(look);
          };
          requestAnimationFrame(look);
        }),
    );
    await tree.focus();
    await page.keyboard.press(key);
    const count = await places;
    await expectSeen(page, node);
    return count;
  };
  await page.setViewportSize({ width: 900, height: 500 });
  expect(await placesUntil('End', 'w3')).toBe(1);
  await page.emulateMedia({ reducedMotion: 'no-preference' });
  expect(await placesUntil('Home', '$trigger')).toBeGreaterThan(2);
});

/** Fingers on the screen, as the browser gets them from it. */
class Fingers {
  readonly #session: CDPSession;

  constructor(session: CDPSession) {
    this.#session = session;
  }

  static async of(page: Page): Promise<Fingers> {
    return new Fingers(await page.context().newCDPSession(page));
  }

  async #send(type: 'touchStart' | 'touchMove' | 'touchEnd', ...points: readonly { x: number; y: number }[]): Promise<void> {
    const touchPoints = points.map(({ x, y }, id) => ({ x, y, id }));
    await this.#session.send('Input.dispatchTouchEvent', { type, touchPoints });
  }

  async down(...points: readonly { x: number; y: number }[]): Promise<void> {
    await this.#send('touchStart', ...points);
  }

  /** In small steps, as a hand does. */
  async move(from: { x: number; y: number }, to: { x: number; y: number }): Promise<void> {
    for (let step = 1; step <= 8; step += 1) {
      await this.#send('touchMove', { x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 });
    }
  }

  async moveBoth(a: readonly { x: number; y: number }[], b: readonly { x: number; y: number }[]): Promise<void> {
    for (let step = 1; step <= 8; step += 1) {
      const points = a.map((from, index) => {
        const to = b[index] ?? from;
        return { x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 };
      });
      await this.#send('touchMove', ...points);
    }
  }

  async up(): Promise<void> {
    await this.#send('touchEnd');
  }
}

const middleOf = ({ x, y, width, height }: { x: number; y: number; width: number; height: number }) => ({
  x: x + width / 2,
  y: y + height / 2,
});

test('fingers pan, zoom and open; resting on a step picks it up; without dragging there is the menu', async () => {
  const id = await makeWorkflow('Fingers', [variable('one', 'One'), variable('two', 'Two'), CHECK]);
  const person = await designer.signedIn({ hasTouch: true, height: 1000 });
  const { page } = person;
  await openWorkflow(person, id, 'Two');
  const fingers = await Fingers.of(page);
  const carried = canvasOf(page).and(page.locator('[data-moving]'));

  // A finger that moves at once moves the canvas, though it began on a step.
  const before = await boxOf(frameOf(page, 'two'));
  const start = middleOf(before);
  await fingers.down(start);
  await fingers.move(start, { x: start.x + 60, y: start.y + 80 });
  await fingers.up();
  await expect.poll(async () => (await boxOf(frameOf(page, 'two'))).y).toBeGreaterThan(before.y + 50);
  expect(await titles(page)).toBe('One, Two, Check, Inside');

  // Two fingers zoom.
  const { width } = await boxOf(frameOf(page, 'one'));
  const middle = middleOf(await boxOf(frameOf(page, 'one')));
  const near = [
    { x: middle.x - 30, y: middle.y },
    { x: middle.x + 30, y: middle.y },
  ];
  const far = [
    { x: middle.x - 50, y: middle.y },
    { x: middle.x + 50, y: middle.y },
  ];
  await fingers.down(...near);
  await fingers.moveBoth(near, far);
  await fingers.up();
  await expect.poll(async () => (await boxOf(frameOf(page, 'one'))).width).toBeGreaterThan(width * 1.2);
  await page.getByRole('button', { name: 'Show everything' }).tap();
  await expect.poll(() => isSeen(page, 'inside')).toBe(true);

  // Resting on a step and moving on.
  const from = middleOf(await boxOf(frameOf(page, 'one')));
  const place = page.getByRole('button', { name: 'Add a step: behind “Inside”', exact: true });
  const to = middleOf(await boxOf(place));
  const stood = await boxOf(frameOf(page, 'two'));
  await fingers.down(from);
  await carried.waitFor();
  await fingers.move(from, to);
  expect(await boxOf(frameOf(page, 'two'))).toEqual(stood);
  await fingers.up();
  await expect.poll(() => titles(page)).toBe('Two, Check, Inside, One');
  await page.getByRole('button', { name: /^Undo/ }).tap();
  await expect.poll(() => titles(page)).toBe('One, Two, Check, Inside');

  // Resting on a step and letting go: its menu.
  await fingers.down(middleOf(await boxOf(frameOf(page, 'two'))));
  await carried.waitFor();
  await fingers.up();
  await page.getByRole('menuitem', { name: 'Move down' }).waitFor();
  await page.getByRole('menuitem', { name: 'Move down' }).tap();
  await expect.poll(() => titles(page)).toBe('One, Check, Two, Inside');

  // Somewhere else by pointing at the place.
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await fingers.down(middleOf(await boxOf(frameOf(page, 'one'))));
  await carried.waitFor();
  await fingers.up();
  await page.getByRole('menuitem', { name: /^Move to another place/ }).tap();
  await page.getByText('Choose one of the marked places').waitFor();
  await page.getByRole('button', { name: 'Add a step: at the start of branch False of “Check”', exact: true }).tap();
  await expect.poll(() => titles(page)).toBe('Check, Two, Inside, One');
  await page.getByText('Choose one of the marked places').waitFor({ state: 'detached' });

  // A tap opens.
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await card(page, 'Two').tap();
  await panelOf(page, 'Two').waitFor();
});

test('a step goes in and out of branches with the keys that move it up and down, and comes back the same way', async () => {
  const id = await makeWorkflow('Up and down', [variable('one', 'One'), CHECK]);
  const person = await designer.signedIn();
  const { page } = person;
  await openWorkflow(person, id, 'Check');
  await page.getByRole('tree', { name: 'Steps of the workflow' }).focus();
  await page.keyboard.press('ArrowDown');
  const heard = canvasOf(page).getByRole('status').first();
  const way = [
    ['Check, One, Inside', 'at the start of branch True of “Check”'],
    ['Check, Inside, One', 'behind “Inside”'],
    ['Check, Inside, One', 'at the start of branch False of “Check”'],
    ['Check, Inside, One', 'behind “Check”'],
  ] as const;
  for (const [order, place] of way) {
    await page.keyboard.press('Alt+ArrowDown');
    await expect.poll(() => heard.innerText()).toBe(`“One” moved: ${place}`);
    expect(await titles(page)).toBe(order);
  }
  for (const [order, place] of [...way.slice(0, 3)].reverse()) {
    await page.keyboard.press('Alt+ArrowUp');
    await expect.poll(() => heard.innerText()).toContain(place);
    expect(await titles(page)).toBe(order);
  }
  await page.keyboard.press('Alt+ArrowUp');
  await expect.poll(() => titles(page)).toBe('One, Check, Inside');
});

test('a branch of a list is moved to the left and the right, with what is in it, and one step of undo puts it back', async () => {
  const id = await makeWorkflow('Branches', [WIDE]);
  const person = await designer.signedIn({ width: 1700 });
  const { page } = person;
  await openWorkflow(person, id, 'All at once');
  const all = 'All at once, North one, North two, East one, South one, West one, West two, West three';
  expect(await titles(page)).toBe(all);
  await canvasOf(page).getByRole('button', { name: 'Actions for branch South' }).click();
  await page.getByRole('menuitem', { name: 'Move to the left' }).waitFor();
  await page.getByRole('menuitem', { name: 'Move to the left' }).click();
  const moved = 'All at once, North one, North two, South one, East one, West one, West two, West three';
  await expect.poll(() => titles(page)).toBe(moved);
  await page.getByRole('menu').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /^Undo: Branch South of “All at once” moved to the left/ }).click();
  await expect.poll(() => titles(page)).toBe(all);

  // By keys, from a step inside; at the end there is no further.
  await page.getByRole('tree', { name: 'Steps of the workflow' }).focus();
  await page.keyboard.press('End');
  for (let time = 0; time < 4; time += 1) await page.keyboard.press('Alt+Shift+ArrowLeft');
  await expect
    .poll(() => titles(page))
    .toBe('All at once, West one, West two, West three, North one, North two, East one, South one');
  await expectSeen(page, 'w3');
  await page.keyboard.press('F10');
  await page.getByRole('menuitem', { name: 'Move branch West to the right' }).waitFor();
  expect(await page.getByRole('menuitem', { name: 'Move branch West to the left' }).count()).toBe(0);
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Not saved').waitFor({ state: 'detached' });
  const saved = await designer.server.api('GET', `/api/workflows/${id}`);
  expect(saved.nodes[0].config.branches.map(({ key }: { key: string }) => key)).toEqual(['west', 'north', 'east', 'south']);
  expect(saved.nodes[0].branches.west).toHaveLength(3);
});

test('the focus is on the canvas after going back to editing and after taking a copy of a revision, and both are heard', async () => {
  const id = await makeWorkflow('Revisions', [variable('one', 'One'), variable('two', 'Two')]);
  await designer.server.api('PATCH', `/api/workflows/${id}`, { enabled: true });
  const { hookUrl } = await designer.server.api('GET', `/api/workflows/${id}`);
  expect((await designer.server.post(hookUrl, {})).status).toBe(200);
  await designer.server.api('PATCH', `/api/workflows/${id}`, { nodes: [variable('one', 'One again')] });
  const person = await designer.signedIn();
  const { page } = person;
  await openWorkflow(person, id, 'One again');
  const tree = page.getByRole('tree', { name: 'Steps of the workflow' });
  const expectTree = (): Promise<void> =>
    expect.poll(() => tree.evaluate((element) => element === document.activeElement)).toBe(true);
  const older = page.getByRole('listitem').filter({ hasText: 'Revision 1' });
  const openRevisions = async (): Promise<void> => {
    await page.getByRole('button', { name: 'More about this workflow' }).click();
    await page.getByRole('menuitem', { name: 'Revisions' }).click();
    await older.getByRole('button', { name: 'Look at it' }).waitFor();
  };

  await openRevisions();
  await older.getByRole('button', { name: 'Look at it' }).click();
  await card(page, 'Two').click();
  await panelOf(page, 'Two').waitFor();
  const back = page.getByRole('button', { name: 'Back to editing' });
  await back.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('status').getByText('You are editing the workflow again.').waitFor({ state: 'attached' });
  await expectTree();
  await card(page, 'One again').waitFor();

  await openRevisions();
  const copy = older.getByRole('button', { name: 'Edit a copy from here' });
  await copy.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('You are editing a copy of revision 1.').waitFor();
  await expectTree();
  await card(page, 'Two').waitFor();

  // With unsaved changes a question comes first.
  await openRevisions();
  await older.getByRole('button', { name: 'Look at it' }).click();
  await copy.focus();
  await page.keyboard.press('Enter');
  const question = page.getByRole('dialog', { name: 'Replace your unsaved changes?' });
  await question.getByRole('button', { name: 'Edit a copy from here' }).focus();
  await page.keyboard.press('Enter');
  await question.waitFor({ state: 'detached' });
  await expectTree();
});

test('neighbours are chosen with Shift and the mouse, and cut, pasted, duplicated and deleted together', async () => {
  const id = await makeWorkflow('Several', [
    ...['One', 'Two', 'Three'].map((title) => variable(title.toLowerCase(), title)),
    WIDE,
  ]);
  const person = await designer.signedIn({ width: 1700, height: 1200 });
  const { page } = person;
  await openWorkflow(person, id, 'All at once');
  const inside = 'All at once, North one, North two, East one, South one, West one, West two, West three';
  await card(page, 'One').click();
  await panelOf(page, 'One').waitFor();
  await card(page, 'Two').click({ modifiers: ['Shift'] });
  const chosen = page.getByRole('treeitem', { selected: true });
  await expect.poll(() => chosen.allInnerTexts()).toEqual([expect.stringMatching(/One/), expect.stringMatching(/Two/)]);
  await page.keyboard.press('Control+x');
  await expect.poll(() => titles(page)).toBe(`Three, ${inside}`);
  await card(page, 'Three').click();
  await page.keyboard.press('Control+v');
  await expect.poll(() => titles(page)).toBe(`Three, One, Two, ${inside}`);
  await expect.poll(() => chosen.count()).toBe(2);
  await card(page, 'Two').click({ button: 'right' });
  await expect
    .poll(async () => (await page.getByRole('menuitem').allInnerTexts()).map((text) => text.split('\n')[0]))
    .toEqual(['Duplicate', 'Copy', 'Cut', 'Delete']);
  await page.getByRole('menuitem', { name: /^Duplicate/ }).click();
  await expect.poll(() => titles(page)).toBe(`Three, One, Two, One, Two, ${inside}`);
  await page.getByRole('button', { name: /^Undo: 2 steps duplicated/ }).click();
  await expect.poll(() => titles(page)).toBe(`Three, One, Two, ${inside}`);

  // From a branch to a step behind it: the node with the branches is one of the neighbours.
  await card(page, 'Two').click();
  await card(page, 'East one').click({ modifiers: ['Shift'] });
  await page.keyboard.press('Delete');
  const question = page.getByRole('dialog', { name: 'Delete 2 steps?' });
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => titles(page)).toBe('Three, One');
  await page.keyboard.press('Control+z');
  await expect.poll(() => titles(page)).toBe(`Three, One, Two, ${inside}`);
});
