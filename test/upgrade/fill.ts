// Fills a server of any version by its API with one of everything that the version knows.

import { TOKEN } from './old-version.ts';

type Json = ReturnType<typeof JSON.parse>;

export interface Called {
  readonly status: number;
  readonly body: Json;
}

/** Calls a server's API. @param token default the admin token */
export async function call(base: string, method: string, path: string, body?: unknown, token = TOKEN): Promise<Called> {
  const response = await fetch(`${base}${path}`, {
    method,
    headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
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
export const USER = { email: 'ada-one@example.com', password: 'a long sentence of Ada about ships' };
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
  // Its server is stopped before the minute has passed; whichever opens the database later has to end it.
  due: { mode: 'async', trigger: webhook(), nodes: [{ key: 'd', type: 'delay', config: { duration: 1, unit: 'minutes' } }] },
  rounds: {
    mode: 'async',
    trigger: webhook(),
    nodes: [
      {
        ...{ key: 'each', type: 'loop', config: { over: [1, 2, 3] } },
        branches: { body: [{ key: 'v', type: 'variable', config: { value: '{{$scopes.each.item}}' } }] },
      },
    ],
  },
  // Nothing listens there; its credentials are stored encrypted.
  request: {
    mode: 'async',
    trigger: webhook(),
    nodes: [
      {
        key: 'r',
        type: 'http-request',
        config: {
          url: 'https://receiver.invalid/orders',
          secretHeaders: [{ name: 'X-Api-Key', value: 'the key of the receiver' }],
          auth: { type: 'bearer', token: 'the token of the receiver' },
          ignoreFailure: true,
        },
      },
    ],
  },
  child: {
    mode: 'async',
    trigger: { type: 'subflow', config: {} },
    nodes: [{ key: 'o', type: 'output', config: { value: '{{$context}}' } }],
  },
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
  /** Whether the user `USER` can sign in. */
  readonly hasUser: boolean;
  /** An API token that may read workflows; null: the version has none. */
  readonly token: string | null;
  /** How many executions are of each source. */
  readonly sources: Readonly<Record<string, number>>;
}

async function idsOf(base: string, path: string): Promise<Json[]> {
  const { status, body } = await call(base, 'GET', path);
  return status === 200 ? body.data : [];
}

/**
 * Adds or changes something, unless the version does not know of such things.
 * @returns what it replied; null: it does not know it
 * @throws Error when it refuses ours
 */
async function add(base: string, path: string, body: object, method = 'POST'): Promise<Json> {
  const reply = await call(base, method, path, body);
  if (reply.status === 404) return null;
  if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
  return reply.body;
}

const isUnfinished = ({ status }: { status: string }): boolean => status === 'queued' || status === 'running';

/**
 * @param label goes into names that have to be unique, so that a server can be filled more than once
 * @param receiver a URL that the server may send webhooks to; without it no delivery is answered
 */
export async function fill(base: string, label = 'one', receiver?: string): Promise<Filled> {
  const isSecretStored = (await call(base, 'POST', '/api/secrets', { ...SECRET, name: label === 'one' ? 'CRM' : `CRM_${label}` }))
    .status;
  const workflows: Record<string, { id: string; hookKey: string }> = {};
  const make = async (title: string, document: object): Promise<void> => {
    const made = await call(base, 'POST', '/api/workflows', { title: `${title} ${label}`, enabled: true, ...document });
    if (made.status === 201) workflows[title] = { id: made.body.id, hookKey: made.body.hookKey };
  };
  for (const [title, document] of Object.entries(WORKFLOWS)) await make(title, document);
  if (workflows.child !== undefined) {
    const nodes = [{ key: 's', type: 'subflow', config: { workflow: workflows.child.id, input: '{{$context.body}}' } }];
    await make('parent', { mode: 'async', trigger: webhook(), nodes });
  }
  for (const [title, { hookKey }] of Object.entries(workflows)) {
    if (title === 'child') continue;
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
    const request = { method: 'POST', url: '/hooks/x', headers: {}, body: '{"id":1}', address: '127.0.0.1' };
    await add(base, `/api/workflows/${asynchronous.id}/sample`, { request });
  }
  if (workflows.delayed !== undefined) {
    const [first] = await idsOf(base, `/api/executions?workflowId=${workflows.delayed.id}`);
    if (first !== undefined) await call(base, 'POST', `/api/executions/${first.id}/cancel`);
  }
  await make('trash', { mode: 'sync', trigger: webhook(), nodes: [] });
  await call(base, 'DELETE', `/api/workflows/${workflows.trash?.id}`);
  delete workflows.trash;

  await add(base, '/api/event-types', { name: `order.${label}`, title: 'Order', example: { id: 1 } });
  await add(base, `/api/event-types/order.${label}/versions`, { title: 'Order, newer' });
  // Nothing answers there: deliveries stay pending or fail.
  const secretHeaders = [{ name: 'X-Key', value: 'the key of an endpoint' }];
  await add(base, '/api/endpoints', { url: `https://receiver-${label}.invalid/hook`, enabled: false, secretHeaders });
  const all = await add(base, '/api/endpoints', { url: `https://receiver-${label}.invalid/all` });
  if (all !== null) await add(base, `/api/endpoints/${all.id}/rotate-secret`, {});
  if (receiver !== undefined) await add(base, '/api/endpoints', { url: receiver });
  for (const id of [1, 2]) await add(base, '/api/messages', { type: `order.${label}`, data: { id } });
  await add(base, '/api/settings', { retention: { failed: null }, messageRetentionMs: null }, 'PATCH');
  const invited = await add(base, '/api/users', { email: `ada-${label}@example.com`, name: 'Ada', role: 'editor' });
  if (invited !== null) {
    const token = new URL(invited.link.url).hash.slice('#'.length).split('=').at(-1);
    await add(base, '/api/links/accept', { token, password: USER.password });
  }
  const made = await add(base, '/api/tokens', { name: `ci ${label}`, permissions: ['workflows:read'], expiresAt: null });
  const token = made === null ? null : made.secret;

  // The executions of subflows come later than the calls; a delivery that is answered, too.
  const parent = workflows.parent?.id;
  for (;;) {
    const executions = await executionsOf(base);
    const isParentThere = executions.some(({ workflowId, status }) => workflowId === parent && status === 'waiting');
    const sent = receiver === undefined ? [{ status: 'succeeded' }] : await idsOf(base, '/api/deliveries?limit=100');
    const isSent = sent.length === 0 || sent.filter(({ status }) => status === 'succeeded').length >= 1;
    if (isSent && !isParentThere && !executions.some(isUnfinished)) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ...(await look(base)), workflows, hasSecret: isSecretStored === 201, hasUser: invited !== null, token };
}

async function executionsOf(base: string): Promise<Json[]> {
  const executions: Json[] = [];
  for (let cursor = ''; ; ) {
    const { status, body } = await call(base, 'GET', `/api/executions?limit=100${cursor}`);
    if (status !== 200) throw new Error(`GET /api/executions: ${status} ${JSON.stringify(body)}`);
    executions.push(...body.data);
    if (body.nextCursor === null) return executions;
    cursor = `&cursor=${body.nextCursor}`;
  }
}

/** What a server shows. */
export async function look(base: string): Promise<Omit<Filled, 'workflows' | 'hasSecret' | 'hasUser' | 'token'>> {
  const executions = await executionsOf(base);
  const sources: Record<string, number> = {};
  for (const { source } of executions) sources[source] = (sources[source] ?? 0) + 1;
  return {
    executions: executions.map(({ id, status }) => ({ id, status })),
    sources,
    users: (await idsOf(base, '/api/users')).length,
    tokens: (await idsOf(base, '/api/tokens')).length,
    endpoints: (await idsOf(base, '/api/endpoints?limit=100')).length,
    messages: (await idsOf(base, '/api/messages?limit=100')).length,
  };
}
