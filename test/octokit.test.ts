// Every example payload of GitHub's webhooks goes through a workflow that maps paths from it, in both modes.

import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHookline, type TestHookline } from './start-hookline.ts';

interface Definition {
  readonly name: string;
  readonly examples: readonly Record<string, { login?: string; full_name?: string } & Record<string, unknown>>[];
}

const definitions = createRequire(import.meta.url)('@octokit/webhooks-examples') as readonly Definition[];
const payloads = definitions.flatMap(({ name, examples }) => examples.map((payload, index) => ({ name, index, payload })));

let hookline: TestHookline;
beforeAll(async () => {
  hookline = await startHookline({ durability: 'normal' });
});
afterAll(() => hookline.stop());

const trigger = {
  type: 'webhook',
  config: {
    headers: [{ name: 'X-GitHub-Event', required: true }, { name: 'X-GitHub-Delivery' }],
    body: [
      { path: 'action', default: 'none' },
      { path: 'sender.login' },
      { path: 'repository.full_name' },
      { path: '$..login', name: 'logins' },
    ],
  },
};
const mapped = {
  event: '{{$context.headers.X-GitHub-Event}}',
  action: '{{$context.body.action}}',
  sender: '{{$context.body.sender.login}}',
  repository: '{{$context.body.repository.full_name}}',
  logins: '{{$context.body.logins}}',
};

function expected(name: string, payload: Definition['examples'][number]): object {
  const logins: unknown[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'login') logins.push(inner);
        visit(inner);
      }
    }
  };
  visit(payload);
  return {
    event: name,
    action: payload.action ?? 'none',
    sender: payload.sender?.login ?? null,
    repository: payload.repository?.full_name ?? null,
    logins: expect.toSatisfy((found: unknown) =>
      logins.length === 0 ? found === null : Array.isArray(found) && [...found].sort().join() === [...logins].sort().join(),
    ),
  };
}

describe('GitHub payloads', () => {
  it('are many', () => {
    expect(payloads.length).toBeGreaterThan(300);
  });

  it('give their variables to the response of a sync workflow', async () => {
    const { hookUrl } = await hookline.workflow({
      mode: 'sync',
      trigger,
      nodes: [{ key: 'answer', type: 'response', config: { body: mapped } }],
    });
    await inGroups(payloads, async ({ name, index, payload }) => {
      const headers = { 'X-GitHub-Event': name, 'X-GitHub-Delivery': `${name}-${index}` };
      const answer = await hookline.post(hookUrl, payload, headers);
      expect(answer.status, `${name} ${index}: ${answer.text}`).toBe(200);
      expect(answer.body).toEqual(expected(name, payload));
    });
  });

  it('give their variables to the nodes of an async workflow, and are stored to the byte', async () => {
    const { id, hookUrl } = await hookline.workflow({
      mode: 'async',
      trigger,
      nodes: [{ key: 'mapped', type: 'variable', config: { value: mapped } }],
    });
    await inGroups(payloads, async ({ name, index, payload }) => {
      const text = JSON.stringify(payload, null, 1);
      const answer = await hookline.post(hookUrl, text, { 'X-GitHub-Event': name });
      expect([answer.status, answer.text]).toEqual([200, 'ok']);
      const execution = await hookline.finished(answer.headers.get('x-hookline-execution-id') ?? '');
      expect(execution.status, `${name} ${index}`).toBe('succeeded');
      expect(execution.jobs[0].output).toEqual(expected(name, payload));
      expect(execution.request.body).toBe(text);
    });
    expect((await hookline.api('GET', `/api/workflows/${id}`)).body.executionCount).toBe(payloads.length);
  });
});

/** Sixteen at a time. */
async function inGroups<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += 16) await Promise.all(items.slice(start, start + 16).map(work));
}
