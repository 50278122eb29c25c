// @vitest-environment jsdom
// Tests that are clicked together, and the switch to an expression and back.

import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { basicTestSchema } from '../../../src/engine/basic-test.ts';
import { enterText } from './fill.ts';
import { renderForm } from './support.tsx';
import { typeNamed } from './types.ts';

const condition = typeNamed('node condition');

test('a test is clicked together from nothing', async () => {
  const form = renderForm(condition);
  await enterText(form.user, screen.getByLabelText('Value 1'), '{{$context.body.status}}');
  await enterText(form.user, screen.getByLabelText('Compared with 1'), 'paid');
  await form.user.click(screen.getByRole('button', { name: 'Comparison' }));
  await enterText(form.user, screen.getByLabelText('Value 2'), '{{$context.body.id}}');
  await form.user.click(screen.getByRole('combobox', { name: 'Comparison 2' }));
  await form.user.click(screen.getByRole('option', { name: 'is not empty' }));
  expect(screen.queryByLabelText('Compared with 2')).toBeNull();
  expect(form.value().test).toEqual({
    all: [
      { left: '{{$context.body.status}}', operator: 'equal', right: 'paid' },
      { left: '{{$context.body.id}}', operator: 'isNotEmpty' },
    ],
  });
  expect(condition.schema.safeParse(form.value()).success).toBe(true);
});

test('groups are added, turned and removed', async () => {
  const form = renderForm(condition, { value: { test: { all: [{ left: 'a', operator: 'equal', right: 'b' }] } } });
  await form.user.click(screen.getByRole('button', { name: 'Group' }));
  const groups = screen.getAllByRole('group', { name: 'One is true' });
  expect(form.value().test).toEqual({
    all: [{ left: 'a', operator: 'equal', right: 'b' }, { any: [{ left: '', operator: 'equal', right: '' }] }],
  });
  const [inner] = groups;
  if (inner === undefined) throw new Error('The group is not shown.');
  await enterText(form.user, within(inner).getByLabelText('Value 1'), 'c');
  await form.user.click(within(inner).getByRole('radio', { name: 'All are true' }));
  expect(form.value().test).toEqual({
    all: [{ left: 'a', operator: 'equal', right: 'b' }, { all: [{ left: 'c', operator: 'equal', right: '' }] }],
  });
  expect(basicTestSchema.safeParse(form.value().test).success).toBe(true);
  await form.user.click(screen.getByRole('button', { name: 'Remove the group' }));
  expect(form.value().test).toEqual({ all: [{ left: 'a', operator: 'equal', right: 'b' }] });
});

test('a list of values is written as tags, and one variable may be the list', async () => {
  const form = renderForm(condition, { value: { test: { all: [{ left: 'a', operator: 'in', right: [] }] } } });
  const tags = (): HTMLElement => screen.getByLabelText('Compared with 1', { selector: 'input' });
  await form.user.type(tags(), 'BE{Enter}NL{Enter}');
  expect(form.value().test).toEqual({ all: [{ left: 'a', operator: 'in', right: ['BE', 'NL'] }] });
  await form.user.keyboard('{Backspace}{Backspace}');
  await form.user.click(tags());
  await form.user.paste('{{$context.body.list}}');
  await form.user.keyboard('{Enter}');
  expect(form.value().test).toEqual({ all: [{ left: 'a', operator: 'in', right: '{{$context.body.list}}' }] });
});

test('problems stand at the comparison that they are about', () => {
  renderForm(condition, {
    value: {
      test: { all: [{ left: 'a', operator: 'equal', right: 'b' }, { any: [{ left: 'c', operator: 'gt', right: 'd' }] }] },
    },
    problems: [{ path: 'test.all[1].any[0].left', message: 'There is no variable c', severity: 'error' }],
  });
  const [inner] = screen.getAllByRole('group', { name: 'One is true' });
  if (inner === undefined) throw new Error('The group is not shown.');
  expect(within(inner).getByText('There is no variable c.')).toBeDefined();
});

test('the builder and the expression each keep what was typed', async () => {
  const clicked = { all: [{ left: 'a', operator: 'equal', right: 'b' }] };
  const form = renderForm(condition, { value: { engine: 'basic', test: clicked } });
  const language = async (name: string): Promise<void> => {
    await form.user.click(screen.getByRole('combobox', { name: 'Written as' }));
    await form.user.click(screen.getByRole('option', { name }));
  };
  await language('JSONata expression');
  await enterText(form.user, screen.getByLabelText(/^Question/, { selector: 'textarea, input, [role=textbox]' }), 'a = b');
  expect(form.value()).toEqual({ engine: 'jsonata', test: 'a = b' });
  await language('Comparisons to click together');
  expect(form.value()).toEqual({ engine: 'basic', test: clicked });
  await language('JSONata expression');
  expect(form.value()).toEqual({ engine: 'jsonata', test: 'a = b' });
});
