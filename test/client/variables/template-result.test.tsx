// @vitest-environment jsdom
import { act, screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { TemplateInput } from '../../../client/src/variables/template-input.tsx';
import { ValueInput } from '../../../client/src/variables/value-input.tsx';
import { type VariableSource, VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import { renderPart } from '../render.tsx';
import { EDITOR, prepareOrders, queriesOf } from './ran-orders.ts';
import { editorOf, moveTo, typeInto } from './typing.ts';

const orders = prepareOrders();

function Kept({ initial, ...props }: { readonly initial: string; readonly error?: string; readonly hasResult?: boolean }) {
  const [value, setValue] = useState(initial);
  return <TemplateInput label="Subject" {...props} value={value} onChange={setValue} />;
}

function KeptValue({ initial }: { readonly initial: unknown }) {
  const [value, setValue] = useState(initial);
  return <ValueInput label="Subject" value={value} onChange={setValue} />;
}

async function renderField(field: React.ReactNode, change: Partial<VariableSource> = {}, permissions = EDITOR) {
  const known = await orders.source(change);
  const queries = queriesOf(permissions);
  return { ...renderPart(<VariablesProvider value={known}>{field}</VariablesProvider>, { queries }), queries };
}

const find = () => screen.queryByRole('group', { name: 'Result of Subject' });
const result = () => screen.getByRole('group', { name: 'Result of Subject' });

it('shows the text that comes of it, marks what is old, and shows all of it on demand', async () => {
  const { user } = await renderField(<Kept initial="For {{$context.body.customer}}: {{$nodes.sum}}" />);
  await waitFor(() => expect(within(result()).getByText('For Ada: 10.75')).toBeDefined());
  expect(within(result()).queryByText(/Values from the last run/)).toBeNull();
  const view = editorOf('Subject');
  moveTo(view, view.state.doc.length);
  typeInto(view, ' euro');
  expect(result().dataset.stale).toBe('true');
  await waitFor(() => expect(within(result()).getByText('For Ada: 10.75 euro')).toBeDefined());
  expect(result().dataset.stale).toBeUndefined();
  const whole = screen.getByRole('button', { name: 'Show all of the result of Subject' });
  expect(whole.getAttribute('aria-expanded')).toBe('false');
  await user.click(whole);
  expect(whole.getAttribute('aria-expanded')).toBe('true');
  expect(within(result()).getByText(/Values from the last run/)).toBeDefined();
  // All of it, once.
  expect(within(result()).getByText('For Ada: 10.75 euro')).toBeDefined();
});

it('keeps the value of one variable alone, and says when there is none', async () => {
  const { user, unmount } = await renderField(<Kept initial="{{$context.body.items}}" />);
  await waitFor(() => expect(within(result()).getByText('[{"price":4.5},{"price":6.25}]')).toBeDefined());
  expect(within(result()).getByText('list')).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Show all of the result of Subject' }));
  expect(screen.getByRole('tree', { name: 'Result of Subject' })).toBeDefined();
  unmount();
  await renderField(<Kept initial="{{$context.body.nothing}}" />);
  await waitFor(() => expect(within(result()).getByText('no value')).toBeDefined());
});

it('fills in JSON too', async () => {
  await renderField(<KeptValue initial={{ for: '{{$context.body.customer}}', of: 1 }} />);
  await waitFor(() => expect(within(result()).getByText('{"for":"Ada","of":1}')).toBeDefined());
});

it('goes on when a text becomes JSON', async () => {
  const known = await orders.source();
  const field = (value: unknown) => (
    <VariablesProvider value={known}>
      <ValueInput label="Subject" value={value} onChange={() => undefined} />
    </VariablesProvider>
  );
  const { rerender } = renderPart(field('For {{$context.body.customer}}'), { queries: queriesOf(EDITOR) });
  await waitFor(() => expect(within(result()).getByText('For Ada')).toBeDefined());
  rerender(field({ for: '{{$context.body.customer}}' }));
  await waitFor(() => expect(within(result()).getByText('{"for":"Ada"}')).toBeDefined());
  rerender(field('To {{$context.body.customer}}'));
  await waitFor(() => expect(within(result()).getByText('To Ada')).toBeDefined());
});

it('shows the names of secrets instead of their values', async () => {
  await orders.addSecret('SHOP_KEY', 'a long and secret value');
  await renderField(<Kept initial="Bearer {{$secrets.SHOP_KEY}}" />);
  await waitFor(() => expect(within(result()).getByText('Bearer [secret SHOP_KEY]')).toBeDefined());
});

it('says what is wrong, unless the field does so already', async () => {
  const { unmount } = await renderField(<Kept initial="{{$secrets.NOBODY}}" />);
  await waitFor(() => expect(within(result()).getByText(/NOBODY/)).toBeDefined());
  unmount();
  const { queries } = await renderField(<Kept initial="{{$secrets.NOBODY}}" error="There is no such secret." />);
  await waitFor(() => {
    const answers = queries.getQueryCache().findAll({ queryKey: ['evaluation'] });
    expect(answers.map(({ state }) => state.status)).toEqual(['success']);
  });
  expect(find()).toBeNull();
});

it.each([
  ['a text without variables', <Kept key="plain" initial="Hello" />],
  ['a field that is empty', <Kept key="empty" initial="" />],
  ['a place without room', <Kept key="cell" initial="{{$nodes.sum}}" hasResult={false} />],
])('asks and shows nothing for %s', async (_what, field) => {
  const { queries } = await renderField(field);
  const asked = queries.getQueryCache().findAll({ queryKey: ['evaluation'] });
  expect(asked.map(({ state }) => state.fetchStatus).filter((status) => status !== 'idle')).toEqual([]);
  expect(find()).toBeNull();
});

it('asks nothing before there is any data, and nothing for somebody who may not run anything', async () => {
  const { learned } = await orders.source();
  if (learned === undefined) throw new Error('Nothing is known.');
  const unknown = { learned: { ...learned, execution: null, variables: { context: null, request: null, nodes: {} } } };
  for (const [change, permissions] of [
    [unknown, EDITOR],
    [{}, ['executions:read']],
  ] as const) {
    const { queries, unmount } = await renderField(<Kept initial="{{$nodes.sum}}" />, change, [...permissions]);
    const asked = queries.getQueryCache().findAll({ queryKey: ['evaluation'] });
    expect(asked.map(({ state }) => state.fetchStatus)).toEqual(['idle']);
    expect(find()).toBeNull();
    unmount();
  }
});

it('is gone with the last variable', async () => {
  await renderField(<Kept initial="{{$nodes.sum}}" />);
  await waitFor(() => expect(within(result()).getByText('10.75')).toBeDefined());
  const view = editorOf('Subject');
  act(() => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: 'none' } }));
  expect(find()).toBeNull();
});
