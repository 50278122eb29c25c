// A change and its entry in the audit log are one transaction: for every audited route, a log that refuses leaves nothing changed.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAudited } from '../../src/http/middleware/audit.ts';
import { routes } from '../../src/http/routes/index.ts';
import { connectBeside } from '../../src/storage/connect.ts';
import { type Browser, openBrowser, PASSWORD } from './browser.ts';
import { quiet, startApi, type TestApi } from './support.ts';

let api: TestApi;
let ada: Browser;
let folder: string;
let databaseUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-audit-'));
  databaseUrl = `sqlite:${join(folder, 'hookline.db')}`;
  api = await startApi({ databaseUrl, publicUrl: 'http://hooks.example.com', passwordCost: 14, outboundAllow: '127.0.0.1' });
  ada = openBrowser(api.url);
  const link = await api.hookline.createSetupLink();
  await ada.accept(link?.url ?? '', { email: 'ada@example.com', name: 'Ada' });
});
afterAll(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

async function onDatabase<Result>(work: (query: (sql: string) => Promise<unknown[]>) => Promise<Result>): Promise<Result> {
  const database = await connectBeside(databaseUrl);
  try {
    return await work(async (sql) => (await database.query(sql))[0] as unknown[]);
  } finally {
    await database.close();
  }
}

/** Tables that change by themselves, and the columns that say when somebody was last seen. */
const RESTLESS = new Set(['settings', 'statistics', 'migrations', 'audit_log', 'audit_chain', 'known_callers', 'refused_calls']);

function contents(): Promise<string> {
  return onDatabase(async (query) => {
    const tables = (await query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")) as {
      name: string;
    }[];
    const all: unknown[] = [];
    for (const { name } of tables) if (!RESTLESS.has(name)) all.push([name, await query(`SELECT * FROM ${name}`)]);
    all.push(await query("SELECT * FROM settings WHERE name LIKE 'retention%' OR name LIKE 'audit%'"));
    return JSON.stringify(all, (key, value: unknown) => (key === 'last_seen_at' ? undefined : value));
  });
}

const refuse = () =>
  onDatabase((query) => query("CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_log BEGIN SELECT json('{'); END"));
const allow = () => onDatabase((query) => query('DROP TRIGGER refuse_audit'));

type Try = readonly [method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object];

/** A call of each route that would change something. */
async function tries(): Promise<Record<string, Try>> {
  const make = async (path: string, body: object) => (await api.call('POST', path, { body, status: 201 })).body;
  const workflow = await make('/api/workflows', quiet);
  const other = await make('/api/workflows', quiet);
  await api.call('DELETE', `/api/workflows/${other.id}`);
  const run = (await api.call('POST', `/api/workflows/${workflow.id}/run`, { body: { body: {} } })).body;
  await api.call('PATCH', `/api/workflows/${workflow.id}`, {
    body: { nodes: [{ key: 'v', type: 'variable', config: { value: 1 } }] },
    status: 200,
  });
  await api.call('POST', `/api/workflows/${workflow.id}/sample`, {
    body: { request: { method: 'POST', url: '/x', headers: {}, body: '{}', address: '::1' } },
    status: 200,
  });
  const endpoint = await make('/api/endpoints', { url: 'http://127.0.0.1:59999/', eventTypes: ['order.made'] });
  await make('/api/event-types', { name: 'order.created' });
  await make('/api/secrets', { name: 'CRM', value: 'long enough a value' });
  const user = (await make('/api/users', { email: 'bob@example.com', name: 'Bob', role: 'editor' })).user;
  const token = (await make('/api/tokens', { name: 't', permissions: ['workflows:read'], expiresAt: null })).token;
  const exported = (await api.call('GET', `/api/workflows/${workflow.id}/export`, { status: 200 })).body;
  const at = `/api/workflows/${workflow.id}`;
  return {
    createWorkflow: ['POST', '/api/workflows', quiet],
    updateWorkflow: ['PATCH', at, { title: 'Other' }],
    deleteWorkflow: ['DELETE', at],
    restoreWorkflow: ['POST', `/api/workflows/${other.id}/restore`],
    duplicateWorkflow: ['POST', `${at}/duplicate`],
    rotateKey: ['POST', `${at}/rotate-key`],
    runWorkflow: ['POST', `${at}/run`, { body: {} }],
    callWorkflow: ['POST', `${at}/call`, { body: '{}' }],
    importWorkflow: ['POST', '/api/workflows/import', exported],
    activateRevision: ['POST', `${at}/revisions/${1}/activate`],
    unpinSample: ['DELETE', `${at}/sample`],
    replayExecution: ['POST', `/api/executions/${run.id}/replay`, {}],
    createEndpoint: ['POST', '/api/endpoints', { url: 'http://127.0.0.1:59999/x', eventTypes: ['order.made'] }],
    updateEndpoint: ['PATCH', `/api/endpoints/${endpoint.id}`, { description: 'Other' }],
    deleteEndpoint: ['DELETE', `/api/endpoints/${endpoint.id}`],
    rotateSecret: ['POST', `/api/endpoints/${endpoint.id}/rotate-secret`, {}],
    testEndpoint: ['POST', `/api/endpoints/${endpoint.id}/test`, {}],
    verifyEndpoint: ['POST', `/api/endpoints/${endpoint.id}/verify`],
    createEventType: ['POST', '/api/event-types', { name: 'order.paid' }],
    addEventTypeVersion: ['POST', '/api/event-types/order.created/versions', {}],
    updateEventTypeVersion: ['PATCH', '/api/event-types/order.created/versions/1', { title: 'Other' }],
    deleteEventTypeVersion: ['DELETE', '/api/event-types/order.created/versions/1'],
    createSecret: ['POST', '/api/secrets', { name: 'ERP', value: 'long enough a value' }],
    updateSecret: ['PATCH', '/api/secrets/CRM', { description: 'Other' }],
    deleteSecret: ['DELETE', '/api/secrets/CRM'],
    updateSettings: ['PATCH', '/api/settings', { messageRetentionMs: 5_000, auditsReads: true, retention: { failed: 9_000 } }],
    createUser: ['POST', '/api/users', { email: 'eve@example.com', name: 'Eve', role: 'viewer' }],
    updateUser: ['PATCH', `/api/users/${user.id}`, { role: 'viewer' }],
    createUserLink: ['POST', `/api/users/${user.id}/link`],
    deleteUser: ['DELETE', `/api/users/${user.id}`],
    createToken: ['POST', '/api/tokens', { name: 'x', permissions: ['workflows:read'], expiresAt: null }],
    deleteToken: ['DELETE', `/api/tokens/${token.id}`],
    evaluateExpression: ['POST', '/api/evaluate', { engine: 'jsonata', expression: '1' }],
    testNode: [
      'POST',
      '/api/test-node',
      { mode: 'async', effects: false, node: { key: 'v', type: 'variable', config: { value: 1 } } },
    ],
  };
}

/** Those of a user, tried below, and those that need a state which is hard to bring about; they write as the others do. */
const ELSEWHERE = [
  ...['updateMe', 'signOut', 'confirmPassword', 'endOwnSession', 'endOtherSessions', 'endUserSessions', 'endUserSession'],
  ...['pinSample', 'retryExecution', 'rerunExecution', 'cancelExecution', 'unblockEndpoint', 'retryFailed', 'replayMessage'],
  ...['retryDelivery', 'cancelDelivery', 'listAudit', 'exportWorkflow'],
  ...['removeUserSecondFactor', 'enableSecondFactor', 'renewRecoveryCodes', 'disableSecondFactor'],
];

test('a log that refuses entries lets no audited route change anything', async () => {
  const all = await tries();
  const audited = routes.filter(isAudited).map(({ name }) => name);
  expect([...Object.keys(all), ...ELSEWHERE].sort()).toEqual([...audited].sort());
  await refuse();
  const before = await contents();
  for (const [name, [method, path, body]] of Object.entries(all)) {
    const { status, text } = await api.call(method, path, body === undefined ? {} : { body });
    expect.soft(status, `${name}: ${text}`).toBeGreaterThanOrEqual(500);
    expect.soft((await contents()) === before, name).toBe(true);
  }
  for (const [method, path, body] of [
    ['PATCH', '/api/me', { name: 'X', password: { current: PASSWORD, new: 'a wholly new sentence', revokeTokens: true } }],
    ['DELETE', '/api/session'],
  ] as const) {
    expect((await ada.send(method, path, body)).status, path).toBeGreaterThanOrEqual(500);
    expect(await contents(), path).toBe(before);
  }
  expect((await openBrowser(api.url).signIn('ada@example.com')).status).toBeGreaterThanOrEqual(500);
  expect(await contents()).toBe(before);
  await allow();
  // The same calls, let through: each leaves one entry, about what it made or changed.
  for (const [name, [method, path, body]] of Object.entries(all)) {
    const { body: earlier } = await api.call('GET', `/api/audit?action=${name}&limit=100`);
    const { status } = await api.call(method, path, body === undefined ? {} : { body });
    const { body: later } = await api.call('GET', `/api/audit?action=${name}&limit=100`);
    if (status >= 400) continue;
    expect.soft(later.data.length, name).toBe(earlier.data.length + 1);
    if (!['updateSettings', 'evaluateExpression', 'testNode'].includes(name))
      expect.soft(later.data[0].target, name).not.toBeNull();
  }
});
