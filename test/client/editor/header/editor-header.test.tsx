// @vitest-environment jsdom
// The editor's header and its draft with a real server behind it: saving, refusals, and somebody else who saves.

import { useQuery } from '@tanstack/react-query';
import { act, screen, waitFor, within } from '@testing-library/react';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type PluginList, type WorkflowJson, workflowQuery } from '../../../../client/src/api/workflows.ts';
import { changeTrigger } from '../../../../client/src/canvas/edit.ts';
import { ConflictDialog } from '../../../../client/src/editor/conflict-dialog.tsx';
import { EditorHeader } from '../../../../client/src/editor/header/editor-header.tsx';
import { type Draft, useDraft } from '../../../../client/src/editor/use-draft.ts';
import { renderPart } from '../../render.tsx';
import { type DesignerServer, startDesignerServer } from '../server.ts';

let server: DesignerServer;
let types: PluginList;
beforeAll(async () => {
  server = await startDesignerServer();
  types = (await server.api('GET', '/api/plugins')).body;
});
afterAll(() => server.stop());

const payment = {
  title: 'Payment callback',
  mode: 'sync',
  tags: ['shop'],
  trigger: { type: 'webhook', config: { body: [{ path: 'payment.id' }] } },
  nodes: [{ key: 'reply', type: 'response', config: { status: 200 } }],
};

async function open(canWrite = true) {
  const saved: WorkflowJson = (await server.api('POST', '/api/workflows', payment)).body;
  const seen: { draft?: Draft } = {};
  function Loaded({ latest }: { readonly latest: WorkflowJson }) {
    const draft = useDraft(latest, types);
    seen.draft = draft;
    return (
      <>
        <EditorHeader
          draft={draft}
          canWrite={canWrite}
          isLookingBack={false}
          onOpen={() => undefined}
          onTrashed={() => undefined}
        />
        <ConflictDialog draft={draft} />
        <ul>
          {draft.refusal.map(({ path, message }) => (
            <li key={path}>{`${path}: ${message}`}</li>
          ))}
        </ul>
        {draft.isOutdated && <p>outdated</p>}
      </>
    );
  }
  function Part() {
    const workflow = useQuery(workflowQuery(saved.id));
    return workflow.data ? <Loaded latest={workflow.data} /> : null;
  }
  const rendered = renderPart(<Part />);
  await screen.findByRole('heading', { name: 'Payment callback' });
  const draft = (): Draft => {
    if (!seen.draft) throw new Error('Nothing was rendered.');
    return seen.draft;
  };
  /** Changes the trigger's first path, as its panel would. */
  const edit = (path: string): void =>
    act(() => {
      const { document, change } = draft();
      change(changeTrigger(document, { ...document.trigger, config: { body: [{ path }] } }), 'changed the trigger');
    });
  const stored = async (): Promise<WorkflowJson> => (await server.api('GET', `/api/workflows/${saved.id}`)).body;
  return { ...rendered, saved, draft, edit, stored };
}

const save = (): HTMLElement => screen.getByRole('button', { name: 'Save' });

test('the title is typed over in place and saved at once', async () => {
  const { user, stored } = await open();
  await user.click(screen.getByRole('button', { name: 'Rename' }));
  const field = screen.getByRole('textbox', { name: 'Name of the workflow' });
  await user.clear(field);
  await user.type(field, 'Refund callback{Enter}');
  await screen.findByText('Refund callback', { selector: 'h1:not(.mantine-visually-hidden)' });
  expect((await stored()).title).toBe('Refund callback');
  await waitFor(() => expect(document.activeElement?.getAttribute('aria-label')).toBe('Rename'));
});

test('Escape leaves the title as it was', async () => {
  const { user, stored } = await open();
  await user.click(screen.getByRole('button', { name: 'Rename' }));
  await user.type(screen.getByRole('textbox', { name: 'Name of the workflow' }), 'x{Escape}');
  await screen.findByRole('button', { name: 'Rename' });
  expect((await stored()).title).toBe('Payment callback');
});

test('a change is marked as not saved, can be undone, and is saved', async () => {
  const { user, edit, stored, draft } = await open();
  expect(save().getAttribute('aria-disabled')).toBe('true');
  edit('payment.status');
  expect(screen.getByText('Not saved')).toBeTruthy();
  await user.click(screen.getByRole('button', { name: 'Undo: changed the trigger' }));
  expect(screen.queryByText('Not saved')).toBeNull();
  await user.click(screen.getByRole('button', { name: 'Redo: changed the trigger' }));
  await user.click(save());
  await waitFor(() => expect(screen.queryByText('Not saved')).toBeNull());
  expect((await stored()).trigger.config.body).toEqual([{ path: 'payment.status' }]);
  expect(draft().canUndo).toBe(true);
});

test('the workflow is switched on and off', async () => {
  const { user, stored } = await open();
  await user.click(screen.getByRole('switch', { name: 'Takes calls' }));
  await waitFor(() => expect(screen.getByRole('switch', { name: 'Takes calls' })).toHaveProperty('checked', true));
  expect((await stored()).enabled).toBe(true);
});

test('a refused save tells every problem and keeps what was typed', async () => {
  const { user, edit, stored, draft } = await open();
  edit('payment[');
  await user.click(save());
  expect(await screen.findByText(/^trigger\.config\.body\[0\]\.path: /)).toBeTruthy();
  expect(draft().document.trigger.config).toEqual({ body: [{ path: 'payment[' }] });
  expect((await stored()).trigger.config.body).toEqual(payment.trigger.config.body);
  // The next change is a new draft, of which nobody has said anything.
  edit('payment');
  expect(screen.queryByText(/^trigger\.config/)).toBeNull();
});

test('who saves after somebody else is asked, and may save over it', async () => {
  const { user, saved, edit, stored } = await open();
  await server.api('PATCH', `/api/workflows/${saved.id}`, {
    trigger: { type: 'webhook', config: { body: [{ path: 'theirs' }] } },
  });
  edit('mine');
  await user.click(save());
  const dialog = await screen.findByRole('dialog', { name: 'Somebody else has saved this workflow' });
  expect((await stored()).trigger.config.body).toEqual([{ path: 'theirs' }]);
  await user.click(within(dialog).getByRole('button', { name: 'Save mine over it' }));
  await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
  expect((await stored()).trigger.config.body).toEqual([{ path: 'mine' }]);
  expect(screen.queryByText('Not saved')).toBeNull();
});

test('who saves after somebody else may load their version', async () => {
  const { user, saved, edit, draft } = await open();
  await server.api('PATCH', `/api/workflows/${saved.id}`, { title: 'Theirs' });
  edit('mine');
  await user.click(save());
  await user.click(await screen.findByRole('button', { name: 'Load theirs' }));
  await screen.findByRole('heading', { name: 'Theirs' });
  expect(draft().document.trigger.config.body).toEqual(payment.trigger.config.body);
  expect(draft().isDirty).toBe(false);
});

test('what somebody else saves is shown at once without changes of our own, and told with them', async () => {
  const { queries, saved, edit, draft } = await open();
  const theirs = async (path: string): Promise<void> => {
    await server.api('PATCH', `/api/workflows/${saved.id}`, { trigger: { type: 'webhook', config: { body: [{ path }] } } });
    await act(() => queries.invalidateQueries({ queryKey: ['workflow', saved.id] }));
  };
  await theirs('first');
  await waitFor(() => expect(draft().document.trigger.config.body).toEqual([{ path: 'first' }]));
  expect(screen.queryByText('outdated')).toBeNull();
  edit('mine');
  await theirs('second');
  await screen.findByText('outdated');
  expect(draft().document.trigger.config.body).toEqual([{ path: 'mine' }]);
});

test('a viewer sees everything and can change nothing', async () => {
  await open(false);
  expect(screen.queryByRole('button', { name: 'Rename' })).toBeNull();
  expect(screen.getByRole('switch', { name: 'Takes calls' })).toHaveProperty('disabled', true);
  expect(save().getAttribute('aria-disabled')).toBe('true');
  expect(screen.getByText('shop')).toBeTruthy();
});
