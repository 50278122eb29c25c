// @vitest-environment jsdom
// The trigger's panel with a real server behind it.

import { screen, waitFor, within } from '@testing-library/react';
import { useState } from 'react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkflowJson } from '../../../../client/src/api/workflows.ts';
import { TriggerPanel, useTriggerState } from '../../../../client/src/editor/trigger/trigger-panel.tsx';
import { renderPart } from '../../render.tsx';
import { type DesignerServer, startDesignerServer } from '../server.ts';

let server: DesignerServer;
beforeAll(async () => {
  server = await startDesignerServer();
});
afterAll(() => server.stop());

const executions: string[] = [];

async function open(workflow: object, reader: Partial<WorkflowJson> = {}) {
  const created = await server.api('POST', '/api/workflows', {
    enabled: true,
    title: 'Payment callback',
    mode: 'sync',
    trigger: { type: 'webhook', config: {} },
    ...workflow,
  });
  const saved: WorkflowJson = { ...created.body, ...reader };
  const { id } = saved;
  const { triggers } = (await server.api('GET', '/api/plugins')).body;
  const type = triggers.find((one: { type: string }) => one.type === 'webhook');

  function Panel() {
    const [workflow, setWorkflow] = useState(saved);
    const [config, setConfig] = useState(saved.trigger.config);
    const state = useTriggerState(id);
    const isDirty = JSON.stringify(config) !== JSON.stringify(workflow.trigger.config);
    return (
      <TriggerPanel
        workflow={workflow}
        config={config}
        type={type}
        problems={[]}
        canWrite
        canCall
        isDirty={isDirty}
        state={state}
        onChange={setConfig}
        onSave={async () => {
          const answer = await server.api('PATCH', `/api/workflows/${id}`, { trigger: { type: 'webhook', config } });
          setWorkflow(answer.body);
          setConfig(answer.body.trigger.config);
          return answer.status === 200;
        }}
        onRotated={setWorkflow}
        onExecution={(execution) => executions.push(execution)}
      />
    );
  }
  return { ...renderPart(<Panel />), workflow: saved };
}

const replies = {
  nodes: [{ key: 'reply', type: 'response', config: { status: 201, body: { got: '{{$context.body.payment.id}}' } } }],
};

test('who may not see the URL is told so and why, and can copy nothing', async () => {
  const { user } = await open(replies, { hookKey: null, hookUrl: null });
  const shown = screen.getByLabelText('URL of this workflow');
  expect(shown).toHaveProperty('value', expect.stringMatching(/^Hidden; it ends with .{4}$/));
  expect(screen.getAllByText(/only people who may change workflows see it/)).toBeTruthy();
  const copy = screen.getByRole('button', { name: 'Copy URL of this workflow' });
  expect(copy.getAttribute('aria-disabled')).toBe('true');
  expect(copy.getAttribute('aria-description')).toMatch(/Whoever knows this URL/);
  expect(screen.queryByRole('button', { name: 'Ways to call it' })).toBeNull();
  await user.click(screen.getByRole('tab', { name: 'Variables' }));
  await user.click(await screen.findByText('Paste JSON'));
  expect(screen.getByLabelText('JSON body')).toBeTruthy();
});

test('a pasted JSON sample becomes variables, and a test call after saving is answered by the flow', async () => {
  const { user } = await open(replies);
  await user.click(screen.getByRole('tab', { name: 'Variables' }));
  await user.click(await screen.findByText('Paste JSON'));
  await user.click(screen.getByLabelText('JSON body'));
  await user.paste('{"payment":{"id":"pay_1","status":"paid"}}');
  await user.click(screen.getByRole('button', { name: 'Find the variables' }));
  await user.click(await screen.findByRole('checkbox', { name: /payment\.id/ }));
  await user.click(screen.getByRole('button', { name: 'Add 1 variable' }));
  expect(screen.getByDisplayValue('payment.id')).toBeTruthy();
  expect(screen.getByRole('checkbox', { name: /payment\.id added/ })).toHaveProperty('disabled', true);

  await user.click(screen.getByRole('tab', { name: 'Test call' }));
  await user.click(await screen.findByRole('button', { name: 'Save and call' }));
  const reply = await screen.findByRole('group', { name: 'The answer' });
  expect(within(reply).getByText('201')).toBeTruthy();
  expect(await within(reply).findByText(/"?got"?/)).toBeTruthy();
  const link = within(reply).getByRole('link', { name: 'Open the execution' });
  expect(executions.map((id) => `/executions/${id}`)).toContain(link.getAttribute('href'));
});

test('a sample that is not JSON is explained, and what was pasted stays', async () => {
  const { user } = await open(replies);
  await user.click(screen.getByRole('tab', { name: 'Variables' }));
  await user.click(await screen.findByText('Paste JSON'));
  const field = screen.getByLabelText('JSON body');
  await user.click(field);
  await user.paste('{"payment": nope}');
  await user.click(screen.getByRole('button', { name: 'Find the variables' }));
  await waitFor(() => expect(field.getAttribute('aria-invalid')).toBe('true'));
  expect(field).toHaveProperty('value', '{"payment": nope}');
});

test('a sample URL offers its parameters', async () => {
  const { user } = await open(replies);
  await user.click(screen.getByRole('tab', { name: 'Variables' }));
  await user.click(await screen.findByText('Paste a URL'));
  await user.click(screen.getByLabelText('URL with parameters'));
  await user.paste('https://shop.example.com/callback?order[id]=7&tag=a&tag=b');
  await user.click(screen.getByRole('button', { name: 'Find the variables' }));
  await user.click(await screen.findByRole('checkbox', { name: /order\.id 7/ }));
  await user.click(screen.getByRole('checkbox', { name: /tag\[1\] b/ }));
  await user.click(screen.getByRole('button', { name: 'Add 2 variables' }));
  expect(screen.getByDisplayValue('order.id')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Remove order.id' }));
  expect(screen.queryByDisplayValue('order.id')).toBeNull();
});

test('a call that comes while somebody listens is shown with its answer, can be kept, and is then the example', async () => {
  const { user, workflow } = await open({ ...replies, enabled: false });
  await user.click(screen.getByRole('tab', { name: 'Variables' }));
  await user.click(await screen.findByRole('button', { name: 'Listen for a call' }));
  await screen.findByText('Waiting for a call…');
  expect(screen.getByText(/\d:\d\d left/)).toBeTruthy();
  expect((await server.post(`${workflow.hookUrl}?order=7`, { payment: { id: 'pay_9' } })).status).toBe(404);
  expect(await screen.findByText('answered 404')).toBeTruthy();
  expect(await screen.findByRole('checkbox', { name: /payment\.id pay_9/ })).toBeTruthy();
  expect(screen.getByRole('checkbox', { name: /order 7/ })).toBeTruthy();

  await user.click(screen.getByRole('button', { name: 'Keep as the example' }));
  await screen.findByRole('button', { name: 'Kept as the example' });
  const { sample } = (await server.api('GET', `/api/workflows/${workflow.id}/sample`)).body;
  expect(JSON.parse(sample.request.body)).toEqual({ payment: { id: 'pay_9' } });
  await user.click(screen.getByRole('button', { name: 'Stop' }));
  expect(await screen.findByRole('button', { name: 'Listen for a call' })).toBeTruthy();

  await user.click(screen.getByRole('tab', { name: 'Test call' }));
  expect(await screen.findByLabelText('Query parameters')).toHaveProperty('value', 'order=7');
  await user.click(screen.getByRole('button', { name: 'Send the test call' }));
  expect(await screen.findByText('Run by hand, because the workflow is switched off.')).toBeTruthy();
});

test('credentials are sent when typed, never shown again, and a stranger is refused', async () => {
  const { user, workflow } = await open(replies);
  await user.click(screen.getByRole('switch', { name: /Ask for a user name/ }));
  await user.type(screen.getByLabelText('User name'), 'ann');
  await user.type(screen.getByLabelText('Password', { selector: 'input' }), "p'ss");
  await user.click(screen.getByRole('button', { name: 'Ways to call it' }));
  expect(screen.getByText(new RegExp(`^http://ann:p%27ss@127\\.0\\.0\\.1:\\d+/hooks/${workflow.hookKey}$`))).toBeTruthy();

  await user.click(screen.getByRole('tab', { name: 'Test call' }));
  await user.click(await screen.findByRole('checkbox', { name: /Sign in with the saved/ }));
  await user.click(screen.getByRole('button', { name: 'Save and call' }));
  const reply = await screen.findByRole('group', { name: 'The answer' });
  expect(within(reply).getByText('401')).toBeTruthy();
  expect(within(reply).getByText('Refused before it ran')).toBeTruthy();

  await user.click(screen.getByRole('checkbox', { name: /Sign in with the saved/ }));
  await user.click(screen.getByRole('button', { name: 'Send the test call' }));
  await within(await screen.findByRole('group', { name: 'The answer' })).findByText('201');

  await user.click(screen.getByRole('tab', { name: 'Address' }));
  expect(screen.getAllByLabelText('User name')[0]).toHaveProperty('value', '');
  expect(screen.getAllByPlaceholderText('Saved')).toHaveLength(2);
});

test('a new URL replaces the old one after a question', async () => {
  const { user, workflow } = await open(replies);
  await user.click(screen.getByRole('button', { name: 'New URL' }));
  const dialog = await screen.findByRole('dialog');
  await user.click(within(dialog).getByRole('button', { name: 'New URL' }));
  await waitFor(() => expect(screen.getByLabelText('URL of this workflow')).not.toHaveProperty('value', workflow.hookUrl));
  expect((await server.post(workflow.hookUrl, {})).status).toBe(404);
});
