// What lets anybody start a workflow or end a wait is planted in everything that flows, callers and users can write, in many
// encodings; then every route is asked by every role and by tokens with each permission, and none gets what it may not use.

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS, ROLES } from '../../src/access/model.ts';
import { routes } from '../../src/http/routes/index.ts';
import { startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';
import { type Browser, openBrowser } from './browser.ts';
import { readEvents } from './event-reader.ts';

interface Asker {
  readonly name: string;
  readonly permissions: readonly Permission[];
  send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  readonly headers: Record<string, string>;
}

let server: TestHookline;
let receiver: Server;
let receiverUrl: string;
let owner: Browser;
const askers: Asker[] = [];
const ids = { approval: '', failing: '', caller: '', sub: '', execution: '', endpoint: '', message: '', delivery: '', user: '' };
let hookUrl = '';
let hookKey = '';
let deliveryPath = '';
/** Every key there was at the beginning. */
const hookKeys: string[] = [];

// --- the corpus ------------------------------------------------------------------------------------------------------------

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A value with a capability in many forms. */
function forms(url: string): Record<string, unknown> {
  return {
    url,
    sentence: `Call ${url}, please.\n${url}`,
    query: `https://elsewhere.example/?next=${encodeURIComponent(url)}&twice=${encodeURIComponent(encodeURIComponent(url))}`,
    hex: Buffer.from(url).toString('hex'),
    base64: base64(url),
    url64: Buffer.from(` ${url} `).toString('base64url'),
    nested: JSON.stringify({ deep: JSON.stringify([url]) }),
    both: base64(JSON.stringify({ a: base64(`x${url}`) })),
    escaped: [...url].map((sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
    slashes: url.replaceAll('/', '\\/'),
    html: url.replaceAll('/', '&#x2F;'),
    [url]: 'as a name',
    upper: url.replace('http', 'HTTP'),
    lower: url.toLowerCase(),
  };
}

const RESUME = '{{$resume.wt}}';
const ENCODE = 'return { raw: [url], b: btoaLike(url), u: encodeURIComponent(url), j: JSON.stringify({ url }) };';
const BASE64_IN_SCRIPT = `
const btoaLike = (text) => {
  const signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  let result = "";
  for (let at = 0; at < text.length; at += 3) {
    const [a, b, c] = [text.charCodeAt(at), text.charCodeAt(at + 1) || 0, text.charCodeAt(at + 2) || 0];
    const bits = (a << 16) | (b << 8) | c;
    result += signs[bits >> 18] + signs[(bits >> 12) & 63] + signs[(bits >> 6) & 63] + signs[bits & 63];
  }
  return result;
};
console.log("resume at", url);
`;

const approval = () => ({
  title: `Approval ${hookKey}`,
  mode: 'async',
  enabled: true,
  tags: [hookKey],
  trigger: { type: 'webhook', config: {} },
  nodes: [
    { key: 'link', type: 'variable', title: 'Link', config: { value: { url: RESUME, text: `Click ${RESUME} soon` } } },
    {
      key: 'coded',
      type: 'javascript',
      config: { code: BASE64_IN_SCRIPT + ENCODE, arguments: [{ name: 'url', value: RESUME }], timeoutMs: 20_000 },
    },
    {
      key: 'call',
      type: 'http-request',
      config: {
        method: 'POST',
        url: `${receiverUrl}/echo?back=${RESUME}`,
        headers: [{ name: 'x-callback', value: RESUME }],
        body: { type: 'json', value: { callback: RESUME, hook: '{{$request.url}}' } },
      },
    },
    {
      key: 'send',
      type: 'send-webhook',
      config: {
        to: { type: 'subscribers' },
        event: 'approval.asked',
        data: { callback: RESUME, hook: '{{$request.headers.referer}}' },
      },
    },
    { key: 'sub', type: 'subflow', config: { workflow: ids.sub, input: { callback: RESUME, body: '{{$context.body}}' } } },
    { key: 'out', type: 'output', config: { value: { done: RESUME } } },
    { key: 'wt', type: 'wait', config: {} },
  ],
});

const failing = () => ({
  title: 'Failing',
  mode: 'async',
  enabled: true,
  trigger: { type: 'webhook', config: {} },
  nodes: [
    {
      key: 'boom',
      type: 'javascript',
      config: { code: 'throw new Error("no answer at " + url);', arguments: [{ name: 'url', value: RESUME }], timeoutMs: 20_000 },
    },
    { key: 'wt', type: 'wait', config: {} },
  ],
});

/** Answers with what it was called by, and names our own URL in its document. */
const caller = () => ({
  title: 'Caller',
  mode: 'sync',
  enabled: true,
  trigger: { type: 'webhook', config: { body: [{ path: 'a', name: hookKey.slice(0, 20) }] } },
  nodes: [
    { key: 'own', type: 'variable', title: `To ${hookUrl}`, config: { value: forms(hookUrl) } },
    {
      key: 'reply',
      type: 'response',
      config: {
        status: 200,
        headers: [{ name: 'x-hook', value: '{{$request.url}}' }],
        body: { you: '{{$request.url}}', said: '{{$request.headers.referer}}' },
      },
    },
  ],
});

async function callAll(url: string): Promise<string> {
  const headers = { Referer: hookUrl, 'X-Forwarded-Uri': `/api/webhook:trigger/${hookKey}` };
  const answer = await server.post(`${url}?next=${encodeURIComponent(hookUrl)}`, forms(hookUrl), headers);
  return answer.headers.get('x-hookline-execution-id') ?? '';
}

/** A new execution of the approval that waits. */
async function waiting(): Promise<string> {
  const id = await callAll(hookUrl);
  await becomes(e(id), 'waiting');
  return id;
}

/** A new execution that has failed. */
async function failed(): Promise<string> {
  const id = await callAll((await server.api('GET', w(ids.failing))).body.hookUrl);
  await becomes(e(id), 'error');
  return id;
}

async function becomes(path: string, status: string): Promise<void> {
  const look = async () => expect((await server.api('GET', path)).body.status).toBe(status);
  await vi.waitFor(look, { timeout: 30_000, interval: 50 });
}

beforeAll(async () => {
  // Echoes what it gets, as httpbin does.
  receiver = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader('x-back', request.headers['x-callback'] ?? 'none');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ url: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() }));
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  server = await startHookline({ outboundAllow: ['127.0.0.1'], outboundPlainHttp: true, deadlineMs: 60_000 });
  const link = await server.hookline.createSetupLink();
  owner = openBrowser(server.url);
  await owner.accept(link?.url ?? '', { email: 'owner@example.com', name: 'owner' });
  const people: Browser[] = [owner];
  for (const role of ROLES.slice(1)) {
    const { body } = await owner.send('POST', '/api/users', { email: `${role}@example.com`, name: role, role });
    const person = openBrowser(server.url);
    await person.accept(body.link.url);
    people.push(person);
    ids.user = body.user.id;
  }
  for (const [index, role] of ROLES.entries()) {
    const person = people[index] ?? owner;
    const headers = { Cookie: `hookline_session=${person.cookie}` };
    askers.push({ name: role, permissions: ROLE_PERMISSIONS[role], headers, send: (...call) => person.send(...call) });
  }
  const reads = PERMISSIONS.filter((permission) => permission.endsWith(':read'));
  const sets: [string, readonly Permission[]][] = [
    ...PERMISSIONS.map((permission): [string, readonly Permission[]] => [permission, [permission]]),
    ['all reads', reads],
    ['reads and workflows:write', [...reads, 'workflows:write']],
    ['reads and executions:write', [...reads, 'executions:write']],
  ];
  for (const [name, permissions] of sets) {
    const { body } = await owner.send('POST', '/api/tokens', { name, permissions, expiresAt: null });
    const headers = { Authorization: `Bearer ${body.secret}` };
    const browser = openBrowser(server.url);
    const send: Asker['send'] = (method, path, sent) => browser.send(method, path, sent, headers);
    askers.push({ name: `token ${name}`, permissions, headers, send });
  }

  const first = await server.workflow({ title: 'First', mode: 'async', trigger: { type: 'webhook', config: {} } });
  ({ hookUrl, hookKey, id: ids.approval } = first);
  const sub = await server.workflow({
    title: 'Sub',
    mode: 'async',
    trigger: { type: 'subflow', config: {} },
    nodes: [{ key: 'got', type: 'output', config: { value: '{{$context}}' } }],
  });
  ids.sub = sub.id;
  await server.api('POST', '/api/event-types', {
    name: 'approval.asked',
    title: 'Asked',
    description: `By ${hookUrl}`,
    example: forms(hookUrl),
  });
  const endpoint = await server.api('POST', '/api/endpoints', {
    url: `${receiverUrl}/hooks/${hookKey}`,
    description: `Ours: ${hookUrl}`,
    eventTypes: ['approval.asked'],
    headers: [{ name: 'x-callback', value: hookUrl }],
  });
  expect(endpoint.status, endpoint.text).toBe(201);
  ids.endpoint = endpoint.body.id;
  const { mode: _mode, ...document } = approval();
  const saved = await server.api('PATCH', `/api/workflows/${ids.approval}`, document);
  expect(saved.status, saved.text).toBe(200);
  ids.failing = (await server.workflow(failing())).id;
  const called = await server.workflow(caller());
  ids.caller = called.id;
  await server.api('POST', '/api/secrets', { name: 'CRM', value: 'S3cr3t-Zebra', description: `For ${hookUrl}` });

  ids.execution = await waiting();
  await callAll(called.hookUrl);
  await failed();
  await server.api('POST', `/api/workflows/${ids.approval}/sample`, { executionId: ids.execution });
  // A second revision.
  await server.api('PATCH', `/api/workflows/${ids.caller}`, {
    nodes: caller().nodes.map((node) => (node.key === 'own' ? { ...node, config: { value: [forms(hookUrl)] } } : node)),
  });
  const messages = await server.api('GET', '/api/messages');
  ids.message = messages.body.data[0].id;
  const deliveries = await server.api('GET', `/api/deliveries?messageId=${ids.message}`);
  ids.delivery = deliveries.body.data[0].id;
  deliveryPath = `/api/deliveries/${ids.delivery}`;
  await becomes(deliveryPath, 'succeeded');
  for (const { id } of (await server.api('GET', '/api/workflows')).body.data) {
    hookKeys.push((await server.api('GET', `/api/workflows/${id}`)).body.hookKey);
  }
}, 120_000);

afterAll(async () => {
  await server.stop();
  receiver.closeAllConnections();
  receiver.close();
});

// --- every route -------------------------------------------------------------------------------------------------------------

type Call = readonly [path: string, body?: unknown];

/** Something of its own that an example may change or delete. */
async function copy(): Promise<string> {
  return (await server.api('POST', `/api/workflows/${ids.caller}/duplicate`)).body.id;
}
async function spareEndpoint(): Promise<string> {
  const body = { url: `${receiverUrl}/hooks/${hookKey}`, description: hookUrl, eventTypes: ['other'] };
  return (await server.api('POST', '/api/endpoints', body)).body.id;
}
let spares = 0;
async function spareType(): Promise<string> {
  spares += 1;
  const name = `spare.type${spares}`;
  await server.api('POST', '/api/event-types', { name, title: 'Spare', description: hookUrl, example: forms(hookUrl) });
  return name;
}
const w = (id: string, rest = ''): string => `/api/workflows/${id}${rest}`;
const e = (id: string, rest = ''): string => `/api/executions/${id}${rest}`;

/** A call of each route that succeeds and shows as much as it can. */
const EXAMPLES: Readonly<Record<string, () => Call | Promise<Call>>> = {
  createWorkflow: () => ['/api/workflows', { ...caller(), title: `Made by ${hookUrl}` }],
  listWorkflows: () => ['/api/workflows?limit=100'],
  importWorkflow: async () => ['/api/workflows/import', (await server.api('GET', w(ids.caller, '/export'))).body],
  getWorkflow: () => [w(ids.approval)],
  updateWorkflow: async () => [w(await copy()), { title: `Now ${hookUrl}` }],
  deleteWorkflow: async () => [w(await copy())],
  restoreWorkflow: async () => {
    const id = await copy();
    await server.api('DELETE', w(id));
    return [w(id, '/restore')];
  },
  duplicateWorkflow: () => [w(ids.caller, '/duplicate')],
  rotateKey: async () => [w(await copy(), '/rotate-key')],
  runWorkflow: () => [w(ids.caller, '/run'), { body: forms(hookUrl), headers: { referer: hookUrl } }],
  exportWorkflow: () => [w(ids.approval, '/export')],
  listTags: () => ['/api/tags'],
  callWorkflow: () => [w(ids.caller, '/call'), { body: JSON.stringify(forms(hookUrl)), headers: { referer: hookUrl } }],
  listRevisions: () => [w(ids.caller, '/revisions')],
  getRevision: () => [w(ids.caller, '/revisions/1')],
  compareRevisions: () => [w(ids.caller, '/revisions/1/compare/2')],
  activateRevision: () => [w(ids.caller, '/revisions/2/activate')],
  checkWorkflow: () => [
    '/api/workflows/check',
    { mode: 'sync', trigger: caller().trigger, nodes: [{ key: hookUrl, type: hookUrl }] },
  ],
  evaluateExpression: async () => [
    '/api/evaluate',
    { engine: 'jsonata', expression: '$context', variables: { context: { ...forms(hookUrl), ...forms(await resumeUrl()) } } },
  ],
  testNode: async () => [
    '/api/test-node',
    {
      mode: 'async',
      effects: false,
      node: { key: 'n', type: 'variable', config: { value: { hook: hookUrl, resume: '{{$context}}' } } },
      variables: { context: forms(await resumeUrl()) },
    },
  ],
  learnVariables: () => [w(ids.approval, '/learned')],
  listWriteOnlyValues: () => [w(ids.caller, '/write-only')],
  listExecutions: () => ['/api/executions?limit=100'],
  getExecution: () => [e(ids.execution)],
  replayExecution: () => [e(ids.execution, '/replay'), {}],
  retryExecution: async () => [e(await failed(), '/retry')],
  rerunExecution: () => [e(ids.execution, '/rerun'), { from: 'coded' }],
  getJobInput: () => [e(ids.execution, '/input?path=call')],
  cancelExecution: async () => [e(await waiting(), '/cancel')],
  getStats: () => ['/api/stats'],
  getActivity: () => [`/api/activity?ids=${ids.approval},${ids.failing}`],
  createEndpoint: () => [
    '/api/endpoints',
    { url: `${receiverUrl}/hooks/${hookKey}`, description: hookUrl, eventTypes: ['other'] },
  ],
  listEndpoints: () => ['/api/endpoints?limit=100'],
  getEndpoint: () => [`/api/endpoints/${ids.endpoint}`],
  updateEndpoint: async () => [`/api/endpoints/${await spareEndpoint()}`, { description: `New ${hookUrl}` }],
  deleteEndpoint: async () => [`/api/endpoints/${await spareEndpoint()}`],
  unblockEndpoint: () => [`/api/endpoints/${ids.endpoint}/unblock`],
  rotateSecret: async () => [`/api/endpoints/${await spareEndpoint()}/rotate-secret`, {}],
  testEndpoint: () => [`/api/endpoints/${ids.endpoint}/test`, {}],
  verifyEndpoint: () => [`/api/endpoints/${ids.endpoint}/verify`],
  retryFailed: () => [`/api/endpoints/${ids.endpoint}/retry-failed`, { since: '2020-01-01' }],
  getEndpointStats: () => [`/api/endpoints/${ids.endpoint}/stats`],
  getSnippets: () => [`/api/endpoints/${ids.endpoint}/snippets`],
  listAttempts: () => [`/api/endpoints/${ids.endpoint}/attempts`],
  getSenderAddresses: () => ['/api/sender-addresses'],
  createEventType: () => {
    spares += 1;
    return ['/api/event-types', { name: `made.type${spares}`, title: hookUrl, example: forms(hookUrl) }];
  },
  listEventTypes: () => ['/api/event-types?limit=100'],
  getEventType: () => ['/api/event-types/approval.asked'],
  addEventTypeVersion: async () => [
    `/api/event-types/${await spareType()}/versions`,
    { title: hookUrl, example: forms(hookUrl) },
  ],
  updateEventTypeVersion: async () => [`/api/event-types/${await spareType()}/versions/1`, { description: hookUrl }],
  deleteEventTypeVersion: async () => [`/api/event-types/${await spareType()}/versions/1`],
  publishMessage: () => ['/api/messages', { type: 'other', data: forms(hookUrl), userId: hookUrl }],
  listMessages: () => ['/api/messages?limit=100'],
  getMessage: () => [`/api/messages/${ids.message}`],
  replayMessage: () => [`/api/messages/${ids.message}/replay`, { endpointId: ids.endpoint }],
  listDeliveries: () => ['/api/deliveries?limit=100'],
  getDelivery: () => [deliveryPath],
  retryDelivery: () => [`${deliveryPath}/retry`],
  cancelDelivery: async () => {
    const id = await spareEndpoint();
    await server.api('PATCH', `/api/endpoints/${id}`, { enabled: false });
    const delivery = await server.api('POST', `/api/messages/${ids.message}/replay`, { endpointId: id });
    return [`/api/deliveries/${delivery.body?.id ?? ids.delivery}/cancel`];
  },
  listenForCalls: () => [w(ids.approval, '/listen')],
  streamEvents: () => ['/api/events'],
  getSample: () => [w(ids.approval, '/sample')],
  pinSample: () => [w(ids.approval, '/sample'), { executionId: ids.execution }],
  unpinSample: async () => [w(await copy(), '/sample')],
  parseQuery: () => ['/api/parse/query', { sample: `${hookUrl}?next=${encodeURIComponent(hookUrl)}` }],
  parseBody: () => ['/api/parse/body', { sample: forms(hookUrl) }],
  listSecrets: () => ['/api/secrets'],
  createSecret: () => {
    spares += 1;
    return ['/api/secrets', { name: `SPARE_${spares}`, value: 'a value of ours', description: hookUrl }];
  },
  updateSecret: () => ['/api/secrets/CRM', { description: `Still ${hookUrl}` }],
  deleteSecret: async () => {
    spares += 1;
    await server.api('POST', '/api/secrets', { name: `SPARE_${spares}`, value: 'a value of ours' });
    return [`/api/secrets/SPARE_${spares}`];
  },
  getSettings: () => ['/api/settings'],
  updateSettings: () => ['/api/settings', {}],
  getSession: () => ['/api/session'],
  signIn: () => ['/api/session', { email: 'nobody@example.com', password: hookUrl }],
  checkLink: () => ['/api/links/check', { token: hookKey }],
  acceptLink: () => ['/api/links/accept', { token: hookKey, password: 'correct horse battery' }],
  updateMe: () => ['/api/me', {}],
  confirmPassword: () => ['/api/session/confirm', { password: hookUrl }],
  listOwnSessions: () => ['/api/me/sessions'],
  endOwnSession: () => [`/api/me/sessions/${hookKey}`],
  endOtherSessions: () => ['/api/me/sessions'],
  listNotices: () => ['/api/me/notices'],
  readNotices: () => ['/api/me/notices/read'],
  listUsers: () => ['/api/users'],
  createUser: () => {
    spares += 1;
    return ['/api/users', { email: `spare${spares}@example.com`, name: `For ${hookKey}`, role: 'viewer' }];
  },
  updateUser: () => [`/api/users/${ids.user}`, { name: `For ${hookKey}` }],
  deleteUser: async () => [`/api/users/${await spareUser()}`],
  createUserLink: async () => [`/api/users/${await spareUser()}/link`],
  listUserSessions: () => [`/api/users/${ids.user}/sessions`],
  endUserSession: () => [`/api/users/${ids.user}/sessions/${hookKey}`],
  endUserSessions: async () => [`/api/users/${await spareUser()}/sessions`],
  signInWithCode: () => ['/api/session/second-factor', { code: '123456' }],
  getSecondFactor: () => ['/api/me/second-factor'],
  beginSecondFactor: () => ['/api/me/second-factor'],
  enableSecondFactor: () => ['/api/me/second-factor/enable', { code: hookKey }],
  renewRecoveryCodes: () => ['/api/me/second-factor/recovery-codes', { code: hookKey }],
  disableSecondFactor: () => ['/api/me/second-factor/disable', { code: hookKey, password: hookUrl }],
  removeUserSecondFactor: () => [`/api/users/${ids.user}/second-factor`],
  listTokens: () => ['/api/tokens'],
  createToken: () => ['/api/tokens', { name: `For ${hookKey}`, permissions: ['access:write'], expiresAt: null }],
  deleteToken: async () => {
    const { body } = await owner.send('POST', '/api/tokens', { name: 'spare', permissions: ['access:write'], expiresAt: null });
    return [`/api/tokens/${body.token.id}`];
  },
  listAudit: () => ['/api/audit?limit=100'],
  listPlugins: () => ['/api/plugins'],
  getOpenapi: () => ['/api/openapi.json'],
};

/** Nobody signs in here with what is planted, and a token is no person. */
const REFUSED: ReadonlySet<string> = new Set([
  ...['signIn', 'checkLink', 'acceptLink', 'updateMe', 'confirmPassword', 'endOwnSession', 'endUserSession'],
  // The owner has no second factor, and a guessed code does not make one.
  ...['signInWithCode', 'enableSecondFactor', 'renewRecoveryCodes', 'disableSecondFactor', 'removeUserSecondFactor'],
]);
/** A token with the route's permission alone may not do this; the owner may. */
const NEEDS_MORE: ReadonlySet<string> = new Set([
  ...['pinSample', 'createUser', 'updateUser', 'deleteUser', 'createUserLink', 'endUserSessions'],
  ...['listOwnSessions', 'endOtherSessions', 'listNotices', 'readNotices', 'getSecondFactor', 'beginSecondFactor'],
]);
/** These would end the sessions that the test needs; their replies have no body. */
const LEFT_OUT: ReadonlySet<string> = new Set(['signOut']);

async function spareUser(): Promise<string> {
  spares += 1;
  return (await owner.send('POST', '/api/users', { email: `spare${spares}@example.com`, name: hookKey, role: 'viewer' })).body
    .user.id;
}

async function resumeUrl(): Promise<string> {
  const { body } = await server.api('GET', e(ids.execution));
  return body.jobs.find((job: { key: string }) => job.key === 'link').output.url;
}

const isAllowed = (permission: string, { permissions }: Asker): boolean =>
  permission === 'none' || permission === 'any' || permissions.some((own) => own === permission);

/** What the reader of a stream sees of one call. */
async function firstEvents(path: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const reader = await readEvents(server.url + path, headers);
  const isListening = path.endsWith('/listen');
  if (isListening) await reader.nextOf('listening');
  await callAll(hookUrl);
  if (isListening) await reader.nextOf('request');
  else if (headers.Authorization === undefined) await reader.next();
  reader.hangUp();
  return { status: reader.status, text: JSON.stringify(reader.events) };
}

describe.each(routes.filter(({ name }) => !LEFT_OUT.has(name)))('$name', ({ name, method, permission, isStream }) => {
  test('shows no capability to who may not use it', { timeout: 60_000 }, async () => {
    const example = EXAMPLES[name];
    if (example === undefined) throw new Error(`Add an example call of ${name} to EXAMPLES, so that what it shows is looked at.`);
    for (const asker of askers.filter((one) => isAllowed(permission, one))) {
      const [path, body] = await example();
      const { status, text } = isStream ? await firstEvents(path, asker.headers) : await asker.send(method, path, body);
      const seen = findCapabilities(text);
      const where = `${asker.name}: ${method} ${path} -> ${status} ${text.slice(0, 2_000)}`;
      // What is refused shows nothing, and proves nothing.
      if (!REFUSED.has(name) && !(status === 403 && NEEDS_MORE.has(name))) expect(status, where).toBeLessThan(300);
      if (!asker.permissions.includes('workflows:write')) expect(seen.hookKeys, where).toEqual([]);
      if (!asker.permissions.includes('executions:write')) expect(seen.resumeTokens, where).toEqual([]);
      if (asker.name === 'owner') {
        if (SHOWS_KEYS.has(name)) expect(seen.hookKeys.length, where).toBeGreaterThan(0);
        if (SHOWS_TOKENS.has(name)) expect(seen.resumeTokens.length, where).toBeGreaterThan(0);
      }
    }
  });
});

/** That there is something to be hidden is looked at, too. */
const SHOWS_KEYS = new Set(
  'createWorkflow listWorkflows getWorkflow exportWorkflow listTags runWorkflow callWorkflow listRevisions getRevision compareRevisions evaluateExpression testNode learnVariables getExecution replayExecution rerunExecution getJobInput listEndpoints getEndpoint testEndpoint listAttempts getEventType getMessage getDelivery listenForCalls getSample parseQuery parseBody listSecrets'.split(
    ' ',
  ),
);
const SHOWS_TOKENS = new Set(
  'evaluateExpression testNode learnVariables getExecution rerunExecution getJobInput getMessage getDelivery listAttempts getStats'.split(
    ' ',
  ),
);

// --- what is found: written without the code that hides it -------------------------------------------------------------------

function findCapabilities(text: string): { hookKeys: string[]; resumeTokens: string[] } {
  const found = { hookKeys: new Set<string>(), resumeTokens: new Set<string>() };
  for (const layer of layersOf(text)) {
    const folded = layer.toLowerCase();
    for (const key of hookKeys) if (folded.includes(key.toLowerCase())) found.hookKeys.add(key);
    for (const [, key = ''] of layer.matchAll(/(?:hooks|webhook:trigger)\/([A-Za-z0-9_-]{22})/gi)) found.hookKeys.add(key);
    for (const [token] of layer.matchAll(/[A-Za-z0-9_-]{50,}\.[A-Za-z0-9_-]{20,43}/g)) {
      if (/[0-9a-f]{8}-[0-9a-f]{4}-7/.test(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString('latin1'))) {
        found.resumeTokens.add(token);
      }
    }
  }
  return { hookKeys: [...found.hookKeys], resumeTokens: [...found.resumeTokens] };
}

/** The text, and everything that comes out when its escapes and encodings are undone, four layers deep. */
function layersOf(text: string): Set<string> {
  const layers = new Set([text]);
  let last = [text];
  for (let depth = 0; depth < 4; depth += 1) {
    const next: string[] = [];
    for (const layer of last) {
      next.push(
        layer.replace(/(?:%[0-9a-f]{2})+/gi, (bytes) => Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('latin1')),
      );
      next.push(layer.replace(/\\u([0-9a-f]{4})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16))));
      next.push(layer.replace(/\\(.)/g, '$1'), layer.replace(/&#x2f;/gi, '/'));
      for (const [run] of layer.matchAll(/[A-Za-z0-9+/_-]{30,}/g)) {
        for (const skipped of [0, 1, 2, 3]) next.push(Buffer.from(run.slice(skipped), 'base64').toString('latin1'));
        if (/^[0-9a-f]+$/i.test(run)) next.push(Buffer.from(run, 'hex').toString('latin1'));
      }
    }
    last = next.filter((layer) => layer.length >= 22 && !layers.has(layer) && /[\x20-\x7e]{20}/.test(layer));
    for (const layer of last) layers.add(layer);
  }
  return layers;
}

// --- the recipes of the review -------------------------------------------------------------------------------------------------

const askerNamed = (name: string): Asker => {
  const asker = askers.find((one) => one.name === name);
  if (asker === undefined) throw new Error(`There is no ${name}.`);
  return asker;
};

test('a viewer who reads an approval cannot give it', async () => {
  const id = await waiting();
  const { text } = await askerNamed('viewer').send('GET', e(id));
  expect(text).toContain('[resume token]');
  for (const [url] of text.matchAll(/http[^"\\ ]+\/resume\/[^"\\ ]+/g)) {
    const answer = await server.post(url, { approved: true });
    expect([400, 404]).toContain(answer.status);
  }
  expect((await server.api('GET', e(id))).body.status).toBe('waiting');
});

test('a viewer sees where a trigger URL is hidden, and by which end it is known', async () => {
  const viewer = askerNamed('viewer');
  const workflow = JSON.parse((await viewer.send('GET', w(ids.approval))).text);
  expect(workflow).toMatchObject({ hookKey: null, hookUrl: null, hookKeyHint: hookKey.slice(-4) });
  const execution = JSON.parse((await viewer.send('GET', e(ids.execution))).text);
  expect(execution.request.url).toContain(`/hooks/[hook key …${hookKey.slice(-4)}]?next=`);
  expect(JSON.parse((await viewer.send('GET', w(ids.approval, '/export'))).text)).not.toHaveProperty('hookKey');
});

test('who reads workflows alone hears no calls and reads no samples', async () => {
  const reader = askerNamed('token workflows:read');
  for (const path of ['/listen', '/sample', '/learned'])
    expect((await reader.send('GET', w(ids.approval, path))).status).toBe(403);
});

test('who acts without reading gets nothing of what callers sent', async () => {
  const actor = askerNamed('token executions:write');
  const { text } = await actor.send('POST', e(await waiting(), '/cancel'));
  expect(JSON.parse(text)).toMatchObject({ status: 'canceled', request: null, context: null, response: null, jobs: [] });
});

test('a search finds nothing by what it does not show', async () => {
  const found = async (name: string, path: string) => JSON.parse((await askerNamed(name).send('GET', path)).text).data.length;
  const part = hookKey.slice(2, 12);
  for (const path of [`/api/workflows?search=${part}`, `/api/workflows?tag=${hookKey}`, `/api/endpoints?search=${part}`]) {
    expect(await found('owner', path), path).toBeGreaterThan(0);
    expect(await found('viewer', path), path).toBe(0);
  }
  expect(await found('viewer', '/api/workflows?search=approval')).toBeGreaterThan(0);
});

test('a key that was made a moment ago is hidden as well', async () => {
  const { hookKey: fresh } = await server.workflow({ title: 'Fresh', mode: 'sync', trigger: { type: 'webhook', config: {} } });
  await server.api('PATCH', w(ids.failing), { title: `Next ${fresh}` });
  const { text } = await askerNamed('viewer').send('GET', w(ids.failing));
  expect(text).not.toContain(fresh);
  expect(text).toContain(`Next [hook key …${fresh.slice(-4)}]`);
});

test('an error of the API names no key either', async () => {
  const { text, status } = await askerNamed('token workflows:read').send('GET', w(hookKey));
  expect(status).toBe(404);
  expect(text).toContain(`There is no workflow [hook key …${hookKey.slice(-4)}].`);
});

test('the admin token still sees everything', async () => {
  const answer = await fetch(server.url + w(ids.approval), { headers: { Authorization: `Bearer ${TOKEN}` } });
  expect(await answer.text()).toContain(hookUrl);
});
