import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { openEndpoint, sealConfig, sealSecrets } from '../../src/outbound/open-endpoint.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { openServices, problemsOf, refusalOf, type TestServices } from './services.ts';

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 128 });
let services: TestServices;
beforeEach(async () => {
  services = await openServices(evaluator);
});
afterEach(() => services.close());
afterAll(() => evaluator.close());

const URL = 'https://shop.example/hooks';
const SECRET = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;

/** As the sender sees it. */
async function opened(id: string) {
  const endpoint = await services.store.endpoints.get(id);
  if (!endpoint) throw new Error(`no endpoint ${id}`);
  return openEndpoint(endpoint, services.secretBox);
}

describe('a new endpoint', () => {
  test('gets an id, a secret that is told once, and the defaults of Standard Webhooks', async () => {
    const { endpoint, secret } = await services.endpoints.create({ url: URL, description: 'Shop' });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(endpoint.id).toMatch(/^ep_[0-9a-f]{32}$/);
    expect(endpoint).toMatchObject({ status: 'active', enabled: true, failures: 0, publicKey: null, warnings: [] });
    expect(endpoint.config).toMatchObject({ url: URL, eventTypes: ['*'], success: '2xx', timeoutMs: 10_000 });
    const shown = JSON.stringify([await services.endpoints.get(endpoint.id), await services.endpoints.list({ limit: 10 })]);
    expect(shown).not.toContain(secret);
    expect(JSON.stringify(await services.store.endpoints.get(endpoint.id))).not.toContain(secret.slice(6));
    expect((await opened(endpoint.id)).secrets).toEqual({ secret });
    expect(services.told).toEqual([{ type: 'endpoint-changed', endpointId: endpoint.id }]);
  });

  test('of a preset is filled in, and what is said wins', async () => {
    const { endpoint } = await services.endpoints.create({ url: URL, preset: 'dastra', timeoutMs: 5_000 });
    expect(endpoint.config).toMatchObject({
      profiles: [{ type: 'dastra' }],
      envelope: { type: 'dastra' },
      success: [200],
      retry: { type: 'dastra' },
      timeoutMs: 5_000,
    });
    for (const preset of ['standard', 'logto', 'github', 'stripe', 'shopify']) {
      const made = await services.endpoints.create({ url: URL, preset });
      expect(made.endpoint.config.profiles).toMatchObject([{ type: preset }]);
    }
  });

  test('takes a secret that somebody has, and may begin disabled', async () => {
    const { endpoint, secret } = await services.endpoints.create({ url: URL, secret: SECRET, enabled: false });
    expect(secret).toBe(SECRET);
    expect(endpoint).toMatchObject({ enabled: false, status: 'disabled', reason: 'It was disabled by hand.' });
  });

  test('with Ed25519 has a public key that is always shown', async () => {
    const { endpoint } = await services.endpoints.create({
      url: URL,
      profiles: [{ type: 'standard' }, { type: 'standard-v1a' }],
    });
    expect(endpoint.publicKey).toMatch(/^whpk_/);
    expect((await services.endpoints.get(endpoint.id)).publicKey).toBe(endpoint.publicKey);
  });

  test('keeps its secret values sealed and hidden', async () => {
    const { id } = await services.endpoint({
      secretHeaders: [{ name: 'X-Token', value: 'tok-123456' }],
      profiles: [{ type: 'github', secret: 'own-key-987654' }],
    });
    const view = await services.endpoints.get(id);
    expect(view.config.secretHeaders).toEqual([{ name: 'X-Token' }]);
    expect(view.config.profiles).toEqual([{ type: 'github' }]);
    expect(JSON.stringify(await services.store.endpoints.get(id))).not.toMatch(/tok-123456|own-key-987654/);
    expect((await opened(id)).config.profiles).toEqual([{ type: 'github', secret: 'own-key-987654' }]);
  });
});

describe('a change of an endpoint', () => {
  test('touches only what it names, and keeps the secrets that it leaves out', async () => {
    const { id, secret } = await services.endpoint({
      description: 'Before',
      rateLimit: { count: 5 },
      secretHeaders: [{ name: 'X-Token', value: 'tok-123456' }],
    });
    services.pass(5);
    const shown = (await services.endpoints.get(id)).config.secretHeaders;
    const view = await services.endpoints.update(id, { timeoutMs: 3_000, secretHeaders: shown, rateLimit: null });
    expect(view.config).toMatchObject({ description: 'Before', timeoutMs: 3_000 });
    expect(view.config).not.toHaveProperty('rateLimit');
    expect(view.updatedAt).toBeGreaterThan(view.createdAt);
    const { config, secrets } = await opened(id);
    expect(config.secretHeaders).toEqual([{ name: 'X-Token', value: 'tok-123456' }]);
    expect(secrets.secret).toBe(secret);
    expect(services.told.at(-1)).toEqual({ type: 'endpoint-changed', endpointId: id });
  });

  test('makes the key pair when a profile needs one, and drops it with the profile', async () => {
    const { id } = await services.endpoint();
    const view = await services.endpoints.update(id, { profiles: [{ type: 'standard' }, { type: 'standard-v1a' }] });
    expect(view.publicKey).toMatch(/^whpk_/);
    expect((await services.endpoints.update(id, { description: 'x' })).publicKey).toBe(view.publicKey);
    expect((await services.endpoints.update(id, { profiles: [{ type: 'standard' }] })).publicKey).toBeNull();
  });

  test('keep the keys of profiles by type and header, wherever they stand and however briefly they are written', async () => {
    const custom = (header: string) => ({ type: 'custom' as const, header });
    const { id } = await services.endpoint({
      profiles: [
        { type: 'github', secret: 'own-key-of-github' },
        { ...custom('X-One'), secret: 'own-key-of-one' },
        { ...custom('X-Two'), secret: 'own-key-of-two' },
      ],
    });
    const change = async (profiles: readonly object[]) => {
      await services.endpoints.update(id, { profiles });
      return (await opened(id)).config.profiles.map((profile) => ('secret' in profile ? profile.secret : undefined));
    };
    expect(await change([custom('X-Two'), { type: 'github' }, custom('x-one')])).toEqual([
      'own-key-of-two',
      'own-key-of-github',
      'own-key-of-one',
    ]);
    // One that is new has none; one alone of its type may change its header.
    expect(await change([custom('X-New'), { type: 'github' }, custom('X-One')])).toEqual([
      undefined,
      'own-key-of-github',
      'own-key-of-one',
    ]);
    expect(await change([{ type: 'github' }, custom('X-One')])).toEqual(['own-key-of-github', 'own-key-of-one']);
    expect(await change([custom('X-Renamed')])).toEqual(['own-key-of-one']);
    // Another way of signing does not take the key over, and null takes it away.
    expect(await change([{ type: 'shopify' }])).toEqual([undefined]);
    expect(await change([{ type: 'shopify', secret: 'own-key-of-shop' }])).toEqual(['own-key-of-shop']);
    expect(await change([{ type: 'shopify', secret: null }])).toEqual([undefined]);
  });

  test('is refused as a whole when a part of it is wrong', async () => {
    const { id } = await services.endpoint();
    const error = await refusalOf(services.endpoints.update(id, { description: 'new', timeoutMs: 'long', enabled: 'no' }));
    expect(problemsOf(error).sort()).toEqual(['enabled invalid_value', 'timeoutMs invalid_value']);
    expect((await services.endpoints.get(id)).config.description).toBe('');
    expect((await refusalOf(services.endpoints.update(id, { id: 'x' }))).code).toBe('invalid_endpoint');
  });

  test('disables and enables; enabling begins to count anew and lets what was held go out slowly', async () => {
    const { id } = await services.endpoint();
    await services.putInto(id, { failures: 4 });
    const disabled = await services.endpoints.update(id, { enabled: false });
    expect(disabled).toMatchObject({ status: 'disabled', enabled: false, since: services.now() });
    expect(services.happened).toMatchObject([{ type: 'endpoint.disabled', data: { endpoint: { id, url: URL } } }]);
    services.pass(1_000);
    const enabled = await services.endpoints.update(id, { enabled: true, description: 'back' });
    expect(enabled).toMatchObject({ status: 'active', failures: 0, reason: null, config: { description: 'back' } });
    expect((await services.store.endpoints.get(id))?.state.drainBefore).toBe(services.now());
    expect(services.notified).toEqual([id]);
    expect(services.told.at(-1)).toEqual({ type: 'deliveries-added', endpointIds: [id] });
  });

  test('that says what is so already changes no state', async () => {
    const { id } = await services.endpoint();
    await services.putInto(id, { status: 'blocked', reason: 'much failed', failures: 6 });
    expect(await services.endpoints.update(id, { enabled: true })).toMatchObject({ status: 'blocked', failures: 6 });
  });

  test('comes after the one before it', async () => {
    const { id } = await services.endpoint();
    await Promise.all([
      services.endpoints.update(id, { description: 'one' }),
      services.endpoints.update(id, { workspace: 'two' }),
      services.endpoints.update(id, { timeoutMs: 777 }),
    ]);
    expect((await services.endpoints.get(id)).config).toMatchObject({ description: 'one', workspace: 'two', timeoutMs: 777 });
  });
});

describe('unblocking', () => {
  test('sends again what was held, slowly, and tells of it', async () => {
    const { id } = await services.endpoint();
    await services.putInto(id, { status: 'blocked', reason: 'much failed', failures: 6, probeAt: 1, probes: 3 });
    expect(await services.endpoints.unblock(id)).toMatchObject({ status: 'active', reason: null, failures: 0, probeAt: null });
    expect(services.happened.map(({ type }) => type)).toEqual(['endpoint.unblocked']);
    expect(services.notified).toEqual([id]);
    expect(await services.endpoints.unblock(id)).toMatchObject({ status: 'active' });
    expect(services.happened).toHaveLength(1);
  });

  test('is no way to enable', async () => {
    const { id } = await services.endpoint({ enabled: false });
    expect((await refusalOf(services.endpoints.unblock(id))).code).toBe('conflict');
  });
});

describe('rotating the secret', () => {
  test('gives a new one, and lets the one before sign as well for a day', async () => {
    const { id, secret } = await services.endpoint({ profiles: [{ type: 'standard' }, { type: 'standard-v1a' }] });
    const before = await opened(id);
    const rotated = await services.endpoints.rotateSecret(id);
    const until = services.now() + 86_400_000;
    expect(rotated.secret).not.toBe(secret);
    expect(rotated.endpoint).toMatchObject({ previousKeyUntil: until, warnings: [] });
    const { secrets } = await opened(id);
    expect(secrets.previous).toEqual({ secret, until });
    expect(secrets.previousKey).toEqual({ signingKey: before.secrets.signingKey, until });
    expect(secrets.signingKey).not.toBe(before.secrets.signingKey);
    services.pass(86_400_000);
    expect((await services.endpoints.get(id)).previousKeyUntil).toBeNull();
  });

  test('may take a given one, without an overlap', async () => {
    const { id } = await services.endpoint();
    expect((await services.endpoints.rotateSecret(id, { secret: SECRET, overlapMs: 0 })).secret).toBe(SECRET);
    expect((await opened(id)).secrets).toEqual({ secret: SECRET });
    expect(problemsOf(await refusalOf(services.endpoints.rotateSecret(id, { secret: 'short' })))).toEqual([
      'secret invalid_secret',
    ]);
    expect((await refusalOf(services.endpoints.rotateSecret(id, { overlapMs: 31 * 86_400_000 }))).code).toBe('invalid_endpoint');
  });

  test('warns of headers that hold one signature, and of keys that it does not change', async () => {
    const { id } = await services.endpoint({
      profiles: [{ type: 'standard' }, { type: 'dastra' }, { type: 'github', secret: 'own-key-987654' }],
    });
    const { endpoint } = await services.endpoints.rotateSecret(id);
    expect(endpoint.warnings.map(({ path, code }) => `${path} ${code}`)).toEqual([
      'profiles[1] no_overlap',
      'profiles[2] own_key',
    ]);
  });
});

describe('the versions of event types', () => {
  beforeEach(async () => {
    await services.eventTypes.create({ name: 'order.created' });
    await services.eventTypes.addVersion('order.created', {});
    await services.eventTypes.create({ name: 'payment.received' });
  });

  test('are the newest ones when it subscribes, unless others are named', async () => {
    const { id } = await services.endpoint({ eventTypes: ['order.*'] });
    expect((await services.endpoints.get(id)).config.versions).toEqual({ 'order.created': 2 });
    const older = await services.endpoint({ eventTypes: ['*'], versions: { 'order.created': 1 } });
    expect((await services.endpoints.get(older.id)).config.versions).toEqual({ 'order.created': 1, 'payment.received': 1 });
  });

  test('stay until they are moved', async () => {
    const { id } = await services.endpoint({ eventTypes: ['order.*'] });
    await services.eventTypes.addVersion('order.created', {});
    const versions = async (change: object) => (await services.endpoints.update(id, { ...change })).config.versions;
    expect(await versions({ description: 'x' })).toEqual({ 'order.created': 2 });
    expect(await versions({ eventTypes: ['order.*', 'payment.*'] })).toEqual({ 'order.created': 2, 'payment.received': 1 });
    expect(await versions({ versions: { 'order.created': 3 } })).toEqual({ 'order.created': 3, 'payment.received': 1 });
    expect(await versions({ eventTypes: ['payment.*'] })).toEqual({ 'payment.received': 1 });
    const error = await refusalOf(services.endpoints.update(id, { versions: { 'payment.received': 9 } }));
    expect(problemsOf(error)).toEqual(['versions["payment.received"] unknown_version']);
  });
});

describe('a test', () => {
  test("sends the example of an event type's version, signed as usual, and stores the attempt", async () => {
    await services.eventTypes.create({ name: 'order.created', example: { id: 'o_1' } });
    await services.eventTypes.addVersion('order.created', { example: { id: 'o_2' } });
    const { id } = await services.endpoint({ versions: { 'order.created': 1 } });
    const attempt = await services.endpoints.test(id, { eventType: 'order.created' });
    expect(attempt).toMatchObject({ kind: 'test', succeeded: true, status: 204, deliveryIds: [], endpointId: id });
    expect(services.orders[0]?.deliveries[0]?.message).toMatchObject({ type: 'order.created', version: 1, data: '{"id":"o_1"}' });
    const page = await services.endpoints.attempts(id, { limit: 10 });
    expect(page.items).toMatchObject([{ id: attempt.id, kind: 'test' }]);
    expect((await services.store.deliveries.list({ limit: 10 })).items).toEqual([]);
  });

  test('without a type sends one that says what it is', async () => {
    const { id } = await services.endpoint({ enabled: false });
    services.answer(() => 500);
    expect(await services.endpoints.test(id)).toMatchObject({
      succeeded: false,
      status: 500,
      error: { code: 'unexpected_status' },
    });
    expect(services.orders[0]?.deliveries[0]?.message).toMatchObject({ type: 'hookline.test', data: '{"test":true}' });
  });

  test('needs an example', async () => {
    await services.eventTypes.create({ name: 'order.created' });
    const { id } = await services.endpoint();
    expect((await refusalOf(services.endpoints.test(id, { eventType: 'order.created' }))).code).toBe('invalid_event');
    expect((await refusalOf(services.endpoints.test(id, { eventType: 'nobody.knows' }))).code).toBe('event_type_not_found');
    expect(services.orders).toEqual([]);
  });

  test('can be made ten times a minute', async () => {
    const { id } = await services.endpoint();
    const other = await services.endpoint();
    for (let index = 0; index < 10; index++) {
      await services.endpoints.test(id);
      services.pass(1_000);
    }
    const error = await refusalOf(services.endpoints.verify(id));
    expect(error).toMatchObject({ code: 'too_many_requests', headers: { 'Retry-After': '50' } });
    await services.endpoints.test(other.id);
    services.pass(50_001);
    await services.endpoints.test(id);
  });
});

describe('a verification', () => {
  test('is content with a receiver that refuses the wrong signature', async () => {
    const { id } = await services.endpoint();
    services.answer(({ hasBadSignature }) => (hasBadSignature ? 401 : 204));
    const result = await services.endpoints.verify(id);
    expect(result).toMatchObject({ accepted: true, rejectsBadSignature: true, warnings: [] });
    expect(result.attempts.map(({ kind, status }) => `${kind} ${status}`)).toEqual(['verification 204', 'verification 401']);
    expect(services.orders.map(({ deliveries }) => deliveries[0]?.message.type)).toEqual([
      'hookline.verification',
      'hookline.verification',
    ]);
  });

  test.each<[string, (isBad: boolean) => number | null, object, string]>([
    ['accepts everything', () => 204, { accepted: true, rejectsBadSignature: false }, 'accepts_bad_signature'],
    ['refuses everything', () => 401, { accepted: false, rejectsBadSignature: true }, 'rejects_good_signature'],
    ['is not there', () => null, { accepted: false, rejectsBadSignature: false }, 'rejects_good_signature'],
    ['hangs up', (isBad) => (isBad ? null : 204), { accepted: true, rejectsBadSignature: false }, 'unclear'],
  ])('warns of one that %s', async (_what, answer, expected, code) => {
    const { id } = await services.endpoint();
    services.answer(({ hasBadSignature = false }) => answer(hasBadSignature));
    const result = await services.endpoints.verify(id);
    expect(result).toMatchObject(expected);
    expect(result.warnings).toMatchObject([{ code, severity: 'warning' }]);
  });
});

describe('what is known of an endpoint', () => {
  test('its statistics count what happened and what waits', async () => {
    const { id } = await services.endpoint();
    expect(await services.endpoints.stats(id, '1h')).toMatchObject({ attempts: 0, successRate: null, p50Ms: null, pending: 0 });
    const { message } = await services.messages.publish({ type: 'order.created', data: {} });
    services.pass(2_000);
    expect(message.type).toBe('order.created');
    expect(await services.endpoints.stats(id, '24h')).toMatchObject({ pending: 1, held: 0, oldestUndeliveredMs: 2_000 });
    await services.putInto(id, { status: 'blocked' });
    expect(await services.endpoints.stats(id, '24h')).toMatchObject({ pending: 0, held: 1 });
  });

  test('its snippets verify in every language, without its secret', async () => {
    const { id, secret } = await services.endpoint({ preset: 'stripe' });
    const snippets = await services.endpoints.snippets(id);
    expect(snippets.map(({ language }) => language)).toEqual(
      expect.arrayContaining(['node', 'python', 'php', 'csharp', 'go', 'ruby', 'java', 'shell']),
    );
    expect(JSON.stringify(snippets)).not.toContain(secret.slice(6));
    expect((await services.endpoints.snippets(id, 'python')).map(({ language }) => language)).toEqual(['python']);
  });

  test('lists are filtered', async () => {
    const { id } = await services.endpoint({ workspace: 'acme', description: 'The shop' });
    const off = await services.endpoint({ enabled: false });
    const ids = async (filter: object) => (await services.endpoints.list({ limit: 10, ...filter })).items.map((one) => one.id);
    expect(await ids({})).toEqual([off.id, id]);
    expect(await ids({ workspace: 'acme' })).toEqual([id]);
    expect(await ids({ status: 'disabled' })).toEqual([off.id]);
    expect(await ids({ search: 'SHOP.EX' })).toEqual([off.id, id]);
    expect(await ids({ search: 'the shop' })).toEqual([id]);
  });

  test('what is not there is said to be so', async () => {
    for (const ask of [
      () => services.endpoints.get('ep_x'),
      () => services.endpoints.update('ep_x', {}),
      () => services.endpoints.delete('ep_x'),
      () => services.endpoints.test('ep_x'),
      () => services.endpoints.stats('ep_x', '1h'),
      () => services.endpoints.attempts('ep_x', { limit: 1 }),
      () => services.endpoints.retryFailed('ep_x', 0),
    ]) {
      expect((await refusalOf(ask())).code).toBe('endpoint_not_found');
    }
  });
});

test('a deleted endpoint is gone, and what was to be sent to it is canceled', async () => {
  const { id } = await services.endpoint();
  const { message } = await services.messages.publish({ type: 'order.created', data: {} });
  await services.endpoints.delete(id);
  expect((await refusalOf(services.endpoints.get(id))).code).toBe('endpoint_not_found');
  const { deliveries } = await services.messages.get(message.id);
  expect(deliveries).toMatchObject([{ status: 'canceled' }]);
});

test('what has failed since a time is sent again', async () => {
  const { id } = await services.endpoint();
  const ids: string[] = [];
  for (const status of ['failed', 'failed', 'expired', 'succeeded'] as const) {
    const { message } = await services.messages.publish({ type: 'order.created', data: {} });
    const { deliveries } = await services.messages.get(message.id);
    for (const delivery of deliveries) {
      ids.push(delivery.id);
      await services.finish(delivery.id, status);
    }
    services.pass(1_000);
  }
  services.notified.length = 0;
  expect(await services.endpoints.retryFailed(id, services.now() - 3_500)).toBe(2);
  const statuses = await Promise.all(ids.map(async (one) => (await services.store.deliveries.get(one))?.status));
  expect(statuses).toEqual(['failed', 'pending', 'pending', 'succeeded']);
  expect(services.notified).toEqual([id]);
});

describe('when the key of the installation is lost', () => {
  const otherBox = createSecretBox(Buffer.alloc(32, 8));

  test('an endpoint is still shown, and usable again when its secret is rotated', async () => {
    const { id } = await services.endpoint();
    await services.store.endpoints.update(id, { sealedSecrets: sealSecrets(id, { secret: SECRET }, otherBox), updatedAt: 1 });
    expect((await services.endpoints.get(id)).warnings).toMatchObject([{ code: 'secret_unreadable', severity: 'warning' }]);
    expect((await refusalOf(services.endpoints.update(id, { description: 'x' }))).code).toBe('invalid_configuration');
    expect((await refusalOf(services.endpoints.test(id))).code).toBe('invalid_configuration');
    const { secret } = await services.endpoints.rotateSecret(id);
    expect((await opened(id)).secrets).toEqual({ secret });
    expect((await services.endpoints.update(id, { description: 'x' })).warnings).toEqual([]);
  });

  test('the secrets of its configuration can be entered again', async () => {
    const { id } = await services.endpoint({ secretHeaders: [{ name: 'X-Token', value: 'tok-123456' }] });
    const { config } = await opened(id);
    await services.store.endpoints.update(id, { config: sealConfig(id, config, otherBox), updatedAt: 1 });
    const error = await refusalOf(services.endpoints.update(id, { description: 'x' }));
    expect(error).toMatchObject({ code: 'invalid_configuration', message: expect.stringContaining('"secretHeaders"') });
    await services.endpoints.update(id, { secretHeaders: [{ name: 'X-Token', value: 'tok-new' }] });
    expect((await opened(id)).config.secretHeaders).toEqual([{ name: 'X-Token', value: 'tok-new' }]);
  });
});

test('an endpoint of a node is shown, and changed only by its node', async () => {
  const { id } = await services.endpoint();
  const endpoint = await services.store.endpoints.get(id);
  if (!endpoint) throw new Error('it is there');
  const url = { ...endpoint, id: 'url_1', kind: 'url' as const };
  await services.commit({ outbound: { endpoints: [url] } });
  expect(await services.endpoints.get('url_1')).toMatchObject({ kind: 'url' });
  expect((await services.endpoints.list({ limit: 10 })).items.map((one) => one.id)).toEqual([id]);
  for (const ask of [
    () => services.endpoints.update('url_1', { description: 'x' }),
    () => services.endpoints.delete('url_1'),
    () => services.endpoints.rotateSecret('url_1'),
    () => services.endpoints.test('url_1'),
  ]) {
    expect((await refusalOf(ask())).code).toBe('conflict');
  }
});
