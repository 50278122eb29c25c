// @vitest-environment jsdom
import { acceptCompletion } from '@codemirror/autocomplete';
import { deleteCharBackward } from '@codemirror/commands';
import { act, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, it, vi } from 'vitest';
import { TemplateInput, type TemplateInputProps } from '../../../client/src/variables/template-input.tsx';
import { type VariableSource, VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import { PATIENCE } from '../../patience.ts';
import { renderPart } from '../render.tsx';
import { orderSource } from './source.ts';
import { chipTexts, editorOf, moveTo, offered, typeInto } from './typing.ts';

function Kept({ onChange, ...props }: Partial<TemplateInputProps> & { readonly onChange: (value: string) => void }) {
  const [value, setValue] = useState(props.value ?? '');
  return (
    <TemplateInput
      label="Subject"
      {...props}
      value={value}
      onChange={(next) => {
        onChange(next);
        setValue(next);
      }}
    />
  );
}

function renderInput(props: Partial<TemplateInputProps>, source: VariableSource | null = orderSource('last')) {
  const onChange = vi.fn<(value: string) => void>();
  const input = <Kept {...props} onChange={onChange} />;
  const part = renderPart(source ? <VariablesProvider value={source}>{input}</VariablesProvider> : input);
  return { ...part, onChange, view: editorOf('Subject') };
}

it('shows templates as chips with their names, and marks those that cannot be there', () => {
  const { view } = renderInput({ value: 'Order {{$context.body.payment.status}}, {{ $nodes.nobody }} and {{$nodes.sum}}' });
  expect(chipTexts(view)).toEqual(['Status', 'nobody', 'Total']);
  expect([...view.contentDOM.querySelectorAll<HTMLElement>('.hl-chip')].map(({ dataset }) => dataset.problem)).toEqual([
    undefined,
    'unknown_node',
    undefined,
  ]);
});

it('deletes a chip with one Backspace', () => {
  const { view, onChange } = renderInput({ value: 'a {{$nodes.sum}}' });
  moveTo(view, view.state.doc.length);
  act(() => void deleteCharBackward(view));
  expect(onChange).toHaveBeenLastCalledWith('a ');
});

it('makes a chip of a template as soon as it is complete', () => {
  const { view, onChange } = renderInput({});
  typeInto(view, '{{$nodes.sum');
  expect(chipTexts(view)).toEqual([]);
  typeInto(view, '}}');
  expect(chipTexts(view)).toEqual(['Total']);
  expect(onChange).toHaveBeenLastCalledWith('{{$nodes.sum}}');
});

it.each(['{{', '/', '/sta', '{{payment.st'])('offers variables behind %j, and puts the chosen one there', async (typed) => {
  const { view, onChange } = renderInput({ value: 'Is ' });
  moveTo(view, 3);
  typeInto(view, typed);
  const labels = await offered(view);
  expect(labels).toContain('Status');
  if (!typed.includes('sta')) return;
  expect(labels[0]).toBe('Status');
  await vi.waitFor(() => expect(acceptCompletion(view)).toBe(true), PATIENCE);
  expect(onChange).toHaveBeenLastCalledWith('Is {{$context.body.payment.status}}');
});

it('offers a list that is reached by keys and keeps the focus in the field', async () => {
  const { view } = renderInput({ value: '' });
  typeInto(view, '{{');
  await offered(view);
  const list = await screen.findByRole('listbox');
  await vi.waitFor(() => expect(list.tabIndex).toBe(0), PATIENCE);
  expect(view.hasFocus).toBe(true);
  typeInto(view, 'pay');
  await vi.waitFor(() => expect(screen.getByRole('listbox').tabIndex).toBe(0), PATIENCE);
  expect(view.hasFocus).toBe(true);
});

it('inserts from the list of variables in place of what is selected', async () => {
  const { view, onChange, user } = renderInput({ value: 'a b c' });
  moveTo(view, 2, 3);
  await user.click(screen.getByRole('button', { name: 'Insert a variable into Subject' }));
  await user.type(await screen.findByRole('textbox', { name: 'Search variables' }), 'total{Enter}');
  expect(onChange).toHaveBeenLastCalledWith('a {{$nodes.sum}} c');
  expect(view.hasFocus).toBe(true);
});

it('shows the raw text on demand', async () => {
  const { view, user } = renderInput({ value: 'a {{$nodes.sum}}' });
  const toggle = screen.getByRole('button', { name: 'Show Subject as plain text' });
  await user.click(toggle);
  expect(chipTexts(view)).toEqual([]);
  expect(view.contentDOM.textContent).toBe('a {{$nodes.sum}}');
  expect(toggle.getAttribute('aria-pressed')).toBe('true');
  await user.click(toggle);
  expect(chipTexts(view)).toEqual(['Total']);
});

it('names a chip anew when the workflow changes', () => {
  const { view, rerender } = renderInput({ value: '{{$nodes.sum}}' });
  const source = orderSource('last');
  const nodes = source.document.nodes.map((node) => (node.key === 'sum' ? { ...node, title: 'Amount' } : node));
  rerender(
    <VariablesProvider value={{ ...source, document: { ...source.document, nodes } }}>
      <Kept onChange={() => undefined} value="{{$nodes.sum}}" />
    </VariablesProvider>,
  );
  expect(chipTexts(view)).toEqual(['Amount']);
});

it('adds no lines in a field of one line, and makes one line of what is pasted', async () => {
  const { view, user, onChange } = renderInput({ value: 'a' });
  await user.click(view.contentDOM);
  moveTo(view, 1);
  await user.keyboard('{Enter}');
  expect(onChange).not.toHaveBeenCalled();
  act(() => view.dispatch(view.state.replaceSelection('b\n  c\n'), { userEvent: 'input.paste' }));
  expect(onChange).toHaveBeenLastCalledWith('ab c');
});

it('says to screen readers what it is, what is wrong, and lets Tab go on', async () => {
  const { view, user } = renderInput({ error: 'Is missing.', required: true, description: 'What it is about' });
  const box = view.contentDOM;
  const described = box.getAttribute('aria-describedby')?.split(' ') ?? [];
  expect(described.map((id) => document.getElementById(id)?.textContent)).toEqual(['What it is about', 'Is missing.']);
  expect(box.getAttribute('aria-invalid')).toBe('true');
  expect(box.getAttribute('aria-required')).toBe('true');
  expect(box.getAttribute('aria-multiline')).toBe('false');
  view.focus();
  await user.tab();
  expect(view.hasFocus).toBe(false);
});

it('cannot be changed when it is for reading', () => {
  const { view } = renderInput({ value: 'a', readOnly: true });
  expect(view.state.readOnly).toBe(true);
  expect(screen.queryByRole('button')).toBeNull();
});

it('takes a new value from outside without telling it back', () => {
  const onChange = vi.fn();
  const { rerender } = renderPart(<TemplateInput label="Subject" value="one" onChange={onChange} />);
  rerender(<TemplateInput label="Subject" value="two" onChange={onChange} />);
  expect(editorOf('Subject').state.sliceDoc()).toBe('two');
  expect(onChange).not.toHaveBeenCalled();
});

it('hides a secret, but not where it comes from', async () => {
  const onChange = vi.fn();
  const { user, rerender } = renderPart(
    <VariablesProvider value={orderSource('last')}>
      <TemplateInput label="Password" secret value="hidden" onChange={onChange} />
    </VariablesProvider>,
  );
  expect((screen.getByLabelText('Password') as HTMLInputElement).type).toBe('password');
  await user.click(screen.getByRole('button', { name: 'Insert a variable into Password' }));
  await user.type(await screen.findByRole('textbox', { name: 'Search variables' }), 'TOKEN{Enter}');
  expect(onChange).toHaveBeenCalledWith('{{$secrets.TOKEN}}');
  rerender(
    <VariablesProvider value={orderSource('last')}>
      <TemplateInput label="Password" secret value="{{$secrets.TOKEN}}" onChange={onChange} />
    </VariablesProvider>,
  );
  expect(chipTexts(editorOf('Password'))).toEqual(['TOKEN']);
});
