// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { JsonView } from '../../../client/src/variables/json-view.tsx';
import { renderPart } from '../render.tsx';

const value = { customer: { name: 'Ada', tags: ['a', 'b'] }, total: 3, 'odd.name': null, more: [1, 2, 3, 4, 5] };

it('is a tree that keys open and close, and says the path of where one is', async () => {
  const { user } = renderPart(<JsonView value={value} label="Output" />);
  const tree = screen.getByRole('tree', { name: 'Output' });
  const count = (): number => within(tree).getAllByRole('treeitem').length;
  const before = count();
  await user.click(screen.getByRole('textbox', { name: 'Search in Output' }));
  await user.tab();
  await user.keyboard('{ArrowDown}{ArrowLeft}');
  expect(count()).toBeLessThan(before);
  expect(document.activeElement?.getAttribute('aria-expanded')).toBe('false');
  await user.keyboard('{ArrowRight}{ArrowRight}');
  expect(document.activeElement?.textContent).toBe('name: "Ada"');
  expect(screen.getByText('customer.name')).toBeDefined();
});

it('copies a value and its path', async () => {
  const { user } = renderPart(<JsonView value={value} label="Output" />);
  await user.click(screen.getByText('"Ada"'));
  screen
    .getAllByRole('treeitem')
    .find(({ textContent }) => textContent === 'name: "Ada"')
    ?.focus();
  await user.click(await screen.findByRole('button', { name: 'Copy path' }));
  expect(await navigator.clipboard.readText()).toBe('customer.name');
  await user.click(screen.getByRole('button', { name: 'Copy value' }));
  expect(await navigator.clipboard.readText()).toBe('Ada');
});

it('finds names and values', async () => {
  const { user } = renderPart(<JsonView value={value} label="Output" />);
  await user.type(screen.getByRole('textbox', { name: 'Search in Output' }), 'ODD');
  expect(screen.getAllByRole('treeitem').map(({ textContent }) => textContent)).toEqual(['["odd.name"]: null']);
  await user.type(screen.getByRole('textbox', { name: 'Search in Output' }), 'x');
  expect(screen.getByRole('status').textContent).toBe('Nothing like it in here.');
});

it('shows plain values as they are', () => {
  const { rerender } = renderPart(<JsonView value={'two\nlines'} label="Reply" />);
  expect(screen.getByRole('group', { name: 'Reply' }).textContent).toContain('two\nlines');
  rerender(<JsonView value={undefined} label="Reply" />);
  expect(screen.getByRole('group', { name: 'Reply' }).textContent).toBe('no value');
});
