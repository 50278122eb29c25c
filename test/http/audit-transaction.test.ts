// A change and its entry in the audit log are one transaction: for every audited route, a log that refuses leaves nothing changed.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAudited } from '../../src/http/middleware/audit.ts';
import { routes } from '../../src/http/routes/index.ts';
import { connectBeside } from '../../src/storage/connect.ts';
import { type Browser, openBrowser, PASSWORD } from './browser.ts';
import { quiet, startApi, type TestApi } from './support.ts';

let api: TestApi;
let ada: Browser;
let folder: string;
/** A connection of its own. */
let beside: Awaited<ReturnType<typeof connectBeside>>;
/** Refuses every webhook. */
let receiver: Server;
let receiverUrl: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-audit-'));
  const databaseUrl = `sqlite:${join(folder, 'hookline.db')}`;
  receiver = createServer((request, response) => request.resume().on('end', () => response.writeHead(500).end()));
  await once(receiver.listen(0, '127.0.0.1'), 'listening');
  receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  api = await startApi({ databaseUrl, publicUrl: 'http://hooks.example.com', passwordCost: 14, outboundAllow: '127.0.0.1' });
  beside = await connectBeside(databaseUrl);
  ada = openBrowser(api.url);
  const link = await api.hookline.createSetupLink();
  await ada.accept(link?.url ?? '', { email: 'ada@example.com', name: 'Ada' });
});
afterAll(async () => {
  await beside.close();
  await api.close();
  receiver.close();
  receiver.closeAllConnections();
  await rm(folder, { recursive: true });
});

const query = async (sql: string): Promise<unknown[]> => (await beside.query(sql))[0];

/** Tables that change by themselves, and the columns that say when somebody was last seen. */
const RESTLESS = new Set(['settings', 'statistics', 'migrations', 'audit_log', 'audit_chain', 'known_callers', 'refused_calls']);

async function contents(): Promise<string> {
  const tables = (await query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")) as {
    name: string;
  }[];
  const all: unknown[] = [];
  for (const { name } of tables) if (!RESTLESS.has(name)) all.push([name, await query(`SELECT * FROM ${name}`)]);
  all.push(await query("SELECT * FROM settings WHERE name LIKE 'retention%' OR name LIKE 'audit%'"));
  return JSON.stringify(all, (key, value: unknown) => (key === 'last_seen_at' ? undefined : value));
}

const refuse = () => query("CREATE TRIGGER refuse_audit BEFORE INSERT ON audit_log BEGIN SELECT json('{'); END");
const allow = () => query('DROP TRIGGER refuse_audit');

/** @param as the user who calls; default the admin token */
type Try = readonly [
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object | (() => object) | undefined,
  as?: Browser,
];
type Tries = Record<string, Try>;

const make = async (path: string, body: object) => (await api.call('POST', path, { body, status: 201 })).body;
const change = { nodes: [{ key: 'v', type: 'variable', config: { value: 1 } }] };

async function triesOfWorkflows(): Promise<Tries> {
  const [workflow, trashed, doomed, revised] = await Promise.all([1, 2, 3, 4].map(() => make('/api/workflows', quiet)));
  await api.call('DELETE', `/api/workflows/${trashed.id}`, { status: 204 });
  await api.call('POST', `/api/workflows/${revised.id}/run`, { body: { body: {} } });
  await api.call('PATCH', `/api/workflows/${revised.id}`, { body: change, status: 200 });
  const request = { method: 'POST', url: '/x', headers: {}, body: '{}', address: '::1' };
  await api.call('POST', `/api/workflows/${revised.id}/sample`, { body: { request }, status: 200 });
  const exported = (await api.call('GET', `/api/workflows/${workflow.id}/export`, { status: 200 })).body;
  const at = `/api/workflows/${workflow.id}`;
  return {
    createWorkflow: ['POST', '/api/workflows', quiet],
    updateWorkflow: ['PATCH', at, { title: 'Other' }],
    deleteWorkflow: ['DELETE', `/api/workflows/${doomed.id}`],
    restoreWorkflow: ['POST', `/api/workflows/${trashed.id}/restore`],
    duplicateWorkflow: ['POST', `${at}/duplicate`],
    rotateKey: ['POST', `${at}/rotate-key`],
    runWorkflow: ['POST', `${at}/run`, { body: {} }],
    callWorkflow: ['POST', `${at}/call`, { body: '{}' }],
    importWorkflow: ['POST', '/api/workflows/import', exported],
    activateRevision: ['POST', `/api/workflows/${revised.id}/revisions/1/activate`],
    pinSample: ['POST', `${at}/sample`, { request }],
    unpinSample: ['DELETE', `/api/workflows/${revised.id}/sample`],
  };
}

async function triesOfExecutions(): Promise<Tries> {
  const node = { key: 'c', type: 'calculation', config: { engine: 'jsonata', expression: '$error("no")' } };
  const failing = await make('/api/workflows', { ...quiet, nodes: [node] });
  const waiting = await make('/api/workflows', { ...quiet, nodes: [{ key: 'w', type: 'wait', config: {} }] });
  const run = async (workflow: { id: string }, until: string): Promise<string> => {
    const { id } = (await api.call('POST', `/api/workflows/${workflow.id}/run`, { body: { body: {} } })).body;
    await expect.poll(async () => (await api.call('GET', `/api/executions/${id}`)).body.status).toBe(until);
    return `/api/executions/${id}`;
  };
  return {
    replayExecution: ['POST', `${await run(failing, 'error')}/replay`, {}],
    retryExecution: ['POST', `${await run(failing, 'error')}/retry`],
    rerunExecution: ['POST', `${await run(failing, 'error')}/rerun`, { from: 'c' }],
    cancelExecution: ['POST', `${await run(waiting, 'waiting')}/cancel`],
  };
}

async function triesOfWebhooks(): Promise<Tries> {
  const plain = (event: string, more: object = {}) => {
    const config = { url: receiverUrl, eventTypes: [event], retry: { type: 'none' }, blocking: { enabled: false } };
    return make('/api/endpoints', { ...config, ...more });
  };
  const endpoint = await plain('order.made');
  const doomed = await plain('order.made');
  const failing = await plain('order.failed');
  const blocked = await plain('order.blocked', { blocking: { enabled: true, after: 1 } });
  const retried = await plain('order.retried', { retry: { type: 'custom', delaysMs: [86_400_000] } });
  for (const name of ['order.created', 'order.doomed']) await make('/api/event-types', { name });
  const message = await make('/api/messages', { type: 'order.failed', data: {} });
  for (const type of ['order.failed', 'order.retried', 'order.blocked', 'order.blocked']) {
    await make('/api/messages', { type, data: {} });
  }
  const deliveriesOf = async ({ id }: { id: string }) => (await api.call('GET', `/api/deliveries?endpointId=${id}`)).body.data;
  const statuses = async (of: { id: string }) =>
    (await deliveriesOf(of)).map((one: { status: string; attemptCount: number }) => `${one.status} ${one.attemptCount}`);
  await expect.poll(() => statuses(failing)).toEqual(['failed 1', 'failed 1']);
  await expect.poll(() => statuses(retried)).toEqual(['pending 1']);
  await expect.poll(async () => (await api.call('GET', `/api/endpoints/${blocked.id}`)).body.status).toBe('blocked');
  const [[failed], [pending]] = [await deliveriesOf(failing), await deliveriesOf(retried)];
  const at = `/api/endpoints/${endpoint.id}`;
  return {
    createEndpoint: ['POST', '/api/endpoints', { url: `${receiverUrl}x`, eventTypes: ['order.made'] }],
    updateEndpoint: ['PATCH', at, { description: 'Other' }],
    deleteEndpoint: ['DELETE', `/api/endpoints/${doomed.id}`],
    rotateSecret: ['POST', `${at}/rotate-secret`, {}],
    testEndpoint: ['POST', `${at}/test`, {}],
    verifyEndpoint: ['POST', `${at}/verify`],
    unblockEndpoint: ['POST', `/api/endpoints/${blocked.id}/unblock`],
    replayMessage: ['POST', `/api/messages/${message.id}/replay`, { endpointId: failing.id }],
    retryDelivery: ['POST', `/api/deliveries/${failed.id}/retry`],
    cancelDelivery: ['POST', `/api/deliveries/${pending.id}/cancel`],
    retryFailed: ['POST', `/api/endpoints/${failing.id}/retry-failed`, { since: '2020-01-01' }],
    createEventType: ['POST', '/api/event-types', { name: 'order.paid' }],
    addEventTypeVersion: ['POST', '/api/event-types/order.created/versions', {}],
    updateEventTypeVersion: ['PATCH', '/api/event-types/order.created/versions/1', { title: 'Other' }],
    deleteEventTypeVersion: ['DELETE', '/api/event-types/order.doomed/versions/1'],
  };
}

interface SignedIn {
  readonly id: string;
  readonly browser: Browser;
}

async function invite(name: string): Promise<SignedIn> {
  const { user, link } = await make('/api/users', { email: `${name}@example.com`, name, role: 'editor' });
  const browser = openBrowser(api.url);
  expect((await browser.accept(link.url)).status).toBe(200);
  return { id: user.id, browser };
}

/** Begins to enrol. @returns makes a code of now */
async function begin({ browser }: SignedIn): Promise<() => { code: string }> {
  const { secret } = (await browser.send('POST', '/api/me/second-factor')).body;
  return () => ({ code: new TOTP({ secret: Secret.fromBase32(secret) }).generate() });
}

/** @returns a user with a second factor, and a recovery code, since a code of the app can be used once */
async function inviteWithSecondFactor(name: string): Promise<SignedIn & { code: string }> {
  const user = await invite(name);
  const code = await begin(user);
  const { status, body } = await user.browser.send('POST', '/api/me/second-factor/enable', code());
  expect(status).toBe(200);
  return { ...user, code: body.recoveryCodes[0] };
}

async function sessionOf(browser: Browser, isCurrent: boolean): Promise<string> {
  const { data } = (await browser.send('GET', '/api/me/sessions')).body;
  return data.find((one: { isCurrent: boolean }) => one.isCurrent === isCurrent).id;
}

async function triesOfUsers(): Promise<Tries> {
  const [bob, carol, dave, erin, frank] = await Promise.all(['bob', 'carol', 'dave', 'erin', 'frank'].map(invite));
  if (!bob || !carol || !dave || !erin || !frank) throw new Error('Some users were not made.');
  const [renewing, disabling, removed] = await Promise.all(['grace', 'heidi', 'ivan'].map(inviteWithSecondFactor));
  if (!renewing || !disabling || !removed) throw new Error('Some users were not made.');
  // Second sessions, to be ended.
  for (const name of ['carol', 'dave', 'erin'])
    expect((await openBrowser(api.url).signIn(`${name}@example.com`)).status).toBe(200);
  const { token } = await make('/api/tokens', { name: 't', permissions: ['workflows:read'], expiresAt: null });
  const password = { current: PASSWORD, new: 'a wholly new sentence', revokeTokens: true };
  return {
    createUser: ['POST', '/api/users', { email: 'eve@example.com', name: 'Eve', role: 'viewer' }],
    updateUser: ['PATCH', `/api/users/${bob.id}`, { role: 'viewer' }],
    createUserLink: ['POST', `/api/users/${bob.id}/link`],
    endUserSession: ['DELETE', `/api/users/${erin.id}/sessions/${await sessionOf(erin.browser, false)}`],
    endUserSessions: ['DELETE', `/api/users/${erin.id}/sessions`],
    removeUserSecondFactor: ['DELETE', `/api/users/${removed.id}/second-factor`],
    deleteUser: ['DELETE', `/api/users/${bob.id}`],
    createToken: ['POST', '/api/tokens', { name: 'x', permissions: ['workflows:read'], expiresAt: null }],
    deleteToken: ['DELETE', `/api/tokens/${token.id}`],
    confirmPassword: ['POST', '/api/session/confirm', { password: PASSWORD }, carol.browser],
    endOwnSession: ['DELETE', `/api/me/sessions/${await sessionOf(carol.browser, false)}`, undefined, carol.browser],
    endOtherSessions: ['DELETE', '/api/me/sessions', undefined, dave.browser],
    enableSecondFactor: ['POST', '/api/me/second-factor/enable', await begin(frank), frank.browser],
    renewRecoveryCodes: ['POST', '/api/me/second-factor/recovery-codes', { code: renewing.code }, renewing.browser],
    disableSecondFactor: [
      'POST',
      '/api/me/second-factor/disable',
      { password: PASSWORD, code: disabling.code },
      disabling.browser,
    ],
    updateMe: ['PATCH', '/api/me', { name: 'X', password }, frank.browser],
    signOut: ['DELETE', '/api/session', undefined, renewing.browser],
  };
}

/** A call of each route that would change something. */
async function tries(): Promise<Tries> {
  for (const name of ['CRM', 'DOOMED']) await make('/api/secrets', { name, value: 'long enough a value' });
  return {
    ...(await triesOfWorkflows()),
    ...(await triesOfExecutions()),
    ...(await triesOfWebhooks()),
    ...(await triesOfUsers()),
    createSecret: ['POST', '/api/secrets', { name: 'ERP', value: 'long enough a value' }],
    updateSecret: ['PATCH', '/api/secrets/CRM', { description: 'Other' }],
    deleteSecret: ['DELETE', '/api/secrets/DOOMED'],
    updateSettings: ['PATCH', '/api/settings', { messageRetentionMs: 5_000, auditsReads: true, retention: { failed: 9_000 } }],
    evaluateExpression: ['POST', '/api/evaluate', { engine: 'jsonata', expression: '1' }],
    testNode: [
      'POST',
      '/api/test-node',
      { mode: 'async', effects: false, node: { key: 'v', type: 'variable', config: { value: 1 } } },
    ],
  };
}

/**
 * Reads that have an entry. They change nothing, and whoever looks for the reason why the log refuses entries has to be able to
 * read it: the server's log says that the entry is missing.
 */
const READS: Readonly<Record<string, string>> = { listAudit: '/api/audit', exportWorkflow: '/export' };

/** What is about the whole installation or the caller itself has no target. */
const WITHOUT_TARGET = [
  ...['updateSettings', 'evaluateExpression', 'testNode', 'updateMe', 'signOut', 'confirmPassword', 'endOtherSessions'],
  ...['enableSecondFactor', 'renewRecoveryCodes', 'disableSecondFactor'],
];

async function send([method, path, given, as]: Try): Promise<{ status: number; text: string }> {
  const body = typeof given === 'function' ? given() : given;
  if (as === undefined) return api.call(method, path, body === undefined ? {} : { body });
  return as.send(method, path, body);
}

test('a log that refuses entries lets no audited route change anything', async () => {
  const all = await tries();
  const exported = (await make('/api/workflows', quiet)).id;
  const audited = routes.filter(isAudited).map(({ name }) => name);
  expect([...Object.keys(all), ...Object.keys(READS)].sort()).toEqual([...audited].sort());
  await refuse();
  const before = await contents();
  for (const [name, attempt] of Object.entries(all)) {
    const { status, text } = await send(attempt);
    expect.soft(status, `${name}: ${text}`).toBeGreaterThanOrEqual(500);
    expect.soft((await contents()) === before, name).toBe(true);
  }
  expect((await openBrowser(api.url).signIn('ada@example.com')).status).toBeGreaterThanOrEqual(500);
  expect(await contents()).toBe(before);
  for (const [name, path] of Object.entries(READS)) {
    const logged = api.logged.length;
    expect((await api.call('GET', path === '/export' ? `/api/workflows/${exported}/export` : path)).status, name).toBe(200);
    const lines = api.logged.slice(logged).map(({ message }) => message);
    expect(lines, name).toContain('An entry of the audit log could not be stored');
  }
  await allow();
  // The same calls, let through: each leaves one entry, about what it made or changed.
  for (const [name, attempt] of Object.entries(all)) {
    const { body: earlier } = await api.call('GET', `/api/audit?action=${name}&limit=100`);
    const { status, text } = await send(attempt);
    const { body: later } = await api.call('GET', `/api/audit?action=${name}&limit=100`);
    expect.soft(status, `${name}: ${text}`).toBeLessThan(400);
    expect.soft(later.data.length, name).toBe(earlier.data.length + 1);
    if (!WITHOUT_TARGET.includes(name)) expect.soft(later.data[0]?.target, name).not.toBeNull();
  }
});
