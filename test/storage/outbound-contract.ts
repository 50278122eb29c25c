// The contract of the storage port for outgoing webhooks: every storage has to pass it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Delivery } from '../../src/engine/outbound-model.ts';
import type { NewMessage, OutboundWrite } from '../../src/engine/outbound-ports.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';
import { executionId, makeExecution, makeUpdate, START } from './contract.ts';
import {
  makeAttempt,
  makeChange,
  makeDelivery,
  makeEndpoint,
  makeMessage,
  makeState,
  outboundId,
  withoutDeliveries,
} from './outbound-fixture.ts';

export interface OutboundContractStorage {
  readonly storage: OpenStorage;
  /** Rows of a table, to see that nothing is left behind. */
  countRows(table: string): Promise<number>;
  cleanUp(): Promise<void>;
}

const EP = outboundId('ep', 0);
const OTHER_EP = outboundId('ep', 1);
const msg = (offset: number, serial = 0) => outboundId('msg', offset, serial);
const dlv = (offset: number, serial = 0) => outboundId('dlv', offset, serial);
const atm = (offset: number, serial = 0) => outboundId('atm', offset, serial);
const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

/** Runs the contract over a storage that `open` makes anew, and empty, for each test. */
export function outboundContract(name: string, open: () => Promise<OutboundContractStorage>): void {
  describe(`${name} keeps the storage contract of outgoing webhooks:`, () => {
    let opened: OutboundContractStorage;
    let storage: OpenStorage;
    let outbound: OpenStorage['outbound'];

    beforeEach(async () => {
      opened = await open();
      storage = opened.storage;
      outbound = storage.outbound;
    });
    afterEach(() => opened.cleanUp());

    const commit = (write: OutboundWrite) => storage.executions.commit({ outbound: write });
    /** A message with one delivery, both of this offset. */
    const single = (offset: number, change: Partial<Delivery> = {}, message: Partial<NewMessage> = {}): NewMessage => {
      const createdAt = START + offset;
      const delivery = makeDelivery(dlv(offset), msg(offset), EP, { createdAt, ...change });
      return makeMessage(msg(offset), { createdAt, deliveries: [delivery], ...message });
    };
    const add = async (...messages: NewMessage[]) => commit({ messages });
    const addEndpoint = (id = EP, change: Parameters<typeof makeEndpoint>[1] = {}) =>
      outbound.endpoints.insert(makeEndpoint(id, change));
    const due = async (now = START + 100, limit = 99, without: string[] = [], endpointId = EP) =>
      ids((await outbound.queue.due(endpointId, now, limit, without)).map(({ delivery }) => delivery));

    describe('a commit', () => {
      test('stores messages, deliveries and attempts, and they come back as they were', async () => {
        await addEndpoint();
        const odd = '\u{1F600} $1 ?"\\\' \u2028';
        const message = makeMessage(msg(5), {
          ...{ data: JSON.stringify({ odd, nul: '\0' }), version: null, userId: odd, idempotencyKey: odd, timestamp: START + 3 },
          source: { executionId: executionId(1), jobPath: 'each[3]/send', isAwaited: true },
          deliveries: [
            makeDelivery(dlv(5), msg(5), EP, { orderingKey: odd, url: 'https://x.example/?a=1', dueAt: START + 9 }),
            makeDelivery(dlv(5, 1), msg(5), EP, {
              ...{ status: 'failed', attempts: 2, attemptsBefore: 1, batchId: 'msg_b', lastStatus: 503, finishedAt: START + 8 },
              error: { code: 'x', message: 'y\0', details: { z: [1] } },
            }),
          ],
        });
        const attempt = makeAttempt(atm(6), EP, [dlv(5)], {
          ...{ number: 3, succeeded: false, status: null, error: { code: 'a', message: 'b' }, isResponseCut: true },
          ...{ responseHeaders: { 'x-nul': 'a\0b' }, body: odd },
        });
        await commit({ messages: [message], attempts: [attempt] });
        expect(await outbound.messages.get(msg(5))).toEqual(withoutDeliveries(message));
        expect(await outbound.messages.findByIdempotencyKey(odd)).toEqual(withoutDeliveries(message));
        expect(await outbound.deliveries.ofMessage(msg(5))).toEqual(message.deliveries);
        expect(await outbound.deliveries.get(dlv(5, 1))).toEqual({ ...message.deliveries[1], isHeld: false });
        expect(await outbound.attempts.get(atm(6))).toEqual(attempt);
        expect(await outbound.queue.due(EP, START + 9, 9, [])).toEqual([
          { delivery: message.deliveries[0], message: withoutDeliveries(message) },
        ]);
        expect(await outbound.messages.get('msg_\0')).toBeUndefined();
        expect(await outbound.deliveries.get('none')).toBeUndefined();
        expect(await outbound.attempts.get('none')).toBeUndefined();
      });

      test('replaces what no text can hold, everywhere in the same way', async () => {
        await addEndpoint();
        await commit({ attempts: [makeAttempt(atm(1), EP, [], { kind: 'test', responseBody: 'a\0b\ud800c', body: '\0' })] });
        expect(await outbound.attempts.get(atm(1))).toMatchObject({ responseBody: 'a\ufffdb\ufffdc', body: '\ufffd' });
      });

      test('stores an execution and its messages together, or neither', async () => {
        await addEndpoint();
        const [first, second] = [executionId(1), executionId(2)];
        await storage.executions.commit({ insert: makeExecution(first), outbound: { messages: [single(1)] } });
        const refused = storage.executions.commit({ update: makeUpdate(second), outbound: { messages: [single(2)] } });
        const alone = storage.executions.commit({ outbound: { messages: [single(3)] } });
        const pair = storage.executions.commit(
          { insert: makeExecution(executionId(4)), outbound: { messages: [single(4)] } },
          { signal: { executionId: executionId(9), jobPath: 'a' }, outbound: { messages: [single(5)] } },
        );
        const signaled = storage.executions.commit(
          { outbound: { messages: [single(6)] } },
          { signal: { executionId: first, jobPath: 'a', branch: 'delivered' }, outbound: { settled: [msg(6)] } },
        );
        await expect(refused).rejects.toMatchObject({ code: 'ownership_lost' });
        await expect(pair).rejects.toMatchObject({ code: 'execution_ended' });
        await Promise.all([alone, signaled]);
        expect(await due()).toEqual([dlv(1), dlv(3), dlv(6)]);
        expect(await storage.executions.get(first)).toBeDefined();
        expect(await storage.executions.get(executionId(4))).toBeUndefined();
        expect(await storage.executions.signals(first)).toEqual([{ jobPath: 'a', branch: 'delivered' }]);
      });

      test('leaves a message out whose idempotency key is taken, with its deliveries, also within one batch', async () => {
        await addEndpoint();
        const keyed = (offset: number) => add(single(offset, {}, { idempotencyKey: 'k' }));
        await Promise.all([keyed(1), keyed(2)]);
        await keyed(3);
        expect(await due()).toEqual([dlv(1)]);
        expect((await outbound.messages.findByIdempotencyKey('k'))?.id).toBe(msg(1));
        expect(await outbound.messages.get(msg(2))).toBeUndefined();
        expect(await outbound.messages.findByIdempotencyKey('other')).toBeUndefined();
      });

      test('gives a message that is stored another delivery, and leaves out one for an endpoint that is not there', async () => {
        await addEndpoint();
        await add(single(1, {}, { idempotencyKey: 'k' }));
        const again = single(1, {}, { idempotencyKey: 'k', data: '"other"' });
        const more = [makeDelivery(dlv(2), msg(1), EP), makeDelivery(dlv(3), msg(1), 'ep_gone')];
        await add({ ...again, deliveries: more });
        expect(ids(await outbound.deliveries.ofMessage(msg(1)))).toEqual([dlv(1), dlv(2)]);
        expect((await outbound.messages.get(msg(1)))?.data).toBe('{"a":1}');
      });

      test('makes endpoints of kind url before their deliveries, and replaces their configuration but not their state', async () => {
        const url = makeEndpoint('url_1', { kind: 'url' });
        const state = makeState({ failures: 3 });
        const delivery = makeDelivery(dlv(1), msg(1), 'url_1');
        await commit({ endpoints: [url], messages: [makeMessage(msg(1), { deliveries: [delivery] })] });
        await commit({ states: [{ endpointId: 'url_1', state, stateSequence: 4 }] });
        const changed = makeEndpoint('url_1', {
          kind: 'url',
          url: 'https://b.example/',
          sealedSecrets: 'new',
          updatedAt: START + 1,
        });
        await Promise.all([commit({ endpoints: [url] }), commit({ endpoints: [changed] })]);
        expect(await outbound.endpoints.get('url_1')).toEqual({ ...changed, state, stateSequence: 4 });
        expect(await due(START, 9, [], 'url_1')).toEqual([dlv(1)]);
        expect((await outbound.endpoints.list({ limit: 9 })).items).toEqual([]);
        expect(ids((await outbound.endpoints.list({ limit: 9, kind: 'url' })).items)).toEqual(['url_1']);
      });

      test('changes a delivery that has as many attempts as the writer knows, and no other', async () => {
        await addEndpoint();
        await add(single(1), single(2), single(3));
        const failed = { code: 'x', message: 'y' };
        const retry = {
          status: 'pending',
          attempts: 1,
          dueAt: START + 50,
          finishedAt: null,
          error: failed,
          batchId: 'msg_b',
        } as const;
        await Promise.all([
          commit({ deliveries: [makeChange(dlv(1), retry), makeChange(dlv(2))] }),
          // In the same batch, and in this order.
          commit({ deliveries: [makeChange(dlv(1), { knownAttempts: 1, attempts: 2, lastStatus: 201 })] }),
          commit({ deliveries: [makeChange(dlv(2), { lastStatus: 500 }), makeChange(dlv(3), { knownAttempts: 7 })] }),
        ]);
        expect(await outbound.deliveries.get(dlv(1))).toMatchObject({
          status: 'succeeded',
          attempts: 2,
          lastStatus: 201,
          error: null,
        });
        expect(await outbound.deliveries.get(dlv(2))).toMatchObject({ status: 'succeeded', attempts: 1, lastStatus: 200 });
        expect(await outbound.deliveries.get(dlv(3))).toMatchObject({ status: 'pending', attempts: 0, dueAt: START });
      });

      test('takes the state of an endpoint only when it is newer than what is stored', async () => {
        await addEndpoint();
        const write = (failures: number, stateSequence: number, change = {}) =>
          commit({ states: [{ endpointId: EP, state: makeState({ failures, ...change }), stateSequence }] });
        await Promise.all([write(2, 2), write(1, 1)]);
        await write(9, 2);
        expect(await outbound.endpoints.get(EP)).toMatchObject({ state: { failures: 2 }, stateSequence: 2 });
        const byHand = await outbound.endpoints.update(EP, { state: makeState({ failures: 5 }), updatedAt: START + 3 });
        expect(byHand).toMatchObject({ state: { failures: 5 }, stateSequence: 1002, updatedAt: START + 3 });
        // What was under way when it was changed.
        await Promise.all([write(9, 3), write(9, 4), write(9, 1002)]);
        expect((await outbound.endpoints.get(EP))?.state.failures).toBe(5);
        await write(6, 1003, { status: 'blocked', probeAt: START + 9 });
        expect(ids((await outbound.endpoints.list({ limit: 9, status: 'blocked' })).items)).toEqual([EP]);
      });

      test('with a value that is no JSON is refused alone', async () => {
        await addEndpoint();
        const details: { self?: unknown } = {};
        details.self = details;
        const error = { code: 'x', message: 'y', details };
        const outcomes = await Promise.allSettled([add(single(1)), add(single(2, { error })), add(single(3))]);
        expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
        expect(outcomes[1]).toMatchObject({ reason: { code: 'storage_unavailable' } });
        expect(await due()).toEqual([dlv(1), dlv(3)]);
      });

      test('of large batches is whole', async () => {
        await addEndpoint();
        const numbers = Array.from({ length: 500 }, (_, index) => index);
        await Promise.all(numbers.map((n) => add(single(n, {}, { data: JSON.stringify('x'.repeat(40 * n)) }))));
        expect(await outbound.deliveries.countByStatus()).toMatchObject({ pending: 500 });
        await Promise.all(
          numbers.map((n) => commit({ attempts: [makeAttempt(atm(n), EP, [dlv(n)])], deliveries: [makeChange(dlv(n))] })),
        );
        const counts = { pending: 0, succeeded: 500, failed: 0, expired: 0, canceled: 0 };
        expect(await outbound.deliveries.countByStatus()).toEqual(counts);
        expect(await opened.countRows('attempts')).toBe(500);
        expect((await outbound.messages.get(msg(499)))?.data).toHaveLength(40 * 499 + 2);
      });
    });

    describe('endpoints', () => {
      test('come back, are changed, and are listed newest first by what somebody looks for', async () => {
        const inWorkspace = (url: string, workspace: string, description: string) => ({
          ...makeEndpoint('x').config,
          ...{ url, workspace, description },
        });
        await addEndpoint(outboundId('ep', 1), { createdAt: START + 1, config: inWorkspace('https://a.example/', 'w', 'Über') });
        await addEndpoint(outboundId('ep', 2), { createdAt: START + 2, config: inWorkspace('https://B.example/', 'w', '\0') });
        await addEndpoint(outboundId('ep', 3), { createdAt: START + 3, state: makeState({ status: 'disabled', reason: 'r' }) });
        const [first, second, third] = [1, 2, 3].map((n) => outboundId('ep', n));
        const list = async (filter: object) => ids((await outbound.endpoints.list({ limit: 9, ...filter })).items);
        expect(await list({})).toEqual([third, second, first]);
        expect(await list({ workspace: 'w' })).toEqual([second, first]);
        expect(await list({ workspace: '\0' })).toEqual([]);
        expect(await list({ search: 'über' })).toEqual([first]);
        expect(await list({ search: 'b.EXAMPLE' })).toEqual([second]);
        expect(await list({ status: 'disabled' })).toEqual([third]);
        const page = await outbound.endpoints.list({ limit: 2 });
        expect(page.nextCursor).not.toBeNull();
        expect(await list({ cursor: page.nextCursor })).toEqual([first]);
        await expect(list({ cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
        expect(ids(await outbound.endpoints.listSubscribed())).toEqual([first, second]);
        expect(await outbound.endpoints.countByStatus()).toEqual({ active: 2, blocked: 0, disabled: 1 });

        const config = inWorkspace('https://c.example/', 'v', 'changed');
        const changed = await outbound.endpoints.update(first ?? '', { config, sealedSecrets: 's', updatedAt: START + 9 });
        expect(changed).toMatchObject({ config, sealedSecrets: 's', updatedAt: START + 9, stateSequence: 0 });
        expect(await outbound.endpoints.get(first ?? '')).toEqual(changed);
        expect(await list({ workspace: 'v' })).toEqual([first]);
        expect(await outbound.endpoints.update('none', { updatedAt: 1 })).toBeUndefined();
        await expect(addEndpoint(first)).rejects.toMatchObject({ code: 'conflict' });
      });

      test('that are deleted leave their log, and nothing pending', async () => {
        await addEndpoint();
        await add(single(1), single(2));
        await commit({ attempts: [makeAttempt(atm(1), EP, [dlv(1)])], deliveries: [makeChange(dlv(1))] });
        expect(await outbound.endpoints.delete(EP, START + 50)).toBe(true);
        expect(await outbound.endpoints.delete(EP, START + 50)).toBe(false);
        expect(await outbound.endpoints.get(EP)).toBeUndefined();
        expect(await outbound.deliveries.get(dlv(1))).toMatchObject({ status: 'succeeded' });
        expect(await outbound.deliveries.get(dlv(2))).toMatchObject({
          status: 'canceled',
          finishedAt: START + 50,
          isHeld: false,
        });
        expect(await outbound.attempts.ofDelivery(dlv(1))).toHaveLength(1);
        await expect(outbound.deliveries.reopen(dlv(2), START)).rejects.toMatchObject({ code: 'conflict' });
        expect(await outbound.deliveries.reopenFailed(EP, 0, START)).toBe(0);
      });

      test('are counted over a time span', async () => {
        await addEndpoint();
        await add(single(1), single(2));
        const at = (n: number, succeeded: boolean, totalMs: number) =>
          makeAttempt(atm(n), EP, [dlv(1)], {
            succeeded,
            startedAt: START + n,
            timings: { ...makeAttempt('', '', []).timings, totalMs },
          });
        await commit({ attempts: [at(1, true, 99), at(5, true, 7.5), at(6, false, 50), at(7, true, 3)] });
        await commit({ deliveries: [makeChange(dlv(1))] });
        expect(await outbound.endpoints.counts(EP, START + 5)).toEqual({
          ...{ attempts: 3, succeeded: 2, durationsMs: [3, 7.5], pending: 1, oldestPendingAt: START + 2 },
        });
        const nothing = { attempts: 0, succeeded: 0, durationsMs: [], pending: 0, oldestPendingAt: null };
        expect(await outbound.endpoints.counts(OTHER_EP, 0)).toEqual(nothing);
        expect(await outbound.endpoints.counts('\0', 0)).toEqual(nothing);
      });
    });

    describe('the catalogue', () => {
      test('keeps every version of an event type', async () => {
        const type = { title: 'T\0', description: 'd', schema: { type: 'object' }, example: { a: '\0' }, downConversion: null };
        const at = { createdAt: START, updatedAt: START };
        const { eventTypes } = outbound;
        await eventTypes.insert({ name: 'b.x', version: 2, ...type, ...at });
        await eventTypes.insert({ name: 'b.x', version: 1, ...type, schema: null, example: false, ...at });
        await eventTypes.insert({ name: 'a_x', version: 10, ...type, downConversion: '$', ...at });
        expect((await eventTypes.listAll()).map(({ name, version }) => [name, version])).toEqual([
          ['a_x', 10],
          ['b.x', 1],
          ['b.x', 2],
        ]);
        expect(await eventTypes.get('b.x')).toEqual([
          { name: 'b.x', version: 1, ...type, title: 'T\ufffd', schema: null, example: false, ...at },
          { name: 'b.x', version: 2, ...type, title: 'T\ufffd', ...at },
        ]);
        await expect(eventTypes.insert({ name: 'b.x', version: 1, ...type, ...at })).rejects.toMatchObject({ code: 'conflict' });
        expect(await eventTypes.update('b.x', 2, { title: 'new', schema: null, updatedAt: START + 1 })).toBe(true);
        expect((await eventTypes.get('b.x'))[1]).toMatchObject({
          title: 'new',
          schema: null,
          description: 'd',
          updatedAt: START + 1,
        });
        expect(await eventTypes.update('b.x', 3, { title: 'new' })).toBe(false);
        expect(await eventTypes.delete('b.x', 2)).toBe(true);
        expect(await eventTypes.delete('b.x', 2)).toBe(false);
        expect(await eventTypes.get('\0')).toEqual([]);
      });
    });

    describe('lists', () => {
      const setUp = async () => {
        await addEndpoint();
        await addEndpoint(OTHER_EP, { state: makeState({ status: 'blocked' }) });
        await add(
          single(1),
          single(2, { endpointId: OTHER_EP }),
          single(3, { eventType: 'b' }, { type: 'b' }),
          single(4, { status: 'failed' }),
          single(5, { status: 'succeeded' }),
        );
      };

      test('show deliveries newest first, filtered, with what is held', async () => {
        await setUp();
        const list = async (filter: object) => ids((await outbound.deliveries.list({ limit: 99, ...filter })).items);
        expect(await list({})).toEqual([dlv(5), dlv(4), dlv(3), dlv(2), dlv(1)]);
        expect(await list({ endpointId: OTHER_EP })).toEqual([dlv(2)]);
        expect(await list({ messageId: msg(3) })).toEqual([dlv(3)]);
        expect(await list({ eventType: 'b' })).toEqual([dlv(3)]);
        expect(await list({ status: 'pending' })).toEqual([dlv(3), dlv(1)]);
        expect(await list({ status: 'pending', endpointId: OTHER_EP })).toEqual([]);
        expect(await list({ status: 'held' })).toEqual([dlv(2)]);
        expect(await list({ status: 'held', endpointId: OTHER_EP })).toEqual([dlv(2)]);
        expect(await list({ status: 'failed' })).toEqual([dlv(4)]);
        expect(await list({ status: 'succeeded', eventType: 'order.created' })).toEqual([dlv(5)]);
        expect(await list({ from: START + 2, to: START + 4 })).toEqual([dlv(3), dlv(2)]);
        expect(await list({ eventType: '\0' })).toEqual([]);
        const page = await outbound.deliveries.list({ limit: 3 });
        expect(page.items.map(({ isHeld }) => isHeld)).toEqual([false, false, false]);
        const rest = await outbound.deliveries.list({ limit: 3, cursor: page.nextCursor ?? '' });
        expect(rest).toMatchObject({
          items: [
            { id: dlv(2), isHeld: true },
            { id: dlv(1), isHeld: false },
          ],
          nextCursor: null,
        });
        expect(await outbound.deliveries.countByStatus()).toEqual({
          ...{ pending: 3, failed: 1, succeeded: 1, expired: 0, canceled: 0 },
        });
        expect(await outbound.deliveries.backlog()).toEqual([
          { endpointId: EP, status: 'active', pending: 2, oldestAt: START + 1 },
          { endpointId: OTHER_EP, status: 'blocked', pending: 1, oldestAt: START + 2 },
        ]);
      });

      test('show messages newest first, filtered', async () => {
        await setUp();
        const list = async (filter: object) => ids((await outbound.messages.list({ limit: 99, ...filter })).items);
        expect(await list({})).toEqual([msg(5), msg(4), msg(3), msg(2), msg(1)]);
        expect(await list({ type: 'b' })).toEqual([msg(3)]);
        expect(await list({ type: '\0' })).toEqual([]);
        expect(await list({ from: START + 2, to: START + 4 })).toEqual([msg(3), msg(2)]);
        const page = await outbound.messages.list({ limit: 4 });
        expect(await list({ cursor: page.nextCursor })).toEqual([msg(1)]);
        await expect(outbound.deliveries.list({ limit: 4, cursor: page.nextCursor ?? '' })).rejects.toMatchObject({
          code: 'invalid_request',
        });
        await expect(outbound.messages.list({ limit: 0 })).rejects.toMatchObject({ code: 'invalid_request' });
      });

      test('show the attempts of a delivery in order, each with its body, and those of an endpoint newest first', async () => {
        await setUp();
        const at = (n: number, change: object) => ({ startedAt: START + n, number: n, ...change });
        await commit({
          attempts: [
            makeAttempt(atm(3), EP, [dlv(1)], at(3, { body: 'second' })),
            makeAttempt(atm(2), EP, [dlv(1)], at(2, { body: null })),
            makeAttempt(atm(1), EP, [dlv(3), dlv(1)], at(1, { body: '[batch]' })),
            makeAttempt(atm(4), EP, [], at(4, { kind: 'test' })),
          ],
        });
        const attempts = await outbound.attempts.ofDelivery(dlv(1));
        expect(attempts.map(({ id, body, deliveryIds }) => ({ id, body, deliveryIds }))).toEqual([
          { id: atm(1), body: '[batch]', deliveryIds: [dlv(3), dlv(1)] },
          { id: atm(2), body: '[batch]', deliveryIds: [dlv(1)] },
          { id: atm(3), body: 'second', deliveryIds: [dlv(1)] },
        ]);
        expect(ids(await outbound.attempts.ofDelivery(dlv(3)))).toEqual([atm(1)]);
        expect((await outbound.attempts.get(atm(2)))?.body).toBe('[batch]');
        const page = await outbound.attempts.list({ endpointId: EP, limit: 3 });
        expect(page.items.map(({ id, kind, deliveryIds }) => [id, kind, deliveryIds.length])).toEqual([
          [atm(4), 'test', 0],
          [atm(3), 'delivery', 1],
          [atm(2), 'delivery', 1],
        ]);
        const rest = await outbound.attempts.list({ endpointId: EP, limit: 3, cursor: page.nextCursor ?? '' });
        expect(rest).toMatchObject({ items: [{ id: atm(1), deliveryIds: [dlv(3), dlv(1)] }], nextCursor: null });
        expect((await outbound.attempts.list({ endpointId: '\0', limit: 3 })).items).toEqual([]);
      });
    });

    describe('the queue', () => {
      test('gives what is due in order, with a limit, and not what is being sent', async () => {
        await addEndpoint();
        await addEndpoint(OTHER_EP);
        await add(
          single(1, { dueAt: START + 3 }),
          single(2, { dueAt: START + 2 }),
          single(3, { dueAt: START + 2 }),
          single(4, { dueAt: START + 60 }),
          single(5, { status: 'failed' }),
          single(6, { endpointId: OTHER_EP }),
        );
        expect(await due(START + 10)).toEqual([dlv(2), dlv(3), dlv(1)]);
        expect(await due(START + 10, 2)).toEqual([dlv(2), dlv(3)]);
        expect(await due(START + 10, 2, [dlv(2), dlv(9)])).toEqual([dlv(3), dlv(1)]);
        expect(await due(START + 1)).toEqual([]);
        expect(await due(START, 9, [], '\0')).toEqual([]);
        expect(await outbound.queue.nextDueAt(EP, [])).toBe(START + 2);
        expect(await outbound.queue.nextDueAt(EP, [dlv(1), dlv(2), dlv(3)])).toBe(START + 60);
        expect(
          await outbound.queue.nextDueAt(
            EP,
            [1, 2, 3, 4].map((n) => dlv(n)),
          ),
        ).toBeNull();
      });

      test('gives everybody who asks at the same moment his own', async () => {
        await addEndpoint();
        await addEndpoint(OTHER_EP);
        await add(
          single(1),
          single(2, { dueAt: START + 2 }),
          single(3, { endpointId: OTHER_EP }),
          single(4, { dueAt: START + 60 }),
        );
        const asked = [
          due(START + 10),
          due(START + 10, 99, [], OTHER_EP),
          due(START + 1),
          due(START + 10, 1),
          due(START + 10, 99, [dlv(1)]),
          due(START + 10, 99, [], 'none'),
          due(START + 10, 99, [], '\0'),
        ];
        expect(await Promise.all(asked)).toEqual([[dlv(1), dlv(2)], [dlv(3)], [dlv(1)], [dlv(1)], [dlv(2)], [], []]);
        const next = (endpointId: string, without: string[]) => outbound.queue.nextDueAt(endpointId, without);
        const times = await Promise.all([next(EP, []), next(OTHER_EP, []), next(EP, [dlv(1), dlv(2)]), next(OTHER_EP, [dlv(3)])]);
        expect(times).toEqual([START, START, START + 60, null]);
      });

      test('gives of each ordering key only the earliest that is pending', async () => {
        await addEndpoint();
        await add(
          single(1, { orderingKey: 'a', dueAt: START + 60 }),
          single(2, { orderingKey: 'a' }),
          single(3, { orderingKey: 'b' }),
          single(4, { orderingKey: 'b' }),
          single(5),
        );
        expect(await due(START + 50)).toEqual([dlv(3), dlv(5)]);
        expect(await due(START + 50, 9, [dlv(3)])).toEqual([dlv(5)]);
        // What an earlier one holds up does not make anybody look too soon.
        expect(await outbound.queue.nextDueAt(EP, [dlv(3), dlv(5)])).toBe(START + 60);
        await commit({ deliveries: [makeChange(dlv(1)), makeChange(dlv(3))] });
        expect(await due(START + 50)).toEqual([dlv(2), dlv(4), dlv(5)]);
        await outbound.deliveries.reopen(dlv(1), START + 50);
        expect(await due(START + 50)).toEqual([dlv(4), dlv(5), dlv(1)]);
      });

      test('lends endpoints that have something due and may be sent to', async () => {
        const blocked = (probeAt: number | null) => ({ state: makeState({ status: 'blocked' as const, probeAt }) });
        const [a, b, c, d, e, f] = Array.from({ length: 6 }, (_, n) => outboundId('ep', n));
        await addEndpoint(a);
        await addEndpoint(b, blocked(START + 5));
        await addEndpoint(c, blocked(START + 50));
        await addEndpoint(d, { state: makeState({ status: 'disabled' }) });
        await addEndpoint(e);
        await addEndpoint(f);
        const to = [a, b, c, d, e].map((endpointId = '', n) =>
          single(n, { endpointId, dueAt: endpointId === e ? START + 99 : START - n }),
        );
        await add(...to);
        const leased = await outbound.queue.lease(START + 10, 1, []);
        expect(leased).toEqual([makeEndpoint(b ?? '', blocked(START + 5))]);
        expect(ids(await outbound.queue.lease(START + 10, 9, [b ?? '']))).toEqual([a]);
        expect(await outbound.queue.lease(START + 10, 9, [a ?? '', b ?? ''])).toEqual([]);
        await outbound.queue.release([a ?? '', b ?? '']);
        expect(ids(await outbound.queue.lease(START + 99, 9, [])).sort()).toEqual([a, b, c, e]);
        expect(ids(await outbound.queue.listHolding()).sort()).toEqual([b, c, d]);
      });

      test('says which deliveries are held too long, or are too many', async () => {
        await addEndpoint(EP, { state: makeState({ status: 'blocked' }) });
        await add(...[1, 2, 3, 4, 5].map((n) => single(n)), single(6, { status: 'failed' }));
        const overdue = async (before: number, count: number, limit = 99) =>
          ids(await outbound.queue.listOverdueHeld(EP, before, count, limit));
        expect(await overdue(START, 5)).toEqual([]);
        expect(await overdue(START + 3, 9)).toEqual([dlv(1), dlv(2)]);
        expect(await overdue(START + 2, 2)).toEqual([dlv(1), dlv(2), dlv(3)]);
        expect(await overdue(START, 0, 2)).toEqual([dlv(1), dlv(2)]);
        expect(await outbound.queue.listOverdueHeld('\0', START + 9, 0, 9)).toEqual([]);
      });
    });

    describe('another try', () => {
      test('puts a delivery that has ended back with its attempts so far', async () => {
        await addEndpoint();
        const error = { code: 'x', message: 'y' };
        await add(
          single(1, { status: 'failed', attempts: 4, batchId: 'msg_b', lastStatus: 500, error, finishedAt: START }),
          single(2),
        );
        await outbound.deliveries.reopen(dlv(1), START + 70);
        expect(await outbound.deliveries.get(dlv(1))).toMatchObject({
          ...{
            status: 'pending',
            dueAt: START + 70,
            attempts: 4,
            attemptsBefore: 4,
            batchId: null,
            finishedAt: null,
            lastStatus: 500,
          },
        });
        for (const id of [dlv(1), dlv(2)]) {
          await expect(outbound.deliveries.reopen(id, START)).rejects.toMatchObject({ code: 'conflict' });
        }
        for (const id of ['none', '\0']) {
          await expect(outbound.deliveries.reopen(id, START)).rejects.toMatchObject({ code: 'delivery_not_found' });
        }
      });

      test('is given to all that failed or expired at an endpoint since a time', async () => {
        await addEndpoint();
        await addEndpoint(OTHER_EP);
        const failed = Array.from({ length: 450 }, (_, n) => single(100 + n, { status: n % 2 === 0 ? 'failed' : 'expired' }));
        await add(
          single(1, { status: 'failed' }),
          single(2, { status: 'canceled' }),
          single(3, { status: 'failed', endpointId: OTHER_EP }),
          ...failed,
        );
        expect(await outbound.deliveries.reopenFailed(EP, START + 2, START + 900)).toBe(450);
        expect(await due(START + 900, 999)).toHaveLength(450);
        expect(await outbound.deliveries.reopenFailed(EP, START, START + 900)).toBe(1);
        expect(await outbound.deliveries.reopenFailed('\0', START, START)).toBe(0);
      });
    });

    test('messages that an execution waits for are listed once nothing of them is pending, until they are settled', async () => {
      await addEndpoint();
      const source = { executionId: executionId(1), jobPath: 'a', isAwaited: true };
      await add(
        single(1, { status: 'succeeded' }, { source }),
        single(2, {}, { source }),
        single(3, { status: 'failed' }, { source: { ...source, isAwaited: false } }),
        makeMessage(msg(4), { source }),
      );
      expect(await outbound.messages.listUnsettled(9)).toMatchObject([
        { id: msg(1), source },
        { id: msg(4), source },
      ]);
      expect(ids(await outbound.messages.listUnsettled(1))).toEqual([msg(1)]);
      await commit({ deliveries: [makeChange(dlv(2))], settled: [msg(1), msg(4), msg(1)] });
      expect(ids(await outbound.messages.listUnsettled(9))).toEqual([msg(2)]);
    });

    describe('old messages', () => {
      test('go with their deliveries and attempts, unless something of them is pending or has to be told', async () => {
        await addEndpoint();
        const source = { executionId: executionId(1), jobPath: 'a', isAwaited: true };
        const ended = { status: 'succeeded' } as const;
        await add(single(1, ended), single(2), single(3, ended, { source }), single(4, ended), single(50, ended));
        await commit({
          attempts: [
            makeAttempt(atm(1), EP, [dlv(1)]),
            makeAttempt(atm(2), EP, [dlv(1), dlv(4)]),
            makeAttempt(atm(3), EP, [dlv(4), dlv(2)]),
            makeAttempt(atm(4), EP, [dlv(50)]),
            makeAttempt(atm(5), EP, [], { kind: 'test' }),
            makeAttempt(atm(6), EP, [], { kind: 'verification', startedAt: START + 60 }),
          ],
        });
        expect(await outbound.messages.deleteOld(START + 50, 1)).toBe(1);
        expect(await outbound.messages.get(msg(1))).toBeUndefined();
        expect(await outbound.messages.deleteOld(START + 50, 99)).toBe(1);
        expect(ids((await outbound.messages.list({ limit: 9 })).items)).toEqual([msg(50), msg(3), msg(2)]);
        expect(ids((await outbound.deliveries.list({ limit: 9 })).items)).toEqual([dlv(50), dlv(3), dlv(2)]);
        expect(ids(await outbound.attempts.ofDelivery(dlv(2)))).toEqual([atm(3)]);
        expect(ids((await outbound.attempts.list({ endpointId: EP, limit: 9 })).items).sort()).toEqual([atm(3), atm(4), atm(6)]);
        await commit({ settled: [msg(3)], deliveries: [makeChange(dlv(2))] });
        expect(await outbound.messages.deleteOld(START + 99, 99)).toBe(3);
        for (const table of ['messages', 'deliveries', 'attempts', 'attempt_batches']) {
          expect(await opened.countRows(table), table).toBe(0);
        }
        expect(await opened.countRows('endpoints')).toBe(1);
      });

      test('take endpoints of kind url along that nothing refers to any more', async () => {
        const urls = [1, 2].map((n) => makeEndpoint(`url_${n}`, { kind: 'url' }));
        const ended = { status: 'failed' } as const;
        await commit({
          endpoints: urls,
          messages: [
            single(1, { ...ended, endpointId: 'url_1' }),
            single(2, { ...ended, endpointId: 'url_2' }),
            single(70, { ...ended, endpointId: 'url_2' }),
          ],
        });
        expect(await outbound.messages.deleteOld(START + 50, 99)).toBe(2);
        expect(ids((await outbound.endpoints.list({ limit: 9, kind: 'url' })).items)).toEqual(['url_2']);
      });
    });
  });
}
