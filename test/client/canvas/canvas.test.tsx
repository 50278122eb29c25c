// @vitest-environment jsdom

import { screen, within } from '@testing-library/react';
import { useState } from 'react';
import { describe, expect, it } from 'vitest';
import { Canvas, type CanvasProps } from '../../../client/src/canvas/canvas.tsx';
import { useHistory } from '../../../client/src/canvas/history.ts';
import type { Document } from '../../../src/engine/model.ts';
import { renderPart } from '../render.tsx';
import { condition, documentOf, readExample, step, types } from './support.ts';

interface Seen {
  document: Document;
  selected: string | null;
}

/** The canvas as a page uses it; `seen` is what the page knows. */
function openCanvas(document: Document, props: Partial<CanvasProps> = {}, isReadOnly = false) {
  const seen: Seen = { document, selected: null };
  function ThisPage() {
    const history = useHistory(document);
    const [selected, setSelected] = useState<string | null>(null);
    seen.document = history.document;
    seen.selected = selected;
    return (
      <Canvas
        document={history.document}
        mode="sync"
        types={types}
        selected={selected}
        onSelect={setSelected}
        onChange={isReadOnly ? undefined : history.change}
        onUndo={history.undo}
        onRedo={history.redo}
        {...props}
      />
    );
  }
  const rendered = renderPart(<ThisPage />);
  const tree = screen.getByRole('tree');
  const active = (): string =>
    window.document.getElementById(tree.getAttribute('aria-activedescendant') ?? '')?.textContent ?? '';
  return { ...rendered, seen, tree, active };
}

function outline(document: Document): string {
  const list = (nodes: Document['nodes']): string =>
    nodes
      .map(({ key, branches }) => {
        const inside = Object.entries(branches ?? {}).map(([name, inner]) => `${name}: ${list(inner)}`);
        return inside.length === 0 ? key : `${key} (${inside.join('; ')})`;
      })
      .join(', ');
  return list(document.nodes);
}

describe('the canvas', () => {
  it('names every step for screen readers, with its branch and its problems', () => {
    const problem = { path: 'nodes[0].config.test', code: 'x', message: 'must have a left side', severity: 'error' as const };
    openCanvas(readExample('payment-callback'), { problems: [problem] });
    expect(screen.getAllByRole('treeitem').map(({ textContent }) => textContent)).toEqual([
      'Webhook event, Takes 2 values',
      '1. Condition Paid?, payment.status is “paid”, 2 branches, 1 problem: must have a left side',
      '2. Response Thank the payment provider, branch True of “Paid?”, 200 · {"received":"payment.id"}',
      '3. Response Say why not, branch False of “Paid?”, 422 · {"reason":"payment is payment.status, not paid"}',
    ]);
  });

  it('says which branch never answers', () => {
    openCanvas(documentOf(condition('paid', { true: [{ key: 'answer', type: 'response', config: {} }] })));
    expect(screen.getByRole('treeitem', { name: /branch False never answers the caller/ })).toBeDefined();
    expect(screen.getByText('No answer')).toBeDefined();
  });

  it('is walked, opened and edited with the keyboard alone', async () => {
    const { user, seen, tree, active } = openCanvas(readExample('payment-callback'));
    await user.tab();
    expect(window.document.activeElement).toBe(tree);
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowRight}');
    expect(active()).toContain('Say why not');
    await user.keyboard('{Enter}');
    expect(seen.selected).toBe('refuse');
    await user.keyboard('{Control>}d{/Control}');
    expect(outline(seen.document)).toBe('paid (true: accept; false: refuse, refuse2)');
    await user.keyboard('{Alt>}{ArrowUp}{/Alt}');
    expect(outline(seen.document)).toBe('paid (true: accept; false: refuse2, refuse)');
    await user.keyboard('{Delete}');
    expect(outline(seen.document)).toBe('paid (true: accept; false: refuse)');
    await user.keyboard('{Control>}zz{/Control}');
    expect(outline(seen.document)).toBe('paid (true: accept; false: refuse, refuse2)');
    await user.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
    expect(outline(seen.document)).toBe('paid (true: accept; false: refuse2, refuse)');
  });

  it('adds a step behind the one that has the keyboard; Enter takes the first hit', async () => {
    const { user, seen, tree } = openCanvas(documentOf(step('first')));
    await user.tab();
    await user.keyboard('{ArrowDown}+');
    const search = await screen.findByRole('combobox');
    await user.type(search, 'multi');
    expect(within(screen.getByRole('listbox')).getAllByRole('option')[0]?.getAttribute('data-type')).toBe('multi-conditions');
    await user.keyboard('{Enter}');
    expect(outline(seen.document)).toBe('first, multi_conditions');
    expect(seen.selected).toBe('multi_conditions');
    expect(window.document.activeElement).toBe(tree);
  });

  it('offers only what the mode allows', async () => {
    const { user } = openCanvas(documentOf(step('first')), { mode: 'async' });
    await user.tab();
    await user.keyboard('+');
    await screen.findByRole('combobox');
    const titles = screen.getAllByRole('option').map(({ textContent }) => textContent ?? '');
    expect(titles.some((title) => title.startsWith('Delay'))).toBe(true);
    expect(titles.some((title) => title.startsWith('Response'))).toBe(false);
  });

  it('carries a step to another place', async () => {
    const { user, seen } = openCanvas(documentOf(condition('paid', { true: [step('yes')] }), step('last')));
    await user.tab();
    await user.keyboard('{End} ');
    expect(screen.getByRole('status').textContent).toContain('Moving “Variable”');
    await user.keyboard('{ArrowDown}{ArrowUp}{ArrowUp}');
    await user.keyboard('{Enter}');
    expect(outline(seen.document)).not.toBe('paid (true: yes), last');
    await user.keyboard(' {Escape}');
    expect(screen.getByRole('status').textContent).toBe('Not moved');
  });

  it('asks before it deletes a step with others inside', async () => {
    const { user, seen } = openCanvas(documentOf(condition('paid', { true: [step('yes'), step('more')] })));
    await user.tab();
    await user.keyboard('{ArrowDown}{Delete}');
    const dialog = await screen.findByRole('dialog');
    expect(dialog.textContent).toContain('The 2 steps in its branches are deleted with it.');
    await user.click(within(dialog).getByRole('button', { name: 'Cancel' }));
    expect(outline(seen.document)).toBe('paid (true: yes, more)');
    await user.keyboard('{Delete}');
    await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Delete' }));
    expect(outline(seen.document)).toBe('');
  });

  it('chooses neighbours with Shift, and copies, cuts, duplicates and deletes them together, one step of undo each', async () => {
    const { user, seen, active } = openCanvas(
      documentOf(step('a'), condition('paid', { true: [step('b'), step('c'), step('d')] }), step('last')),
    );
    const chosen = (): string[] =>
      screen.getAllByRole('treeitem', { selected: true }).map(({ textContent }) => textContent?.split(',')[0] ?? '');
    await user.tab();
    await user.keyboard('{ArrowDown}{ArrowDown}{ArrowDown}{Shift>}{ArrowDown}{/Shift}');
    expect(chosen()).toEqual(['3. Variable', '4. Variable']);
    expect(screen.getByRole('tree').getAttribute('aria-multiselectable')).toBe('true');
    expect(screen.getByRole('status').textContent).toBe('2 steps chosen');
    await user.keyboard('{Control>}d{/Control}');
    expect(outline(seen.document)).toBe('a, paid (true: b, c, b2, c2, d), last');
    // The copies are chosen now.
    await user.keyboard('{Delete}');
    expect(outline(seen.document)).toBe('a, paid (true: b, c, d), last');
    expect(active()).toMatch(/^5\. /);
    await user.keyboard('{Control>}zz{/Control}');
    expect(outline(seen.document)).toBe('a, paid (true: b, c, d), last');

    // Up from inside a branch goes no further than the branch; from the list around, the whole condition is one neighbour.
    await user.keyboard('{Home}{ArrowDown}{Shift>}{ArrowDown}{ArrowDown}{ArrowDown}{/Shift}');
    expect(chosen()).toEqual(['1. Variable', '2. Condition', '6. Variable']);
    await user.keyboard('{Shift>}{ArrowUp}{/Shift}');
    expect(chosen()).toHaveLength(2);
    await user.keyboard('{Delete}');
    const dialog = await screen.findByRole('dialog', { name: 'Delete 2 steps?' });
    expect(dialog.textContent).toContain('The 3 steps in their branches are deleted with them.');
    await user.click(within(dialog).getByRole('button', { name: 'Delete' }));
    expect(outline(seen.document)).toBe('last');
    await user.keyboard('{Control>}z{/Control}');
    expect(outline(seen.document)).toBe('a, paid (true: b, c, d), last');
    await user.keyboard('{Home}{ArrowDown}{Shift>}{ArrowDown}{/Shift}{Escape}');
    expect(screen.queryAllByRole('treeitem', { selected: true })).toEqual([]);
  });

  it('adds to a branch from the menu', async () => {
    const { user, seen } = openCanvas(documentOf(condition('paid', {})));
    await user.tab();
    await user.keyboard('{ArrowDown}{F10}');
    await user.click(await screen.findByRole('menuitem', { name: 'Add to branch False' }));
    await user.type(await screen.findByRole('combobox'), 'respon{Enter}');
    expect(outline(seen.document)).toBe('paid (false: response)');
  });

  it('changes nothing when it may not', async () => {
    const { user, seen } = openCanvas(readExample('payment-callback'), {}, true);
    await user.tab();
    await user.keyboard('{ArrowDown}{Delete}+ {Control>}d{/Control}');
    expect(outline(seen.document)).toBe('paid (true: accept; false: refuse)');
    expect(screen.queryByRole('button', { name: /Add a step/ })).toBeNull();
  });
});
