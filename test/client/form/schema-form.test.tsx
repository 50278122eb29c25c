// @vitest-environment jsdom
// The form over the schema of every type: it is filled in by hand, and what comes out is what was meant.

import { screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { CONFIGS } from './configs.ts';
import { enterText, findField, textIn } from './fill.ts';
import { renderForm } from './support.tsx';
import { nameOf, type TestedType, testedTypes, typeNamed } from './types.ts';

const named = testedTypes.map((type) => [nameOf(type), type] as const);

function configOf(type: TestedType): Record<string, unknown> {
  const config = CONFIGS[nameOf(type)];
  if (config === undefined) throw new Error(`There is no example of ${nameOf(type)}.`);
  return config;
}

describe.each(named)('%s', (name, type) => {
  test('what was filled in is shown again, and validates', () => {
    const form = renderForm(type, { value: configOf(type) });
    expect(form.changes()).toBe(0);
    const isComplete = !NEEDS_ANY.has(name);
    if (isComplete) expect(type.schema.safeParse(configOf(type)).error?.issues ?? []).toEqual([]);
  });

  test('who may not change it can change nothing', async () => {
    const { container, user, changes } = renderForm(type, { value: configOf(type), isReadOnly: true });
    for (const radio of within(container).queryAllByRole('radio')) await user.click(radio);
    expect(changes()).toBe(0);
    const writable = Array.from(container.querySelectorAll<HTMLInputElement>('input, textarea')).filter(
      (input) => !input.readOnly && !input.disabled && input.type !== 'hidden' && input.type !== 'radio',
    );
    expect(writable.map((input) => input.outerHTML)).toEqual([]);
    const buttons = within(container)
      .queryAllByRole('button')
      .map((button) => button.getAttribute('aria-label') ?? button.textContent ?? '')
      .filter((label) => /^(Add|Remove|Move|Use|Replace|Start)/.test(label));
    expect(buttons).toEqual([]);
  });
});

/** Types that cannot be complete without a value of any kind, which has an input of its own. */
const NEEDS_ANY: ReadonlySet<string> = new Set(['node output', 'node variable', 'node json-mapping', 'node javascript']);

/** Its label is also the name of the variant. */
function tokenInput(): HTMLElement {
  const input = findField('auth.token')?.querySelector('input');
  if (!input) throw new Error('The token is not shown.');
  return input;
}

describe('a form', () => {
  test('of a type nobody has written texts for takes those of its schema, in any language', () => {
    renderForm(typeNamed('node parcel'), { language: 'nl' });
    expect(screen.getByLabelText(/^Recipient/)).toBeDefined();
    expect(screen.getByText('Who gets the parcel.')).toBeDefined();
    // Without a title, its name in words; the unit is beside it.
    expect(screen.getByLabelText('Max label')).toBeDefined();
  });

  test('says problems at their fields, those of folded and unknown places too', async () => {
    const { user } = renderForm(typeNamed('node http-request'), {
      value: { headers: [{ name: 'x', value: 'y' }] },
      problems: [
        { path: 'url', message: 'is required', severity: 'error' },
        { path: 'headers[0].name', message: 'must be the name of a header', severity: 'error' },
        { path: 'timeoutMs', message: 'is longer than the workflow may take', severity: 'warning' },
        { path: 'elsewhere.at', message: 'is not known', severity: 'error' },
      ],
    });
    const errorOf = (input: HTMLElement): string =>
      (input.getAttribute('aria-describedby') ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join(' ');
    expect(errorOf(screen.getByLabelText(/^URL/))).toContain('Is required.');
    expect(errorOf(screen.getByLabelText(/^Name 1/))).toContain('Must be the name of a header.');
    expect(within(screen.getByRole('alert')).getByText('elsewhere.at: is not known')).toBeDefined();
    // The warning opens what is folded.
    expect(screen.getByText('Is longer than the workflow may take.')).toBeDefined();
    await user.click(screen.getByRole('button', { name: 'More settings', expanded: true }));
    expect(screen.queryByText('Is longer than the workflow may take.')).toBeNull();
  });

  test('keeps the field that one types in, and says that an emptied optional text is none', async () => {
    const form = renderForm(typeNamed('node parcel'), { value: { kind: 'parcel', email: 'a' } });
    const input = screen.getByLabelText('E-mail');
    input.focus();
    for (const text of ['ada', 'ada@example.com']) {
      await enterText(form.user, input, text);
      expect(form.value()).toEqual({ kind: 'parcel', email: text });
    }
    await enterText(form.user, input, '');
    expect(form.value()).toEqual({ kind: 'parcel' });
    expect(screen.getByLabelText('E-mail')).toBe(input);
    expect(document.activeElement).toBe(input);
  });

  test('adds and removes optional objects, and moves and removes the members of a list', async () => {
    const form = renderForm(typeNamed('node parcel'), {
      value: { kind: 'parcel', stops: [{ place: 'Ghent' }, { place: 'Lille' }] },
    });
    await form.user.click(screen.getByRole('button', { name: 'Add: Return address' }));
    expect(form.value().returnTo).toEqual({});
    await form.user.click(screen.getByRole('button', { name: 'Remove Return address' }));
    expect('returnTo' in form.value()).toBe(false);
    await form.user.click(screen.getByRole('button', { name: 'Move Lille up' }));
    expect(form.value().stops).toEqual([{ place: 'Lille' }, { place: 'Ghent' }]);
    await form.user.click(screen.getByRole('button', { name: 'Remove Lille' }));
    expect(form.value().stops).toEqual([{ place: 'Ghent' }]);
    await form.user.click(screen.getByRole('button', { name: 'Remove Ghent' }));
    expect('stops' in form.value()).toBe(false);
  });

  test('can say an empty list where that differs from none, and only there', async () => {
    const form = renderForm(typeNamed('node response'), { value: { status: 302 } });
    await form.user.click(screen.getByRole('button', { name: 'More settings' }));
    const onlyPaths = () => screen.getByRole<HTMLInputElement>('checkbox', { name: /Allow no other host/ });
    expect(onlyPaths().checked).toBe(false);
    await form.user.click(onlyPaths());
    expect(form.value().allowedHosts).toEqual([]);
    await form.user.click(onlyPaths());
    expect('allowedHosts' in form.value()).toBe(false);
    const input = findField('allowedHosts')?.querySelector<HTMLInputElement>('input:not([type=checkbox], [type=hidden])');
    if (!input) throw new Error('The list is not shown.');
    await form.user.type(input, 'shop.example.com{Enter}');
    expect(form.value().allowedHosts).toEqual(['shop.example.com']);
    expect(onlyPaths().disabled).toBe(true);
    renderForm(typeNamed('node http-request'), { value: {} });
    expect(screen.getAllByRole('checkbox', { name: /Allow no other host/ })).toHaveLength(1);
  });

  test('keeps what its schema does not know until somebody removes it', async () => {
    const form = renderForm(typeNamed('node end'), { value: { status: 'failed', colour: { of: 'old' } } });
    await form.user.click(screen.getByRole('radio', { name: 'Succeeded' }));
    expect(form.value()).toEqual({ status: 'succeeded', colour: { of: 'old' } });
    await form.user.click(screen.getByRole('button', { name: 'Remove colour' }));
    expect(form.value()).toEqual({ status: 'succeeded' });
  });

  test('remembers what was typed in each variant', async () => {
    const form = renderForm(typeNamed('node parcel'), { value: { payment: { by: 'invoice', number: '42' } } });
    await form.user.click(screen.getByRole('radio', { name: 'Card' }));
    expect(form.value().payment).toEqual({ by: 'card' });
    await form.user.click(screen.getByRole('radio', { name: 'Invoice' }));
    expect(form.value().payment).toEqual({ by: 'invoice', number: '42' });
    await form.user.click(within(screen.getByRole('radiogroup', { name: 'Payment' })).getByRole('radio', { name: 'None' }));
    expect('payment' in form.value()).toBe(false);
  });

  test('shows a variable in the place of a number, and takes one there', async () => {
    const form = renderForm(typeNamed('node response'), { value: { status: '{{$nodes.check}}' } });
    await form.user.click(screen.getByRole('button', { name: 'Use a fixed number' }));
    expect(form.value()).toEqual({});
    await enterText(form.user, screen.getByLabelText('Status'), '404');
    expect(form.value()).toEqual({ status: 404 });
    await form.user.click(screen.getByRole('button', { name: 'Use a variable for Status' }));
    await enterText(
      form.user,
      screen.getByLabelText('Status', { selector: 'input, textarea, [role=textbox]' }),
      '{{$nodes.other}}',
    );
    expect(form.value()).toEqual({ status: '{{$nodes.other}}' });
  });

  test('takes durations and sizes in a unit, and keeps milliseconds and bytes', async () => {
    const form = renderForm(typeNamed('node parcel'), { value: { holdMs: 120_000 } });
    const input = screen.getByLabelText('Hold back');
    expect(input).toHaveProperty('value', '2');
    expect(screen.getByRole('combobox', { name: 'Unit of Hold back' })).toHaveProperty('value', 'minutes');
    await enterText(form.user, input, '3');
    expect(form.value().holdMs).toBe(180_000);
    await form.user.click(screen.getByRole('combobox', { name: 'Unit of Hold back' }));
    await form.user.click(screen.getByRole('option', { name: 'hours' }));
    expect(form.value().holdMs).toBe(10_800_000);
    await enterText(form.user, input, '48');
    expect(screen.getByText('From 0 seconds to 1 day.')).toBeDefined();
  });

  test('says of a secret that it is set, keeps it while nothing is written, and takes a named one', async () => {
    const type = typeNamed('node http-request');
    const form = renderForm(type, { value: { url: 'x', auth: { type: 'bearer' } } });
    expect(tokenInput()).toHaveProperty('value', 'Is set');
    await form.user.click(screen.getByRole('button', { name: 'Replace Token' }));
    await enterText(form.user, tokenInput(), 'new token');
    expect(form.value().auth).toEqual({ type: 'bearer', token: 'new token' });
    await form.user.clear(tokenInput());
    expect(form.value().auth).toEqual({ type: 'bearer' });
    await form.user.click(screen.getByRole('button', { name: 'Use a stored secret for Token' }));
    await form.user.click(screen.getByRole('menuitem', { name: 'SHOP_KEY' }));
    expect(form.value().auth).toEqual({ type: 'bearer', token: '{{$secrets.SHOP_KEY}}' });
    expect(tokenInput()).toHaveProperty('value', 'Stored secret: SHOP_KEY');
  });

  describe('a secret that may be absent', () => {
    const value = { to: { type: 'url', url: 'https://example.com/' }, data: 1 };
    const render = (stored: readonly string[]) => renderForm(typeNamed('node send-webhook'), { value, stored });
    const secretInput = () => screen.getByLabelText(/^Signing key/, { selector: 'input' });

    test('is removed with a null, which can be undone before it is saved', async () => {
      const form = render(['to.secret']);
      expect(secretInput()).toHaveProperty('value', 'Is set');
      await form.user.click(screen.getByRole('button', { name: 'Remove Signing key' }));
      expect(form.value().to).toEqual({ ...value.to, secret: null });
      expect(secretInput()).toHaveProperty('value', 'Removed when you save');
      expect(screen.getByText(/what is stored is taken away/)).toBeDefined();
      const undo = screen.getByRole('button', { name: 'Keep Signing key' });
      expect(document.activeElement).toBe(undo);
      await form.user.click(undo);
      expect(form.value().to).toEqual(value.to);
      expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Remove Signing key' }));
    });

    test('has nothing to be removed when none is set, also once it has been saved', async () => {
      const form = render([]);
      expect(screen.queryByRole('button', { name: 'Remove Signing key' })).toBeNull();
      form.unmount();
      renderForm(typeNamed('node send-webhook'), { value: { ...value, to: { ...value.to, secret: null } }, stored: [] });
      expect(secretInput()).toHaveProperty('value', '');
      expect(secretInput()).toHaveProperty('readOnly', false);
    });
  });

  test('never offers to remove a secret that is required', () => {
    renderForm(typeNamed('node http-request'), { value: { url: 'x', auth: { type: 'bearer' } }, stored: ['auth.token'] });
    expect(tokenInput()).toHaveProperty('value', 'Is set');
    expect(screen.queryByRole('button', { name: 'Remove Token' })).toBeNull();
  });

  test('does not say that a secret is set when the server says that it is missing', () => {
    renderForm(typeNamed('node http-request'), {
      value: { url: 'x', auth: { type: 'bearer' } },
      problems: [{ path: 'auth.token', message: 'must be entered', severity: 'error' }],
    });
    expect(tokenInput()).toHaveProperty('value', '');
  });

  test('shows a value that its field cannot hold as it is', async () => {
    const form = renderForm(typeNamed('node http-request'), { value: { headers: '{{$nodes.headers}}', method: 'TRACE' } });
    const box = findField('headers');
    if (box === undefined) throw new Error('The headers are not shown.');
    expect(textIn(within(box).getByLabelText('Headers'))).toBe('{{$nodes.headers}}');
    await form.user.click(within(box).getByRole('button', { name: 'Start anew' }));
    expect(form.value()).toEqual({ method: 'TRACE' });
  });

  test('leaves templates alone where they would do nothing', () => {
    renderForm(typeNamed('trigger webhook'));
    expect(screen.queryByRole('button', { name: /Use a variable/ })).toBeNull();
  });
});
