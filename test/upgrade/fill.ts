// Fills a server of any version by its API with one of everything that the version knows.

import { TOKEN } from './old-version.ts';

type Json = ReturnType<typeof JSON.parse>;

export interface Called {
  readonly status: number;
  readonly body: Json;
}

/** Calls a server's API. */
export async function call(base: string, method: string, path: string, body?: unknown): Promise<Called> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text };
}

/** Calls a trigger URL, which names the public host, at the port of this server. */
export async function trigger(base: string, hookKey: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(`${base}/hooks/${hookKey}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

export const BASIC = { username: 'shop', password: 'correct horse battery' };
export const SECRET = { name: 'CRM', value: 'the value of the secret CRM' };
export const authorization = `Basic ${Buffer.from(`${BASIC.username}:${BASIC.password}`).toString('base64')}`;

const webhook = (config: object = {}) => ({ type: 'webhook', config });
const paid = { engine: 'basic', test: { all: [{ left: '{{$context.body.status}}', operator: 'equal', right: 'paid' }] } };

/** Workflows by title. Those with nodes that a version does not know are refused by it and left out. */
const WORKFLOWS: Readonly<Record<string, object>> = {
  sync: {
    mode: 'sync',
    trigger: webhook(),
    nodes: [
      {
        ...{ key: 'paid', type: 'condition', config: paid },
        branches: {
          true: [{ key: 'ok', type: 'response', config: { status: 200, body: { ok: '{{$context.body.id}}' } } }],
          false: [{ key: 'no', type: 'response', config: { status: 422, body: { ok: false } } }],
        },
      },
    ],
  },
  async: { mode: 'async', trigger: webhook(), nodes: [{ key: 'v', type: 'variable', config: { value: '{{$context.body}}' } }] },
  failing: { mode: 'async', trigger: webhook(), nodes: [{ key: 'end', type: 'end', config: { status: 'failed' } }] },
  throwing: {
    mode: 'async',
    trigger: webhook(),
    nodes: [{ key: 'c', type: 'calculation', config: { engine: 'jsonata', expression: '$error("no")' } }],
  },
  basic: { mode: 'sync', trigger: webhook({ auth: { type: 'basic', ...BASIC } }), nodes: [] },
  waiting: {
    mode: 'async',
    trigger: webhook(),
    nodes: [
      { key: 'w', type: 'wait', config: {} },
      { key: 'v', type: 'variable', config: { value: '{{$nodes.w}}' } },
    ],
  },
  delayed: { mode: 'async', trigger: webhook(), nodes: [{ key: 'd', type: 'delay', config: { duration: 30, unit: 'days' } }] },
  secret: {
    mode: 'sync',
    trigger: webhook(),
    nodes: [{ key: 'r', type: 'response', config: { body: { is: '{{$secrets.CRM}}' } } }],
  },
};

/** What a filled server has, by which it is known again after an upgrade. */
export interface Filled {
  readonly workflows: Readonly<Record<string, { id: string; hookKey: string }>>;
  readonly executions: readonly { id: string; status: string }[];
  readonly users: number;
  readonly tokens: number;
  readonly endpoints: number;
  readonly messages: number;
  readonly hasSecret: boolean;
}

async function idsOf(base: string, path: string): Promise<Json[]> {
  const { status, body } = await call(base, 'GET', path);
  return status === 200 ? body.data : [];
}

/** Adds something, unless the version does not know of such things. @throws Error when it refuses ours */
async function add(base: string, path: string, body: object): Promise<void> {
  const reply = await call(base, 'POST', path, body);
  if (reply.status !== 404 && reply.status >= 300) throw new Error(`POST ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
}

/** @param label goes into names that have to be unique, so that a server can be filled more than once */
export async function fill(base: string, label = 'one'): Promise<Filled> {
  const isSecretStored = (await call(base, 'POST', '/api/secrets', { ...SECRET, name: label === 'one' ? 'CRM' : `CRM_${label}` }))
    .status;
  const workflows: Record<string, { id: string; hookKey: string }> = {};
  for (const [title, document] of Object.entries(WORKFLOWS)) {
    const made = await call(base, 'POST', '/api/workflows', { title: `${title} ${label}`, enabled: true, ...document });
    if (made.status === 201) workflows[title] = { id: made.body.id, hookKey: made.body.hookKey };
  }
  for (const [title, { hookKey }] of Object.entries(workflows)) {
    const headers: Record<string, string> = title === 'basic' ? { Authorization: authorization } : {};
    for (const status of ['paid', 'open']) await trigger(base, hookKey, { id: title, status }, headers);
  }
  const asynchronous = workflows.async;
  if (asynchronous !== undefined) {
    const [first] = await idsOf(base, `/api/executions?workflowId=${asynchronous.id}`);
    if (first !== undefined) await call(base, 'POST', `/api/executions/${first.id}/replay`, {});
    // A second revision, since the first has run.
    const nodes = [{ key: 'v', type: 'variable', config: { value: 2 } }];
    await call(base, 'PUT', `/api/workflows/${asynchronous.id}`, { nodes });
    await call(base, 'PATCH', `/api/workflows/${asynchronous.id}`, { nodes });
  }
  if (workflows.delayed !== undefined) {
    const [first] = await idsOf(base, `/api/executions?workflowId=${workflows.delayed.id}`);
    if (first !== undefined) await call(base, 'POST', `/api/executions/${first.id}/cancel`);
  }
  await add(base, '/api/event-types', { name: `order.${label}`, title: 'Order', example: { id: 1 } });
  // Nothing answers there: deliveries stay pending or fail.
  await add(base, '/api/endpoints', { url: `https://receiver-${label}.invalid/hook`, enabled: false });
  await add(base, '/api/endpoints', { url: `https://receiver-${label}.invalid/all` });
  for (const id of [1, 2]) await add(base, '/api/messages', { type: `order.${label}`, data: { id } });
  await add(base, '/api/users', { email: `ada-${label}@example.com`, name: 'Ada', role: 'editor' });
  await add(base, '/api/tokens', { name: `ci ${label}`, permissions: ['workflows:read'], expiresAt: null });
  return { ...(await look(base)), workflows, hasSecret: isSecretStored === 201 };
}

/** What a server shows. */
export async function look(base: string): Promise<Omit<Filled, 'workflows' | 'hasSecret'>> {
  const executions: Json[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await call(base, 'GET', `/api/executions?limit=100${cursor}`);
    if (status !== 200) throw new Error(`GET /api/executions: ${status} ${JSON.stringify(body)}`);
    executions.push(...body.data);
    if (body.nextCursor === null) break;
    cursor = `&cursor=${body.nextCursor}`;
  }
  return {
    executions: executions.map(({ id, status }) => ({ id, status })),
    users: (await idsOf(base, '/api/users')).length,
    tokens: (await idsOf(base, '/api/tokens')).length,
    endpoints: (await idsOf(base, '/api/endpoints?limit=100')).length,
    messages: (await idsOf(base, '/api/messages?limit=100')).length,
  };
}
