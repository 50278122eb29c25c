// @vitest-environment jsdom
// Whoever uses the keyboard stays where they are while replies arrive, problems come and go, and fields become other fields.

import { act, screen } from '@testing-library/react';
import { useState } from 'react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type FieldProblem, SchemaForm } from '../../../client/src/form/schema-form.tsx';
import { keepFocus } from '../../../client/src/ui/keep-focus.ts';
import { MoreButton } from '../../../client/src/ui/more-button.tsx';
import { PATIENCE } from '../../patience.ts';
import { renderPart } from '../render.tsx';
import { enterText, findField } from './fill.ts';
import { queriesOfEditor, renderForm } from './support.tsx';
import { typeNamed } from './types.ts';

let end = (): void => {};
beforeEach(() => {
  end = keepFocus();
});
afterEach(() => end());

const focused = (): Element | null => document.activeElement;
const inputOf = (path: string): HTMLInputElement | undefined => findField(path)?.querySelector('input') ?? undefined;

/** A form whose problems the test changes, as the answers of checks do. */
function renderChecked(name: string, initial: Record<string, unknown>, first: readonly FieldProblem[]) {
  let check = (_problems: readonly FieldProblem[]): void => {};
  const type = typeNamed(name);
  function Checked() {
    const [value, setValue] = useState(initial);
    const [problems, setProblems] = useState(first);
    check = setProblems;
    return (
      <SchemaForm
        type={{ kind: type.kind, name: type.description.type }}
        schema={type.description.config}
        value={value}
        onChange={setValue}
        problems={problems}
        expressions={type.expressions}
        scripts={type.scripts}
      />
    );
  }
  const rendered = renderPart(<Checked />, { queries: queriesOfEditor() });
  return { ...rendered, answer: (problems: readonly FieldProblem[]) => act(() => check(problems)) };
}

describe('when the answer of a check arrives', () => {
  test('a folded part that a problem opened stays open behind the one who solves it', () => {
    const problem = { path: 'timeoutMs', message: 'must be greater', severity: 'error' } as const;
    const { answer } = renderChecked('node http-request', { url: 'https://example.com/', timeoutMs: 1 }, [problem]);
    const input = inputOf('timeoutMs');
    input?.focus();
    answer([]);
    expect(input).toBeDefined();
    expect(focused()).toBe(input);
  });

  test('a folded member of a list that a problem opened stays open as well', () => {
    const test = { all: [{ left: '1', operator: 'equal', right: '1' }] };
    const cases = ['a', 'b', 'c'].map((key) => ({ key, label: key, engine: 'basic', test }));
    const problem = { path: 'cases[1].key', message: 'is there already', severity: 'error' } as const;
    const { answer } = renderChecked('node multi-conditions', { cases }, [problem]);
    const input = inputOf('cases[1].key');
    input?.focus();
    answer([]);
    expect(input).toBeDefined();
    expect(focused()).toBe(input);
  });

  test('an input keeps the focus when a problem is said at it and is gone again', () => {
    const { answer } = renderChecked('node parcel', { kind: 'parcel', email: 'a' }, []);
    const input = screen.getByLabelText('E-mail');
    input.focus();
    answer([{ path: 'email', message: 'is no address', severity: 'error' }]);
    answer([]);
    expect(focused()).toBe(input);
  });
});

describe('when a field becomes another one', () => {
  test('what was asked of the server says that a secret is set: the focus stays in the field', async () => {
    const value = { to: { type: 'url', url: 'https://example.com/' }, data: 1 };
    const { queries } = renderForm(typeNamed('node send-webhook'), { value, stored: [] });
    const secret = (): HTMLElement => screen.getByLabelText(/^Signing key/, { selector: 'input' });
    const before = secret();
    before.focus();
    act(() => queries.setQueryData(['workflow', 'w1', 'write-only'], { trigger: [], nodes: { here: ['to.secret'] } }));
    await vi.waitFor(() => expect(secret()).toHaveProperty('value', 'Is set'), PATIENCE);
    expect(secret()).not.toBe(before);
    expect(focused()).toBe(secret());
  });

  test('its value was saved away: the focus goes from the button to the field', async () => {
    const value = { to: { type: 'url', url: 'https://example.com/', secret: null }, data: 1 };
    const { queries } = renderForm(typeNamed('node send-webhook'), { value, stored: ['to.secret'] });
    screen.getByRole('button', { name: 'Keep Signing key' }).focus();
    act(() => queries.setQueryData(['workflow', 'w1', 'write-only'], { trigger: [], nodes: {} }));
    await vi.waitFor(() => expect(focused()).toBe(screen.getByLabelText(/^Signing key/, { selector: 'input' })), PATIENCE);
  });

  test('a secret is replaced, or taken from the stored ones', async () => {
    const { user } = renderForm(typeNamed('node http-request'), { value: { url: 'x', auth: { type: 'bearer' } } });
    const token = () => inputOf('auth.token');
    screen.getByRole('button', { name: 'Replace Token' }).focus();
    await user.keyboard('{Enter}');
    await vi.waitFor(() => expect(focused()).toBe(token()), PATIENCE);
    screen.getByRole('button', { name: 'Use a stored secret for Token' }).focus();
    await user.keyboard('{Enter}');
    const item = await screen.findByRole('menuitem', { name: 'SHOP_KEY' });
    item.focus();
    await user.keyboard('{Enter}');
    await vi.waitFor(() => expect(focused()).toBe(token()), PATIENCE);
    expect(token()).toHaveProperty('value', 'Stored secret: SHOP_KEY');
  });

  test('a variable in the place of a number is deleted', async () => {
    const { user } = renderForm(typeNamed('node response'), { value: { status: '{{$nodes.check}}' } });
    const editor = screen.getByLabelText('Status', { selector: '[role=textbox]' });
    editor.focus();
    await enterText(user, editor, '');
    await vi.waitFor(() => expect(focused()).toBe(screen.getByLabelText('Status', { selector: 'input' })), PATIENCE);
  });

  test('the kind of a value is chosen from a menu', async () => {
    const { user } = renderForm(typeNamed('node variable'), { value: { value: 'text' } });
    screen.getByRole('button', { name: /Kind of Value|Value.*Text/ }).focus();
    await user.keyboard('{Enter}');
    const item = await screen.findByRole('menuitemradio', { name: /Number/ });
    item.focus();
    await user.keyboard('{Enter}');
    await vi.waitFor(() => expect(focused()?.closest('[data-field]')?.getAttribute('data-field')).toBe('value'), PATIENCE);
  });

  test('a member of a list is removed', async () => {
    const { user } = renderForm(typeNamed('node parcel'), { value: { kind: 'parcel', stops: [{ place: 'Ghent' }] } });
    screen.getByRole('button', { name: 'Remove Ghent' }).focus();
    await user.keyboard('{Enter}');
    await vi.waitFor(() => expect(focused()?.closest('[data-field]')?.getAttribute('data-field')).toBe('stops'), PATIENCE);
  });
});

test('the focus stays below a list whose last page has come', async () => {
  const list = { hasNextPage: true, isFetchingNextPage: false, fetchNextPage: vi.fn() };
  const { rerender } = renderPart(<MoreButton list={list} />);
  const button = screen.getByRole('button');
  button.focus();
  rerender(<MoreButton list={{ ...list, hasNextPage: false }} />);
  await vi.waitFor(() => expect(focused()?.hasAttribute('data-keeps-focus')).toBe(true), PATIENCE);
});

test('what has the focus by then keeps it', async () => {
  const { rerender } = renderPart(
    <div data-field="a">
      <input aria-label="old" />
    </div>,
  );
  screen.getByLabelText('old').focus();
  rerender(
    <div data-field="a">
      <button type="button">first</button>
      <textarea aria-label="new" ref={(element) => element?.focus()} />
    </div>,
  );
  await act(async () => {});
  expect(focused()).toBe(screen.getByLabelText('new'));
});
