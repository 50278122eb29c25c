import { describe, expect, it } from 'vitest';
import type { Attempt, Delivery } from '../../src/engine/outbound-model.ts';
import { needsAnswer, outcomeOf } from '../../src/outbound/sent-result.ts';

const delivery = (change: Partial<Delivery> = {}): Delivery => ({
  id: 'dlv_1',
  messageId: 'msg_1',
  endpointId: 'ep_1',
  eventType: 'a',
  status: 'succeeded',
  dueAt: 1,
  attempts: 2,
  attemptsBefore: 0,
  orderingKey: null,
  batchId: null,
  url: null,
  lastStatus: 200,
  error: null,
  createdAt: 1,
  finishedAt: 2,
  ...change,
});

const attempt = (responseBody: string | null): Attempt => ({
  id: 'atm_1',
  endpointId: 'url_1',
  deliveryIds: ['dlv_1'],
  kind: 'delivery',
  number: 2,
  succeeded: true,
  status: 200,
  error: null,
  startedAt: 1,
  timings: { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: 3, totalMs: 4 },
  url: 'https://example.com/',
  requestHeaders: {},
  body: '{}',
  responseHeaders: { 'content-type': 'application/json' },
  responseBody,
  isResponseCut: false,
});

describe('the result of a node that waited for its message', () => {
  it('names each delivery and is delivered when all are', () => {
    const failed = delivery({
      id: 'dlv_2',
      status: 'expired',
      lastStatus: null,
      error: { code: 'held_too_long', message: 'Held.' },
    });
    expect(outcomeOf('msg_1', [delivery()])).toEqual({
      branch: 'delivered',
      output: {
        messageId: 'msg_1',
        delivered: true,
        deliveries: [{ id: 'dlv_1', endpointId: 'ep_1', status: 'succeeded', httpStatus: 200, attempts: 2, error: null }],
      },
    });
    expect(outcomeOf('msg_1', [delivery(), failed])).toMatchObject({ branch: 'failed', output: { delivered: false } });
    expect(outcomeOf('msg_1', [delivery({ status: 'canceled' })]).branch).toBe('failed');
    expect(outcomeOf('msg_1', [])).toMatchObject({ branch: 'delivered', output: { deliveries: [] } });
  });

  it.each([
    ['{"ok":true}', { ok: true }],
    [' [1]', [1]],
    ['null', null],
    ['fine', 'fine'],
    ['{"cut":', '{"cut":'],
    ['', ''],
    [null, null],
  ])('of one URL has its answer, whose body is JSON if it can be: %j', (text, body) => {
    const deliveries = [delivery({ url: 'https://example.com/' })];
    expect(needsAnswer(deliveries)).toBe(true);
    expect(outcomeOf('msg_1', deliveries, attempt(text)).output).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body,
      durationMs: 4,
    });
  });

  it('needs no answer of an endpoint, of several deliveries, or before the first attempt', () => {
    const toUrl = delivery({ url: 'https://example.com/' });
    expect([
      needsAnswer([delivery()]),
      needsAnswer([toUrl, toUrl]),
      needsAnswer([{ ...toUrl, attempts: 0 }]),
      needsAnswer([]),
    ]).toEqual([false, false, false, false]);
    expect(outcomeOf('msg_1', [delivery()], attempt('{}')).output).not.toHaveProperty('body');
  });
});
