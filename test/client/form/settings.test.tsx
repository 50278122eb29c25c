// @vitest-environment jsdom
// What every node and every workflow can be set to.

import { screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { NodeSettings } from '../../../client/src/form/node-settings.tsx';
import { WorkflowSettings } from '../../../client/src/form/workflow-settings.tsx';
import { type Document, type Node, nodeSchema, type Settings, settingsSchema } from '../../../src/engine/model.ts';
import { renderPart } from '../render.tsx';
import { enterText } from './fill.ts';
import { Keeper, queriesOfEditor } from './support.tsx';

const other: Node = { key: 'other', type: 'end', config: {} };

function renderNode(initial: Node) {
  const renames: string[] = [];
  let current = initial;
  const documentOf = (node: Node): Document => ({
    trigger: { type: 'webhook', config: {} },
    nodes: [{ key: 'outer', type: 'condition', config: {}, branches: { true: [node, other] } }],
  });
  const rendered = renderPart(
    <Keeper
      initial={initial}
      onChange={(next) => {
        current = next;
      }}
    >
      {(node, change) => (
        <NodeSettings
          node={node}
          document={documentOf(node)}
          mode="async"
          problems={[{ path: 'retry.factor', message: 'must be at most 10', severity: 'error' }]}
          onChange={(part) => change({ ...node, ...part })}
          onRename={(key) => {
            renames.push(key);
            change({ ...node, key });
          }}
        />
      )}
    </Keeper>,
  );
  return { ...rendered, renames, node: () => current };
}

test('a node gets a title, and what happens when it fails', async () => {
  const form = renderNode({ key: 'fetch', type: 'http-request', config: {} });
  await enterText(form.user, screen.getByLabelText('Title'), 'Fetch the order');
  await form.user.click(screen.getByRole('combobox', { name: 'If this step fails' }));
  await form.user.click(screen.getByRole('option', { name: 'Take a branch for failures' }));
  await form.user.click(screen.getByRole('button', { name: 'Add: Try again by itself' }));
  await enterText(form.user, screen.getByLabelText('First pause'), '5');
  expect(form.node()).toMatchObject({ title: 'Fetch the order', onFailure: 'branch', retry: { attempts: 3, delayMs: 5_000 } });
  expect(nodeSchema.safeParse(form.node()).success).toBe(true);
  // Its place is under "More settings", which the problem has opened.
  expect(screen.getByText('Must be at most 10.')).toBeDefined();
});

test('a key counts when one leaves its field, if it is valid and free', async () => {
  const form = renderNode({ key: 'fetch', type: 'http-request', config: {} });
  const key = (): HTMLElement => screen.getByLabelText('Short name');
  await enterText(form.user, key(), 'other');
  expect(screen.getByText('Another step has this name.')).toBeDefined();
  await form.user.tab();
  expect(form.renames).toEqual([]);
  expect(key()).toHaveProperty('value', 'fetch');
  await enterText(form.user, key(), '1st');
  expect(screen.getByText(/^Begin with a letter/)).toBeDefined();
  await enterText(form.user, key(), 'order');
  expect(form.renames).toEqual([]);
  await form.user.keyboard('{Enter}');
  expect(form.renames).toEqual(['order']);
});

test('settings of a workflow are set, and gone when nothing is set', async () => {
  let current: Settings | undefined;
  const { user } = renderPart(
    <Keeper<Settings | undefined>
      initial={undefined}
      onChange={(next) => {
        current = next;
      }}
    >
      {(value, change) => <WorkflowSettings mode="async" workflowId="w1" value={value} problems={[]} onChange={change} />}
    </Keeper>,
    { queries: queriesOfEditor() },
  );
  await user.click(screen.getByRole('combobox', { name: 'If it fails, start' }));
  await user.click(screen.getByRole('option', { name: 'Warn somebody' }));
  await enterText(user, screen.getByLabelText('Longest time'), '90');
  await user.click(screen.getByRole('button', { name: 'Add: Limit how many run at once' }));
  await enterText(user, screen.getByLabelText('At once'), '2');
  expect(current).toEqual({ timeoutMs: 90_000, onFailureWorkflow: 'w2', concurrency: { limit: 2 } });
  expect(settingsSchema.safeParse(current).success).toBe(true);
  await user.click(screen.getByRole('button', { name: 'Remove Limit how many run at once' }));
  await user.clear(screen.getByLabelText('Longest time'));
  expect(current).toEqual({ onFailureWorkflow: 'w2' });
});

test('a sync workflow is not offered what only the background has', () => {
  renderPart(<WorkflowSettings mode="sync" workflowId="w1" value={undefined} problems={[]} onChange={() => undefined} />, {
    queries: queriesOfEditor(),
  });
  expect(screen.queryByText('Limit how many run at once')).toBeNull();
});
