// @vitest-environment jsdom
import { act, screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { TestNode } from '../../../client/src/variables/test-node.tsx';
import { VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import type { Node } from '../../../src/engine/model.ts';
import { renderPart } from '../render.tsx';
import { document, EDITOR, prepareOrders, queriesOf } from './ran-orders.ts';
import { editorOf, moveTo, typeInto } from './typing.ts';

const orders = prepareOrders();

async function renderTest(node: Node, permissions = EDITOR) {
  const known = await orders.source({ nodeKey: node.key });
  return renderPart(
    <VariablesProvider value={known}>
      <TestNode node={node} mode="sync" workflowId={orders.workflowId} />
    </VariablesProvider>,
    { queries: queriesOf(permissions) },
  );
}

const [, answer] = document.nodes;

it('tests a node with the data of the last run, and shows its reply and filled-in configuration', async () => {
  if (!answer) throw new Error('There is no such node.');
  const { user } = await renderTest(answer);
  expect(JSON.parse(editorOf('Input').state.sliceDoc())).toEqual({
    context: { body: { customer: 'Ada' } },
    nodes: { sum: 10.75 },
  });
  await user.click(screen.getByRole('button', { name: 'Test this step' }));
  await waitFor(() => expect(screen.getByText('Succeeded')).toBeDefined());
  expect(screen.getByText('x-total: 10.75')).toBeDefined();
  expect(within(screen.getByRole('tree', { name: 'Reply to the caller' })).getByText('"Ada"')).toBeDefined();
  await user.click(screen.getByRole('button', { name: 'Configuration with the variables filled in' }));
  expect(within(screen.getByRole('tree', { name: 'Configuration with the variables filled in' })).getByText('201')).toBeDefined();
});

it('tests a node with data that somebody writes, and shows what goes wrong', async () => {
  const { user } = await renderTest({ key: 'x', type: 'variable', config: { value: '{{$nodes.sum}}' } });
  const input = editorOf('Input');
  act(() => input.dispatch({ changes: { from: 0, to: input.state.doc.length, insert: '{"nodes":{"sum":' } }));
  expect(screen.getByText('This must be a JSON object.')).toBeDefined();
  expect(screen.getByRole('button', { name: 'Test this step' }).getAttribute('aria-disabled')).toBe('true');
  moveTo(input, input.state.doc.length);
  typeInto(input, '"mine"}}');
  await user.click(screen.getByRole('button', { name: 'Test this step' }));
  await waitFor(() => expect(screen.getByText('"mine"', { selector: '[data-type]' })).toBeDefined());
  await user.click(screen.getByRole('button', { name: 'Take the data of the run again' }));
  expect(JSON.parse(input.state.sliceDoc())).toEqual({ nodes: { sum: 10.75 } });
});

it('takes the data of another run', async () => {
  if (!answer) throw new Error('There is no such node.');
  const { user } = await renderTest(answer);
  const choice = screen.getByRole('combobox', { name: 'Data of' });
  await user.click(choice);
  const runs = await screen.findAllByRole('option', { name: /Succeeded/ });
  expect(runs).toHaveLength(2);
  const [, earlier] = runs;
  if (earlier) await user.click(earlier);
  await waitFor(() =>
    expect(JSON.parse(editorOf('Input').state.sliceDoc())).toMatchObject({ context: { body: { customer: 'Grace' } } }),
  );
});

it('takes what a loop gave to the first round of another run, or to a chosen one', async () => {
  const node: Node = { key: 'text', type: 'variable', config: { value: '{{$scopes.each.item.price}}: {{$nodes.double}}' } };
  const { user } = renderPart(
    <VariablesProvider value={await orders.loopSource('text')}>
      <TestNode node={node} mode="sync" workflowId={orders.loopId} />
    </VariablesProvider>,
    { queries: queriesOf(EDITOR) },
  );
  const input = () => JSON.parse(editorOf('Input').state.sliceDoc());
  expect(screen.queryByRole('combobox', { name: 'Round of the loop' })).toBeNull();
  await user.click(screen.getByRole('combobox', { name: 'Data of' }));
  const [, earlier] = await screen.findAllByRole('option', { name: /Succeeded/ });
  if (earlier) await user.click(earlier);
  await waitFor(() => expect(input()).toEqual({ nodes: { double: 9 }, scopes: { each: { item: { price: 4.5 } } } }));
  await user.click(screen.getByRole('combobox', { name: 'Round of the loop' }));
  await user.click(await screen.findByRole('option', { name: 'Round 2 – Succeeded' }));
  await waitFor(() => expect(input()).toEqual({ nodes: { double: 12.5 }, scopes: { each: { item: { price: 6.25 } } } }));
  await user.click(screen.getByRole('button', { name: 'Test this step' }));
  await waitFor(() => expect(screen.getByText('"6.25: 12.5"', { selector: '[data-type]' })).toBeDefined());
});

it('does nothing outside before somebody has agreed', async () => {
  const node: Node = { key: 'x', type: 'http-request', config: { url: 'http://127.0.0.1:1/' } };
  const { user } = await renderTest(node);
  const button = screen.getByRole('button', { name: 'Test this step' });
  expect(screen.getByText('Agree to the effect first.')).toBeDefined();
  await user.click(button);
  expect(screen.queryByRole('region', { name: 'Result' })).toBeNull();
  await user.click(screen.getByRole('checkbox', { name: 'Yes, really do it' }));
  await user.click(button);
  await waitFor(() => expect(screen.getByText('address_not_allowed')).toBeDefined());
});

it('runs nothing for somebody who may not', async () => {
  if (!answer) throw new Error('There is no such node.');
  const { user } = await renderTest(answer, ['executions:read']);
  await user.click(screen.getByRole('button', { name: 'Test this step' }));
  expect(screen.getByText('Your role may not run anything.')).toBeDefined();
  expect(screen.queryByRole('region', { name: 'Result' })).toBeNull();
});
