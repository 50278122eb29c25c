// The services of outgoing webhooks over a real SQLite database, with a sender that a test looks into and answers for.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attempt, EndpointState, OperationalEvent } from '../../src/engine/outbound-model.ts';
import type { EventSink } from '../../src/engine/outbound-ports.ts';
import type { Bus, BusMessage, ExpressionEvaluator } from '../../src/engine/ports.ts';
import { EMPTY_SCOPE } from '../../src/engine/scope.ts';
import { HooklineError } from '../../src/errors.ts';
import type { ConversionTools } from '../../src/outbound/body/conversion.ts';
import { createCatalogue, createDataValidator } from '../../src/outbound/catalogue.ts';
import type { AttemptOrder, Sender } from '../../src/outbound/delivery/attempt.ts';
import { createUrlProblem } from '../../src/outbound/endpoint-url.ts';
import { createEndpointService } from '../../src/outbound/endpoints.ts';
import { createEventTypeService } from '../../src/outbound/event-types.ts';
import { createMessageService } from '../../src/outbound/messages.ts';
import { createPublisher } from '../../src/outbound/publisher.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { openStorage } from '../../src/storage/storage.ts';

/** How the receiver of a test answers: a status, or none. */
export type Answer = (order: AttemptOrder) => number | null;

export type TestServices = Awaited<ReturnType<typeof openServices>>;

export async function openServices(evaluator: ExpressionEvaluator) {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-services-'));
  const storage = await openStorage({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' });
  const store = storage.outbound;
  const { commit } = storage.executions;
  const secretBox = createSecretBox(Buffer.alloc(32, 7));
  let time = Date.UTC(2026, 0, 1);
  const now = (): number => time;

  const told: BusMessage[] = [];
  const bus: Bus = {
    publish: async (message) => void told.push(message),
    subscribe: () => () => {},
  };
  const notified: string[] = [];
  const notify = (ids: readonly string[]): void => void notified.push(...ids);
  const happened: OperationalEvent[] = [];
  const events: EventSink = {
    async prepare(event) {
      return { writes: [], committed: () => void happened.push(event) };
    },
  };

  const orders: AttemptOrder[] = [];
  let answer: Answer = () => 204;
  const sender: Sender = {
    async send(order) {
      orders.push(order);
      const status = answer(order);
      const succeeded = status !== null && status < 300;
      const attempt: Attempt = {
        id: `atm_${String(orders.length).padStart(32, '0')}`,
        endpointId: order.endpoint.id,
        deliveryIds: order.deliveries.map(({ delivery }) => delivery.id),
        kind: order.kind,
        number: order.number,
        succeeded,
        status,
        error: succeeded ? null : { code: 'unexpected_status', message: 'The receiver answered otherwise.' },
        startedAt: now(),
        timings: { dnsMs: 1, connectMs: 2, tlsMs: 3, firstByteMs: 4, totalMs: 5 },
        url: order.endpoint.config.url,
        requestHeaders: { 'content-type': 'application/json' },
        body: order.deliveries[0]?.message.data ?? null,
        responseHeaders: status === null ? null : {},
        responseBody: status === null ? null : '',
        isResponseCut: false,
      };
      return { attempt, wish: 'none', retryAfterMs: null, isPermanent: false, countsForEndpoint: true };
    },
  };

  const validate = createDataValidator(evaluator);
  const catalogue = createCatalogue({ store: store.eventTypes, bus, validate });
  const publisher = createPublisher({ store, catalogue, bus, secretBox, now, notify });
  const tools: ConversionTools = {
    evaluate: (engine, expression, source) => evaluator.evaluate(engine, expression, EMPTY_SCOPE, { source, hasSource: true }),
    validate: (schema, data) => validate(JSON.stringify(schema), data),
  };
  const urlProblem = createUrlProblem({
    allowedTargets: ['10.0.0.0/8', 'erp.internal'],
    ports: '80,443',
    allowsPlainHttp: false,
  });
  const common = { store, commit, evaluator, bus, notify, now };
  const endpoints = createEndpointService({
    ...common,
    secretBox,
    sender,
    events,
    urlProblem,
    onChange: () => publisher.refresh(),
  });
  const eventTypes = createEventTypeService({ ...common, tools, onChange: () => catalogue.refresh() });
  const messages = createMessageService({ ...common, publisher });

  return {
    ...{ storage, store, commit, secretBox, endpoints, eventTypes, messages, publisher },
    ...{ told, notified, happened, orders, now },
    answer(next: Answer) {
      answer = next;
    },
    pass(ms: number) {
      time += ms;
    },
    /** Makes an endpoint and gives its id and its secret. */
    async endpoint(input: Record<string, unknown> = {}) {
      const { endpoint, secret } = await endpoints.create({ url: 'https://shop.example/hooks', ...input });
      return { id: endpoint.id, secret };
    },
    /** Puts an endpoint into a state, as its worker would. */
    async putInto(id: string, change: Partial<EndpointState>) {
      const endpoint = await store.endpoints.get(id);
      if (!endpoint) throw new Error(`no endpoint ${id}`);
      await store.endpoints.update(id, { state: { ...endpoint.state, ...change }, updatedAt: endpoint.updatedAt });
    },
    /** Brings a pending delivery to an end, as its worker would. */
    async finish(id: string, status: 'succeeded' | 'failed' | 'expired') {
      const delivery = await store.deliveries.get(id);
      if (!delivery) throw new Error(`no delivery ${id}`);
      const { attempts, dueAt } = delivery;
      const error = status === 'succeeded' ? null : { code: 'unexpected_status', message: 'no' };
      const change = { id, status, dueAt, attempts: attempts + 1, batchId: null, lastStatus: 500, error, finishedAt: now() };
      await commit({ outbound: { deliveries: [{ ...change, knownAttempts: attempts }] } });
    },
    async close() {
      publisher.close();
      catalogue.close();
      await storage.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The error that something ends with. */
export async function refusalOf(promise: Promise<unknown>): Promise<HooklineError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HooklineError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

/** Place and code of each problem of a refusal. */
export function problemsOf({ details }: HooklineError): string[] {
  const { problems } = details as { problems: { path: string; code: string }[] };
  return problems.map(({ path, code }) => `${path} ${code}`);
}
