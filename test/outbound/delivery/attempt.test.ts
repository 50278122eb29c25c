import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { createIdSource } from '../../../src/engine/id.ts';
import { type EndpointConfig, type EndpointSecrets, endpointConfigSchema } from '../../../src/engine/outbound-model.ts';
import type { DueDelivery } from '../../../src/engine/outbound-ports.ts';
import { HooklineError } from '../../../src/errors.ts';
import {
  type AttemptOrder,
  type AttemptResult,
  createSender,
  type MakeBody,
  type SenderOptions,
} from '../../../src/outbound/delivery/attempt.ts';
import { INITIAL_STATE } from '../../../src/outbound/delivery/breaker.ts';
import { createGuardedFetch, type GuardedFetchOptions } from '../../../src/outbound/guard/guarded-fetch.ts';
import type { OpenEndpoint } from '../../../src/outbound/open-endpoint.ts';
import { signRequest } from '../../../src/outbound/signing/sign.ts';
import { withLimit } from '../../patience.ts';
import { type Receiver, receivers, startReceiver } from '../receivers.ts';

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5, 600);
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const KEY = Buffer.from(SECRET.slice(6), 'base64');
const BODY = '{"type":"order.created","data":{"text":"→ é"}}';
const makeBody: MakeBody = () => ({ text: BODY, version: 3 });

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function started<Kind extends Receiver>(receiver: Promise<Kind>): Promise<Kind> {
  open.push(await receiver);
  return receiver;
}

function sender(options: Partial<SenderOptions> & { readonly guard?: GuardedFetchOptions } = {}) {
  const guarded = createGuardedFetch({ allowedTargets: ['127.0.0.0/8'], ...options.guard });
  open.push(guarded);
  return createSender({
    fetch: guarded.fetch,
    sign: signRequest,
    makeBody,
    userAgent: 'Hookline/test',
    now: () => NOW,
    createId: createIdSource(),
    ...options,
  });
}

function endpoint(
  config: Partial<EndpointConfig> & { readonly url: string },
  secrets: Partial<EndpointSecrets> = {},
): OpenEndpoint {
  return {
    id: 'ep_1',
    kind: 'endpoint',
    config: { ...endpointConfigSchema.parse({ url: config.url, timeoutMs: 60_000 }), ...config },
    secrets: { secret: SECRET, ...secrets },
    state: INITIAL_STATE,
    stateSequence: 0,
    createdAt: NOW,
    updatedAt: NOW,
  };
}

function due(number = 1, url: string | null = null): DueDelivery {
  const id = `msg_${number}`;
  return {
    delivery: {
      id: `dlv_${number}`,
      messageId: id,
      endpointId: 'ep_1',
      eventType: 'order.created',
      status: 'pending',
      dueAt: NOW,
      attempts: 0,
      attemptsBefore: 0,
      orderingKey: null,
      batchId: null,
      url,
      lastStatus: null,
      error: null,
      createdAt: NOW,
      finishedAt: null,
    },
    message: {
      id,
      type: 'order.created',
      version: 3,
      data: '{}',
      timestamp: NOW,
      userId: null,
      idempotencyKey: null,
      source: null,
      createdAt: NOW,
    },
  };
}

function order(to: OpenEndpoint, more: Partial<AttemptOrder> = {}): AttemptOrder {
  const { signal } = new AbortController();
  return { endpoint: to, deliveries: [due()], batchId: null, number: 1, kind: 'delivery', signal, ...more };
}

/** One attempt at a receiver. */
function sendTo(
  { url }: { readonly url: string },
  config: Partial<EndpointConfig> = {},
  options: Parameters<typeof sender>[0] = {},
): Promise<AttemptResult> {
  return sender(options).send(order(endpoint({ url: `${url}/hook?a=b`, ...config })));
}

function standardSignature(id: string, body: string): string {
  const digest = createHmac('sha256', KEY)
    .update(`${id}.${Math.floor(NOW / 1000)}.${body}`)
    .digest('base64');
  return `v1,${digest}`;
}

describe('what is sent', () => {
  it('is the exact body, signed, with the headers of the endpoint; all of it is in the attempt', async () => {
    const receiver = await started(receivers.ok());
    const result = await sendTo(receiver, {
      headers: [{ name: 'X-Plain', value: 'seen' }],
      secretHeaders: [{ name: 'X-Api-Key', value: 'hidden-value' }],
    });
    const [request] = receiver.requests;
    const signed = {
      'content-type': 'application/json',
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(NOW / 1000)),
      'webhook-signature': standardSignature('msg_1', BODY),
      'webhook-version': '3',
      'user-agent': 'Hookline/test',
      'x-plain': 'seen',
    };
    expect(request).toMatchObject({ method: 'POST', path: '/hook?a=b', body: BODY });
    expect(request?.headers).toMatchObject({ ...signed, 'x-api-key': 'hidden-value' });
    expect(result).toEqual({
      attempt: {
        id: expect.stringMatching(/^atm_[0-9a-f]{32}$/),
        endpointId: 'ep_1',
        deliveryIds: ['dlv_1'],
        kind: 'delivery',
        number: 1,
        succeeded: true,
        status: 200,
        error: null,
        startedAt: NOW,
        timings: {
          dnsMs: null,
          connectMs: expect.any(Number),
          tlsMs: null,
          firstByteMs: expect.any(Number),
          totalMs: expect.any(Number),
        },
        url: `${receiver.url}/hook?a=b`,
        requestHeaders: { ...signed, 'accept-encoding': 'identity', 'x-api-key': '[redacted]' },
        body: BODY,
        responseHeaders: expect.objectContaining({ 'content-length': '2' }),
        responseBody: 'ok',
        isResponseCut: false,
      },
      wish: 'none',
      retryAfterMs: null,
      isPermanent: false,
      countsForEndpoint: true,
    });
  });

  it('keeps its own headers, whatever those of the endpoint say', async () => {
    const receiver = await started(receivers.ok());
    const names = ['Host', 'Connection', 'Transfer-Encoding', 'Content-Length', 'Content-Type', 'Content-Encoding'];
    const more = ['webhook-id', 'Webhook-Signature', 'webhook-timestamp', 'WEBHOOK-VERSION', 'X-Hub-Signature-256'];
    const headers = [...names, ...more].map((name) => ({ name, value: 'mine' }));
    const { attempt } = await sendTo(receiver, {
      headers,
      secretHeaders: headers,
      profiles: [{ type: 'standard' }, { type: 'github' }],
    });
    expect(attempt.succeeded).toBe(true);
    expect(Object.values(receiver.requests[0]?.headers ?? {})).not.toContain('mine');
    expect(receiver.requests[0]?.headers.host).toBe(`127.0.0.1:${receiver.port}`);
    expect(attempt.requestHeaders['x-hub-signature-256']).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(Object.values(attempt.requestHeaders)).not.toContain('[redacted]');
  });

  it('lets an endpoint have its own user agent', async () => {
    const receiver = await started(receivers.ok());
    await sendTo(receiver, { headers: [{ name: 'User-Agent', value: 'Mine/2' }] });
    expect(receiver.requests[0]?.headers['user-agent']).toBe('Mine/2');
  });

  it('goes to the URL of the delivery where it has one', async () => {
    const receiver = await started(receivers.ok());
    const to = endpoint({ url: receiver.url });
    const { attempt } = await sender().send(order(to, { deliveries: [due(1, `${receiver.url}/its/own`)] }));
    expect(receiver.requests[0]?.path).toBe('/its/own');
    expect(attempt.url).toBe(`${receiver.url}/its/own`);
  });

  it('is one request for a batch, with the id of the batch and without a version', async () => {
    const receiver = await started(receivers.ok());
    const { attempt } = await sender({ makeBody: async () => ({ text: '[1,2]', version: null }) }).send(
      order(endpoint({ url: receiver.url }), { deliveries: [due(1), due(2)], batchId: 'bat_1', number: 4 }),
    );
    expect(attempt).toMatchObject({ deliveryIds: ['dlv_1', 'dlv_2'], number: 4, body: '[1,2]' });
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]?.headers).toMatchObject({
      'webhook-id': 'bat_1',
      'webhook-signature': standardSignature('bat_1', '[1,2]'),
    });
    expect(receiver.requests[0]?.headers).not.toHaveProperty('webhook-version');
  });

  it('has a wrong signature when a verification wants one, and everything else right', async () => {
    const receiver = await started(receivers.ok());
    const more = { kind: 'verification', hasBadSignature: true } as const;
    const { attempt } = await sender().send(order(endpoint({ url: receiver.url }), more));
    const signature = receiver.requests[0]?.headers['webhook-signature'];
    expect(signature).not.toBe(standardSignature('msg_1', BODY));
    expect(signature).toHaveLength(standardSignature('msg_1', BODY).length);
    expect(attempt).toMatchObject({ kind: 'verification', deliveryIds: [], requestHeaders: { 'webhook-id': 'msg_1' } });
  });

  it('uses a connection again, and then needs no time to connect', async () => {
    const receiver = await started(receivers.ok());
    const { send } = sender();
    const to = endpoint({ url: receiver.url });
    await send(order(to));
    const { attempt } = await send(order(to));
    expect(receiver.sockets).toHaveLength(1);
    expect(attempt.timings).toMatchObject({ dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: expect.any(Number) });
  });
});

describe('an answer', () => {
  it.each([
    [200, '2xx', true, 'none', null],
    [299, '2xx', true, 'none', null],
    [202, [200], false, 'none', 'The receiver answered with status 202; for this endpoint only 200 is a success.'],
    [202, [200, 202], true, 'none', null],
    [204, [200, 202], false, 'none', 'The receiver answered with status 204; for this endpoint only 200, 202 are a success.'],
    [400, '2xx', false, 'none', 'The receiver answered with status 400.'],
    [410, '2xx', false, 'gone', 'The receiver answered with status 410: it wants no more webhooks.'],
    [429, '2xx', false, 'throttle', 'The receiver answered with status 429: it wants fewer requests.'],
    [500, '2xx', false, 'none', 'The receiver answered with status 500.'],
    [502, '2xx', false, 'throttle', 'The receiver answered with status 502.'],
    [503, '2xx', false, 'none', 'The receiver answered with status 503.'],
    [504, '2xx', false, 'throttle', 'The receiver answered with status 504.'],
  ] as const)('of status %i with success %j means succeeded: %s, wish: %s', async (status, success, succeeded, wish, message) => {
    const receiver = await started(startReceiver((response) => response.writeHead(status).end()));
    const result = await sendTo(receiver, { success: success === '2xx' ? success : [...success] });
    expect(result).toMatchObject({ wish, isPermanent: false, countsForEndpoint: true });
    expect(result.attempt).toMatchObject({
      succeeded,
      status,
      error: message === null ? null : { code: 'unexpected_status', message },
    });
  });

  it.each([301, 302, 307] as const)('that redirects (%i) is a failure with a hint, and is not followed', async (status) => {
    const inside = await started(receivers.ok());
    const receiver = await started(receivers.redirecting(status, `${inside.url}/latest/meta-data/`));
    const { attempt, wish } = await sendTo(receiver);
    expect(wish).toBe('none');
    expect(attempt).toMatchObject({
      succeeded: false,
      status,
      error: { message: expect.stringMatching(/redirects are not followed\. Give the endpoint the URL/) },
    });
    expect(inside.sockets).toHaveLength(0);
  });

  it.each([
    ['120', 120_000],
    ['0', 0],
    ['Fri, 02 Jan 2026 03:05:05 GMT', 59_400],
    ['Fri, 02 Jan 2026 03:00:00 GMT', 0],
    ['soon', null],
  ])('with Retry-After: %s asks for a pause of %s ms', async (value, retryAfterMs) => {
    const receiver = await started(receivers.throttling(value));
    expect(await sendTo(receiver)).toMatchObject({ wish: 'throttle', retryAfterMs, attempt: { responseBody: 'slow down' } });
  });

  it('that succeeds asks for no pause', async () => {
    const receiver = await started(receivers.throttling('120', 200));
    expect(await sendTo(receiver)).toMatchObject({ wish: 'none', retryAfterMs: null, attempt: { succeeded: true } });
  });

  it.each([
    ['as it is', Buffer.from('é→\n\ttext'), 'é→\n\ttext'],
    ['with what is no UTF-8 replaced', Buffer.from([...Buffer.from('a long enough text: '), 0xff]), 'a long enough text: \ufffd'],
    ['without a character zero', Buffer.from('a long enough text: \0'), 'a long enough text: \ufffd'],
    ['by its size when it is binary', Buffer.from([0, 1, 2, 3, 254, 255, 137, 80]), '[binary data, 8 bytes]'],
    ['when it is empty', Buffer.alloc(0), ''],
  ])('is stored as text: %s', async (_, body, text) => {
    const receiver = await started(startReceiver((response) => response.end(body)));
    expect((await sendTo(receiver)).attempt.responseBody).toBe(text);
  });

  it('in a coding that nobody has asked for, or damaged, does not make a delivery fail', async () => {
    for (const [encoding, text] of [
      ['zstd', 'abc'],
      ['gzip', ''],
    ] as const) {
      const receiver = await started(startReceiver((response) => response.setHeader('Content-Encoding', encoding).end('abc')));
      expect((await sendTo(receiver)).attempt).toMatchObject({ succeeded: true, responseBody: text });
    }
  });

  it('is kept up to 16 KiB, cut between two characters', async () => {
    const receiver = await started(startReceiver((response) => response.end('é'.repeat(20_000))));
    const whole = await started(startReceiver((response) => response.end(`x${'é'.repeat(8_192)}`)));
    const { attempt } = await sendTo(receiver);
    expect(attempt).toMatchObject({ succeeded: true, isResponseCut: true, responseBody: 'é'.repeat(8_192) });
    expect((await sendTo(whole)).attempt).toMatchObject({ isResponseCut: true, responseBody: `x${'é'.repeat(8_191)}` });
  });
});

describe('secrets', () => {
  const signingKey = `whsk_${Buffer.alloc(64, 'k1').toString('base64')}`;
  const secrets = {
    previous: { secret: 'the-"previous" secret', until: NOW + 1_000 },
    signingKey,
    previousKey: { signingKey: `whsk_${Buffer.alloc(64, 'p2').toString('base64')}`, until: NOW + 1_000 },
  };
  const config: Partial<EndpointConfig> = {
    headers: [{ name: 'X-Twice', value: 'also own-github-secret' }],
    secretHeaders: [
      { name: 'Authorization', value: `Basic ${Buffer.from('user:pass phrase').toString('base64')}` },
      { name: 'X-Token', value: 'tök-en' },
    ],
    profiles: [{ type: 'standard' }, { type: 'github', secret: 'own-github-secret' }],
  };
  const forms = [
    SECRET,
    SECRET.slice(6),
    KEY.toString('hex'),
    KEY.toString('base64url'),
    'the-"previous" secret',
    'the-\\"previous\\" secret',
    encodeURIComponent('the-"previous" secret'),
    Buffer.from('the-"previous" secret').toString('base64'),
    signingKey,
    Buffer.alloc(32, 'k1').toString('hex'),
    secrets.previousKey.signingKey,
    'own-github-secret',
    Buffer.from('own-github-secret').toString('hex'),
    'pass phrase',
    'pass%20phrase',
    Buffer.from('user:pass phrase').toString('base64'),
    'tök-en',
  ];

  it('are in nothing that is stored, in no form in which a receiver may send them back', async () => {
    const receiver = await started(
      startReceiver((response, { headers }) => {
        response.setHeader('X-Back', Buffer.from(forms.join(' '), 'utf8').toString('latin1'));
        response.setHeader('Set-Cookie', ['session=abc', 'b=c']);
        response.end(`${forms.join('\n')}\n${JSON.stringify(headers)}`);
      }),
    );
    const to = endpoint({ url: `${receiver.url}/?token=own-github-secret`, ...config }, secrets);
    const { attempt } = await sender().send(order(to));
    const stored = JSON.stringify(attempt).replace(attempt.requestHeaders['webhook-signature'] ?? '', '');
    for (const form of forms) {
      expect([form, stored.includes(JSON.stringify(form).slice(1, -1))]).toEqual([form, false]);
    }
    expect(attempt.responseBody?.split('\n')[0]).toBe('[redacted]');
    expect(attempt.requestHeaders).toMatchObject({
      authorization: '[redacted]',
      'x-token': '[redacted]',
      'x-twice': 'also [redacted]',
    });
    expect(attempt.url).toBe(`${receiver.url}/?token=[redacted]`);
    expect(attempt.responseHeaders).not.toHaveProperty('set-cookie');
    // The receiver got them all the same, and who looks at the log sees how it was signed.
    expect(receiver.requests[0]?.headers['x-twice']).toBe('also own-github-secret');
    expect(attempt.requestHeaders['webhook-signature']).toMatch(/^v1,/);
    expect(attempt.requestHeaders['x-hub-signature-256']).toBe(receiver.requests[0]?.headers['x-hub-signature-256']);
  });

  it('are found however the languages of receivers escape them', async () => {
    const secret = 'own+"secret"/with <chars>&';
    const utf16 = (text: string) => text.replace(/[^A-Za-z0-9]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
    const escaped = [
      // PHP; Go and .NET; JSON inside JSON.
      JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
      utf16(secret),
      utf16(secret)
        .toUpperCase()
        .replaceAll('\\U', '\\u')
        .replace(/[A-Z]{3,}/g, (word) => word.toLowerCase()),
      JSON.stringify(JSON.stringify(secret)).slice(3, -3),
      // A form; a URL in a URL; .NET.
      new URLSearchParams({ '': secret }).toString().slice(1),
      encodeURIComponent(encodeURIComponent(secret)),
      encodeURIComponent(secret).replace(/%../g, (byte) => byte.toLowerCase()),
      // HTML.
      secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'),
      secret.replace(/[^A-Za-z0-9]/g, (character) => `&#${character.charCodeAt(0)};`),
      secret.replace(/[^A-Za-z0-9]/g, (character) => `&#x${character.charCodeAt(0).toString(16)};`),
    ];
    const receiver = await started(
      startReceiver((response) => response.end(`${escaped.map((text) => `[${text}]`).join('\n')}\nC:\\temp 100% {"a":"b\\"c"}`)),
    );
    const { attempt } = await sendTo(receiver, { profiles: [{ type: 'github', secret }] });
    expect(attempt.responseBody?.split('\n')).toEqual([...escaped.map(() => '[[redacted]]'), 'C:\\temp 100% {"a":"b\\"c"}']);
  });

  it('leave the JSON around them whole', async () => {
    const secret = '"quoted\\secret"';
    const echo = JSON.stringify({ in: JSON.stringify({ secret, after: 1 }) });
    const receiver = await started(startReceiver((response) => response.end(echo)));
    const { attempt } = await sendTo(receiver, { profiles: [{ type: 'github', secret }] });
    expect(JSON.parse(JSON.parse(attempt.responseBody ?? '').in)).toEqual({ secret: '[redacted]', after: 1 });
  });

  it('do not stick out in the middle of an escape at the end of an answer that is cut', async () => {
    const secret = 'begun/secret/of/a/profile';
    const begun = encodeURIComponent(secret).slice(0, 16);
    expect(begun.endsWith('%2')).toBe(true);
    const start = 'x'.repeat(16 * 1024 - begun.length);
    const receiver = await started(startReceiver((response) => response.end(start + encodeURIComponent(secret))));
    const { attempt } = await sendTo(receiver, { profiles: [{ type: 'github', secret }] });
    expect(attempt.responseBody).toBe(`${start}[redacted]`);
  });

  it('do not stick out at the end of an answer that is cut', async () => {
    const receiver = await started(startReceiver((response) => response.end(`${'x'.repeat(16 * 1024 - 20)}${SECRET}${SECRET}`)));
    const { attempt } = await sendTo(receiver);
    expect(attempt.responseBody).toBe(`${'x'.repeat(16 * 1024 - 20)}[redacted]`);
  });
});

describe('a receiver', () => {
  it('that refuses the connection is said to', async () => {
    const receiver = await started(receivers.refusing());
    const result = await sendTo(receiver);
    expect(result).toMatchObject({ wish: 'none', retryAfterMs: null, isPermanent: false, countsForEndpoint: true });
    expect(result.attempt).toMatchObject({
      succeeded: false,
      status: null,
      error: { code: 'request_failed', message: 'The request to 127.0.0.1 failed: it refuses the connection.' },
      timings: { connectMs: null, tlsMs: null, firstByteMs: null, totalMs: expect.any(Number) },
      body: BODY,
      responseHeaders: null,
      responseBody: null,
    });
  });

  it('that resets the connection is said to', async () => {
    const { attempt } = await sendTo(await started(receivers.resetting()));
    expect(attempt.error?.message).toBe('The request to 127.0.0.1 failed: it closed the connection without a complete answer.');
    expect(attempt.timings).toMatchObject({ connectMs: expect.any(Number), firstByteMs: null });
  });

  it.each([
    ['hangs', () => receivers.hanging(), 'waiting for its answer', false],
    ['keeps silent', () => receivers.silent(), 'waiting for its answer', false],
    ['drips its head', () => receivers.drippingHead(10), 'waiting for its answer', false],
    ['drips its body, one byte a second', () => receivers.dripping(), 'its answer was read', true],
    ['drips its body', () => receivers.dripping(10), 'its answer was read', true],
    ['is slow', () => receivers.slow(60_000), 'waiting for its answer', false],
  ] as const)('that %s is given up at the deadline', async (_, start, phase, hasBegun) => {
    const receiver = await started(start());
    const { limitMs, result } = await withLimit(
      (timeoutMs) => sendTo(receiver, { timeoutMs }),
      ({ attempt }) => attempt.error?.message.endsWith(`${phase}.`) === true,
    );
    const { attempt } = result;
    expect(attempt.error).toEqual({
      code: 'request_timeout',
      message: `The request to 127.0.0.1 took longer than ${limitMs} ms; it ended while ${phase}.`,
      details: { timeoutMs: limitMs },
    });
    expect(attempt.timings.totalMs).toBeGreaterThan(limitMs - 10);
    expect(attempt.timings.firstByteMs !== null).toBe(hasBegun);
  });

  it('whose name nobody finds, or whose TLS keeps silent, is given up at the deadline, too', async () => {
    const silent = await started(receivers.silent());
    const lookup = () => new Promise<string[]>(() => undefined);
    const named = await sendTo({ url: 'https://slow.example' }, { timeoutMs: 200 }, { guard: { lookup } });
    expect(named.attempt.error?.message).toMatch(/it ended while its name was looked up\.$/);
    const secure = await withLimit(
      (timeoutMs) => sendTo({ url: silent.url.replace('http:', 'https:') }, { timeoutMs }),
      ({ attempt }) => attempt.error?.message.endsWith('it ended while the connection was secured (TLS).') === true,
    );
    expect(secure.result.attempt.timings).toMatchObject({ connectMs: expect.any(Number), tlsMs: null });
  });

  it('that sends 10 GB has the first 16 KiB kept, and the connection ended', async () => {
    const receiver = await started(receivers.endless());
    const { attempt } = await sendTo(receiver);
    expect(attempt).toMatchObject({ succeeded: true, isResponseCut: true, responseBody: 'x'.repeat(16 * 1024) });
    await expectClosed(receiver);
    // What the kernels' buffers take, and no more.
    expect(receiver.sockets[0]?.bytesWritten).toBeLessThan(20_000_000);
  });

  it('that sends a gzip bomb has it inflated no further than 16 KiB', async () => {
    const receiver = await started(receivers.gzipBomb());
    const before = process.memoryUsage().rss;
    const { send } = sender();
    const to = endpoint({ url: receiver.url });
    const results = await Promise.all(Array.from({ length: 10 }, () => send(order(to))));
    for (const { attempt } of results) {
      expect(attempt).toMatchObject({ succeeded: true, isResponseCut: true, responseBody: 'x'.repeat(16 * 1024) });
    }
    await expectClosed(receiver);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });

  it('with a header that is too large fails', async () => {
    const { attempt } = await sendTo(await started(receivers.largeHeader()));
    expect(attempt.error).toEqual({
      code: 'response_too_large',
      message: 'The headers of the answer of 127.0.0.1 are too large.',
    });
  });

  it('with a certificate that is not trusted, or for another name, gets nothing', async () => {
    const selfSigned = await started(receivers.selfSigned());
    expect((await sendTo(selfSigned)).attempt.error?.message).toMatch(/its certificate is not trusted\.$/);
    const other = await started(receivers.otherName());
    const { attempt } = await sendTo(other, {}, { guard: { allowedTargets: ['127.0.0.1'], ca: other.ca } });
    expect(attempt.error?.message).toMatch(/its certificate is for another name\.$/);
    expect(attempt.timings).toMatchObject({ connectMs: expect.any(Number), tlsMs: null, firstByteMs: null });
    expect([...selfSigned.requests, ...other.requests]).toHaveLength(0);
  });

  it('with a name and a good certificate has all timings, in order', async () => {
    const receiver = await started(receivers.secure());
    const guard = { allowedTargets: ['127.0.0.1'], ca: receiver.ca, lookup: async () => ['127.0.0.1'] };
    const { attempt } = await sendTo({ url: `https://localhost:${receiver.port}` }, {}, { guard });
    const { dnsMs, connectMs, tlsMs, firstByteMs, totalMs } = attempt.timings;
    const times = [dnsMs, connectMs, tlsMs, firstByteMs, totalMs];
    expect(attempt.succeeded).toBe(true);
    expect(times).not.toContain(null);
    expect(times.map(Number)).toEqual(times.map(Number).toSorted((a, b) => a - b));
  });

  it('that flaps fails and succeeds by turns', async () => {
    const receiver = await started(receivers.flapping());
    const { send } = sender();
    const to = endpoint({ url: receiver.url });
    const outcomes = [];
    for (let number = 1; number <= 4; number += 1) outcomes.push((await send(order(to, { number }))).attempt.succeeded);
    expect(outcomes).toEqual([false, true, false, true]);
  });

  it('that closes kept connections is sent to over a new one', async () => {
    const receiver = await started(receivers.closing());
    const { send } = sender();
    const to = endpoint({ url: receiver.url });
    for (let number = 1; number <= 5; number += 1) expect((await send(order(to))).attempt.succeeded).toBe(true);
  });

  it('at a forbidden address, or over plain http in public, is not called, and it is the fault of the endpoint', async () => {
    const receiver = await started(receivers.ok());
    for (const [url, message] of [
      [receiver.url, 'The address of 127.0.0.1 is not allowed.'],
      ['https://10.0.0.1/', 'The address of 10.0.0.1 is not allowed.'],
      ['http://93.184.215.14/', /must begin with https:\/\/; plain http is for allowed targets alone/],
    ] as const) {
      const result = await sendTo({ url }, {}, { guard: { allowedTargets: [] } });
      expect(result).toMatchObject({ isPermanent: false, countsForEndpoint: true });
      expect(result.attempt.error).toMatchObject({ code: 'address_not_allowed', message: expect.stringMatching(message) });
    }
    expect(receiver.sockets).toHaveLength(0);
  });

  it('that is slow does not slow another', async () => {
    const bad = await Promise.all([
      ...Array.from({ length: 20 }, () => started(receivers.hanging())),
      started(receivers.dripping(5)),
      started(receivers.drippingHead(5)),
    ]);
    const good = await started(receivers.ok());
    const { send } = sender();
    const stop = new AbortController();
    const stuck = bad.map(({ url }) => send(order(endpoint({ url }), { signal: stop.signal })).catch(() => 'stopped'));
    const to = endpoint({ url: good.url, timeoutMs: 60_000 });
    for (let count = 0; count < 50; count += 1) {
      const { attempt } = await send(order(to));
      expect(attempt.succeeded).toBe(true);
    }
    stop.abort();
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(['stopped']));
  });
});

describe('nothing is sent', () => {
  it('when the data cannot be converted, and that is final', async () => {
    const receiver = await started(receivers.ok());
    const fail: MakeBody = () => Promise.reject(new HooklineError('conversion_failed', 'The data is wrong.'));
    const result = await sendTo(receiver, {}, { makeBody: fail });
    expect(result).toMatchObject({ isPermanent: true, countsForEndpoint: false, wish: 'none', retryAfterMs: null });
    expect(result.attempt).toMatchObject({
      succeeded: false,
      status: null,
      error: { code: 'conversion_failed', message: 'The data is wrong.' },
      body: null,
      timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 },
    });
    expect(receiver.sockets).toHaveLength(0);
  });

  it('when it cannot be signed, which is the fault of the endpoint', async () => {
    const receiver = await started(receivers.ok());
    const result = await sendTo(receiver, { profiles: [{ type: 'standard-v1a' }] });
    expect(result).toMatchObject({ isPermanent: false, countsForEndpoint: true });
    expect(result.attempt.error).toMatchObject({ code: 'invalid_endpoint' });
    expect(receiver.sockets).toHaveLength(0);
  });

  it('after the signal, whose reason is thrown; so is one that comes in between', async () => {
    const receiver = await started(receivers.hanging());
    const to = endpoint({ url: receiver.url });
    const reason = new Error('called off');
    await expect(sender().send(order(to, { signal: AbortSignal.abort(reason) }))).rejects.toBe(reason);
    const stop = new AbortController();
    const sending = sender().send(order(to, { signal: stop.signal }));
    await receiver.received(1);
    stop.abort(reason);
    await expect(sending).rejects.toBe(reason);
  });

  it('by a server that stops or has lost its database: that is no outcome', async () => {
    const receiver = await started(receivers.hanging());
    const to = endpoint({ url: receiver.url });
    const guarded = createGuardedFetch({ allowedTargets: ['127.0.0.1'] });
    const sending = sender({ fetch: guarded.fetch }).send(order(to));
    await receiver.received(1);
    await guarded.close();
    await expect(sending).rejects.toMatchObject({ code: 'shutting_down' });
    const lost: MakeBody = () => Promise.reject(new HooklineError('storage_unavailable', 'No database.'));
    await expect(sender({ makeBody: lost }).send(order(to))).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});

async function expectClosed(receiver: Receiver): Promise<void> {
  await expect.poll(() => receiver.sockets.every((socket) => socket.destroyed)).toBe(true);
}
