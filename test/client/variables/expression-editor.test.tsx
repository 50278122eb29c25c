// @vitest-environment jsdom
import { act, screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { expect, it } from 'vitest';
import { ExpressionEditor, type ExpressionEditorProps } from '../../../client/src/variables/expression-editor.tsx';
import { VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import { renderPart } from '../render.tsx';
import { EDITOR, prepareOrders, queriesOf } from './ran-orders.ts';
import { chipTexts, editorOf, moveTo, offered, typeInto } from './typing.ts';

const orders = prepareOrders();

function Kept(props: Pick<ExpressionEditorProps, 'engine'> & { readonly initial: string; readonly queried?: unknown }) {
  const [value, setValue] = useState(props.initial);
  return <ExpressionEditor label="Expression" engine={props.engine} value={value} onChange={setValue} source={props.queried} />;
}

async function renderExpression(
  engine: ExpressionEditorProps['engine'],
  initial: string,
  queried?: unknown,
  permissions = EDITOR,
) {
  const known = await orders.source();
  renderPart(
    <VariablesProvider value={known}>
      <Kept engine={engine} initial={initial} queried={queried} />
    </VariablesProvider>,
    { queries: queriesOf(permissions) },
  );
  return editorOf('Expression');
}

const result = () => screen.getByRole('group', { name: 'Result of Expression' });

it('shows what an expression gives on the data of the last run, and marks what is old', async () => {
  const view = await renderExpression('jsonata', '$context.body.customer');
  await waitFor(() => expect(within(result()).getByText('"Ada"')).toBeDefined());
  expect(within(result()).getByText(/Values from the last run/)).toBeDefined();
  moveTo(view, view.state.doc.length);
  typeInto(view, ' & "!"');
  expect(result().dataset.stale).toBe('true');
  expect(within(result()).getByText('Of what stood here before')).toBeDefined();
  await waitFor(() => expect(within(result()).getByText('"Ada!"')).toBeDefined());
  expect(result().dataset.stale).toBeUndefined();
});

it('shows what is wrong with an expression, and where', async () => {
  const view = await renderExpression('jsonata', '$sum(');
  await waitFor(() => expect(within(result()).getByText(/at character/)).toBeDefined());
  await waitFor(() => expect(view.contentDOM.querySelector('.cm-lintRange-error')).not.toBeNull());
});

it('has chips for the variables of formulas, and offers functions', async () => {
  const view = await renderExpression('formula', 'ROUND({{$nodes.sum}}, 1)');
  expect(chipTexts(view)).toEqual(['Total']);
  await waitFor(() => expect(within(result()).getByText('10.8')).toBeDefined());
  moveTo(view, view.state.doc.length);
  typeInto(view, ' + SUMPR');
  expect(await offered(view)).toContain('SUMPRODUCT');
});

it('works on the source of a query', async () => {
  const view = await renderExpression('jmespath', 'items[*].price', '{{$context.body}}');
  await waitFor(() => expect(within(result()).getByText('[4.5,6.25]')).toBeDefined());
  act(() => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: '' } }));
  typeInto(view, 'cust');
  expect(await offered(view)).toContain('customer');
});

it('asks nothing for somebody who may not run anything', async () => {
  const known = await orders.source();
  const queries = queriesOf(['executions:read']);
  renderPart(
    <VariablesProvider value={known}>
      <Kept engine="jsonata" initial="$context.body.customer" />
    </VariablesProvider>,
    { queries },
  );
  expect(screen.queryByRole('group', { name: 'Result of Expression' })).toBeNull();
  // The question is known and stays unasked, rather than merely not being answered yet.
  const questions = queries.getQueryCache().findAll({ queryKey: ['evaluation'] });
  expect(questions.map(({ state }) => state.fetchStatus)).toEqual(['idle']);
});
