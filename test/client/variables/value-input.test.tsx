// @vitest-environment jsdom
import { act, screen } from '@testing-library/react';
import fc from 'fast-check';
import { useState } from 'react';
import { expect, it, vi } from 'vitest';
import { ValueInput } from '../../../client/src/variables/value-input.tsx';
import { convertValue, kindOf, VALUE_KINDS } from '../../../client/src/variables/value-kind.ts';
import { VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import { renderPart } from '../render.tsx';
import { orderSource } from './source.ts';
import { chipTexts, editorOf, moveTo, typeInto } from './typing.ts';

function Kept({ initial, onChange }: { readonly initial: unknown; readonly onChange: (value: unknown) => void }) {
  const [value, setValue] = useState(initial);
  return (
    <VariablesProvider value={orderSource('last')}>
      <ValueInput
        label="Content"
        value={value}
        onChange={(next) => {
          setValue(next);
          onChange(next);
        }}
      />
    </VariablesProvider>
  );
}

function renderValue(initial: unknown) {
  const onChange = vi.fn<(value: unknown) => void>();
  return { ...renderPart(<Kept initial={initial} onChange={onChange} />), onChange };
}

it('holds text with chips', () => {
  const { onChange } = renderValue('a {{$nodes.sum}}');
  const view = editorOf('Content');
  expect(chipTexts(view)).toEqual(['Total']);
  moveTo(view, 0);
  typeInto(view, 'b');
  expect(onChange).toHaveBeenLastCalledWith('ba {{$nodes.sum}}');
});

it('makes JSON of pasted JSON, and nothing else', () => {
  const { onChange } = renderValue(undefined);
  typeInto(editorOf('Content'), '{"received":"{{$nodes.sum}}"}');
  expect(onChange).toHaveBeenLastCalledWith({ received: '{{$nodes.sum}}' });
  expect(screen.getByRole('button', { name: 'Kind of Content: Object' })).toBeDefined();
  expect(chipTexts(editorOf('Content'))).toEqual(['Total']);
});

it('takes typed braces for the text that they are', () => {
  const { onChange } = renderValue('');
  const view = editorOf('Content');
  for (const letter of '[]') typeInto(view, letter);
  expect(onChange).toHaveBeenLastCalledWith('[]');
});

it('tells of JSON that is not finished, and keeps what was valid', () => {
  const { onChange } = renderValue({ a: 1 });
  const view = editorOf('Content');
  moveTo(view, view.state.doc.length - 1);
  typeInto(view, ', "b"');
  expect(onChange).not.toHaveBeenCalled();
  expect(screen.getByText(/This is not JSON yet/)).toBeDefined();
  typeInto(view, ': 2');
  expect(onChange).toHaveBeenLastCalledWith({ a: 1, b: 2 });
  expect(screen.queryByText(/This is not JSON yet/)).toBeNull();
  // What is laid out by hand stays so.
  expect(view.state.sliceDoc()).toContain('\n, "b": 2}');
});

it('inserts variables into JSON as JSON', async () => {
  const { onChange, user } = renderValue({ a: 'x' });
  const view = editorOf('Content');
  const insert = async (): Promise<void> => {
    await user.click(screen.getByRole('button', { name: 'Insert a variable into Content' }));
    await user.type(await screen.findByRole('textbox', { name: 'Search variables' }), 'x-a.b{Enter}');
  };
  moveTo(view, view.state.sliceDoc().indexOf('x') + 1);
  await insert();
  expect(onChange).toHaveBeenLastCalledWith({ a: 'x{{$request.headers["x-a.b"]}}' });
  const from = view.state.sliceDoc().indexOf('"x');
  moveTo(view, from, view.state.sliceDoc().lastIndexOf('"') + 1);
  await insert();
  expect(onChange).toHaveBeenLastCalledWith({ a: '{{$request.headers["x-a.b"]}}' });
  expect(chipTexts(view)).toHaveLength(1);
});

it('changes the kind of a value', async () => {
  const { onChange, user } = renderValue('12');
  const choose = async (name: string): Promise<void> => {
    await user.click(screen.getByRole('button', { name: /^Kind of Content/ }));
    await user.click(await screen.findByRole('menuitemradio', { name }));
  };
  await choose('Number');
  expect(onChange).toHaveBeenLastCalledWith(12);
  await user.type(screen.getByRole('textbox', { name: 'Content' }), '5');
  expect(onChange).toHaveBeenLastCalledWith(125);
  await choose('Yes or no');
  await user.click(screen.getByRole('radio', { name: 'Yes' }));
  expect(onChange).toHaveBeenLastCalledWith(true);
  await choose('List');
  expect(onChange).toHaveBeenLastCalledWith([true]);
  await choose('Empty');
  expect(onChange).toHaveBeenLastCalledWith(null);
});

it('converts every value to every kind, and keeps what is of the kind already', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...VALUE_KINDS), (value, kind) => {
      expect(kindOf(convertValue(value, kind))).toBe(kind);
      expect(convertValue(value, kindOf(value))).toBe(value);
    }),
  );
});

it('shows a value without changing it', () => {
  const onChange = vi.fn();
  const field = (value: unknown) => (
    <VariablesProvider value={orderSource('last')}>
      <ValueInput label="Content" value={value} onChange={onChange} />
    </VariablesProvider>
  );
  const { rerender } = renderPart(field(undefined));
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
      act(() => rerender(field(value)));
      expect(onChange).not.toHaveBeenCalled();
    }),
    { numRuns: 40 },
  );
});
