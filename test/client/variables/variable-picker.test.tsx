// @vitest-environment jsdom
import { cleanup, screen, within } from '@testing-library/react';
import { expect, it, vi } from 'vitest';
import { VariablePicker } from '../../../client/src/variables/variable-picker.tsx';
import { type VariableSource, VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import { renderPart } from '../render.tsx';
import { orderSource } from './source.ts';

async function openPicker(source: VariableSource = orderSource('last')) {
  const onPick = vi.fn();
  const part = renderPart(
    <VariablesProvider value={source}>
      <VariablePicker field="Body" onPick={onPick} />
    </VariablesProvider>,
  );
  const button = screen.getByRole('button', { name: 'Insert a variable into Body' });
  await part.user.click(button);
  return { ...part, onPick, button, tree: await screen.findByRole('tree') };
}

const names = (tree: HTMLElement) =>
  within(tree)
    .getAllByRole('treeitem')
    .map(({ textContent }) => textContent);

it('is operated by arrow keys, and Enter takes the variable', async () => {
  const { user, tree, onPick, button } = await openPicker();
  expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'Search variables' }));
  await user.keyboard('{ArrowDown}');
  expect(document.activeElement).toBe(within(tree).getByRole('treeitem', { name: /^Trigger/ }));
  await user.keyboard('{ArrowRight}{ArrowRight}');
  expect(document.activeElement?.textContent).toContain('Request number');
  await user.keyboard('{ArrowLeft}');
  expect(document.activeElement?.textContent).toContain('Headers');
  await user.keyboard('{ArrowLeft}');
  expect(document.activeElement?.getAttribute('aria-expanded')).toBe('false');
  expect(names(tree).join()).not.toContain('Request number');
  await user.keyboard('{End}{Home}{ArrowDown}{ArrowRight}{ArrowDown}{Enter}');
  expect(onPick).toHaveBeenCalledExactlyOnceWith('$context.headers.x-request-id');
  expect(screen.queryByRole('tree')).toBeNull();
  await user.click(button);
  await screen.findByRole('tree');
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('tree')).toBeNull();
  expect(document.activeElement).toBe(button);
});

it('finds what is typed, says where it stands and takes the first with Enter', async () => {
  const { user, tree, onPick } = await openPicker();
  await user.keyboard('{ArrowDown}');
  await user.keyboard('stat');
  expect(document.activeElement).toBe(screen.getByRole('textbox'));
  expect(names(screen.getByRole('tree'))[0]).toMatch(/Status.*Trigger › Body.*"paid"/);
  await user.keyboard('{Enter}');
  expect(onPick).toHaveBeenCalledExactlyOnceWith('$context.body.payment.status');
  expect(tree).toBeDefined();
});

it('folds a long list of headers with their number, and finds what is in it', async () => {
  const known = orderSource('last');
  const headers = Array.from({ length: 12 }, (_, index) => ({ name: `X-Number-${index}` }));
  const trigger = { ...known.document.trigger, config: { ...known.document.trigger.config, headers } };
  const { user, tree, onPick } = await openPicker({ ...known, document: { ...known.document, trigger } });
  const folded = within(tree).getByRole('treeitem', { name: /Headers.*12 entries, folded/ });
  expect(folded.getAttribute('aria-expanded')).toBe('false');
  expect(within(tree).getByRole('treeitem', { name: /^Body/ }).getAttribute('aria-expanded')).toBe('true');
  expect(names(tree).join()).not.toContain('X-Number-7');
  await user.keyboard('number-7');
  expect(names(screen.getByRole('tree'))[0]).toContain('X-Number-7');
  await user.clear(screen.getByRole('textbox', { name: 'Search variables' }));
  await user.click(within(screen.getByRole('tree')).getByText('12', { selector: '[class*=count]' }));
  expect(onPick).not.toHaveBeenCalled();
  await user.click(within(screen.getByRole('tree')).getByText('X-Number-7'));
  expect(onPick).toHaveBeenCalledExactlyOnceWith('$context.headers.x-number-7');
});

it('says which run the values are from, or how to get some', async () => {
  const { unmount } = await openPicker();
  expect(screen.getByText(/Values from the last run/)).toBeDefined();
  unmount();
  const { learned } = orderSource('last');
  await openPicker(
    orderSource('last', { learned: learned && { ...learned, execution: null, executions: 0, variables: {}, context: [] } }),
  );
  expect(screen.getByText(/Make a test call/)).toBeDefined();
  cleanup();
  await openPicker(orderSource('last', { learned: learned && { ...learned, execution: null, executions: 0 } }));
  expect(screen.getByText('Values from the pinned sample')).toBeDefined();
});

it('offers nothing outside of an editor', () => {
  renderPart(<VariablePicker field="Body" onPick={() => undefined} />);
  expect(screen.queryByRole('button')).toBeNull();
});
