// Sends to an endpoint because somebody wants to see what happens: a test, and the verification that it looks at signatures.

import { createIdSource } from '../engine/id.ts';
import type { Problem } from '../engine/model.ts';
import type { Attempt, Endpoint, Message } from '../engine/outbound-model.ts';
import type { OutboundStore } from '../engine/outbound-ports.ts';
import type { ExecutionStore } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { versionFor } from './body/conversion.ts';
import type { AttemptOrder, Sender } from './delivery/attempt.ts';
import { problem } from './endpoint-problems.ts';
import { newDelivery } from './new-delivery.ts';
import type { OpenEndpoint } from './open-endpoint.ts';

export interface ProbeOptions {
  readonly store: { readonly eventTypes: Pick<OutboundStore['eventTypes'], 'get'> };
  readonly commit: ExecutionStore['commit'];
  readonly sender: Sender;
  /** @throws HooklineError `invalid_configuration` when its secrets cannot be opened */
  open(endpoint: Endpoint): OpenEndpoint;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Verification {
  /** Whether the well-signed call succeeded. */
  readonly accepted: boolean;
  /** Whether the badly signed call was refused with a status of its own. */
  readonly rejectsBadSignature: boolean;
  readonly warnings: readonly Problem[];
  /** The well-signed call, then the badly signed one. */
  readonly attempts: readonly Attempt[];
}

export interface Probes {
  /**
   * Sends the example of an event type; without one `{ "test": true }` as `hookline.test`.
   * @throws HooklineError `event_type_not_found`, `invalid_event` for a type without example, `too_many_requests`
   */
  test(endpoint: Endpoint, eventType: string | undefined, signal: AbortSignal): Promise<Attempt>;
  /** @throws HooklineError `too_many_requests` */
  verify(endpoint: Endpoint, signal: AbortSignal): Promise<Verification>;
}

/** Most tests and verifications of one endpoint within a window: the button shall not become a port scanner. */
const MAX_PROBES = 10;
const WINDOW_MS = 60_000;
/** Windows that are remembered; the oldest goes first. */
const MAX_WINDOWS = 10_000;

export function createProbes({ store, commit, sender, open, now }: ProbeOptions): Probes {
  const createId = createIdSource();
  /** When the latest probes of an endpoint were sent. */
  const recent = new Map<string, readonly number[]>();
  const newId = (prefix: string): string => `${prefix}_${createId(now()).replaceAll('-', '')}`;

  function limit(endpointId: string): void {
    const time = now();
    const latest = (recent.get(endpointId) ?? []).filter((at) => at > time - WINDOW_MS && at <= time);
    const [oldest] = latest;
    if (oldest !== undefined && latest.length >= MAX_PROBES) {
      const seconds = Math.max(1, Math.ceil((oldest + WINDOW_MS - time) / 1000));
      throw new HooklineError(
        'too_many_requests',
        `An endpoint can be tested ${MAX_PROBES} times a minute; try again in ${seconds} s.`,
        { headers: { 'Retry-After': String(seconds) } },
      );
    }
    recent.delete(endpointId);
    recent.set(endpointId, [...latest, time]);
    const [first] = recent.keys();
    if (recent.size > MAX_WINDOWS && first !== undefined) recent.delete(first);
  }

  async function send(
    endpoint: OpenEndpoint,
    content: Pick<Message, 'type' | 'version' | 'data'>,
    how: Pick<AttemptOrder, 'kind' | 'signal'> & { readonly hasBadSignature?: boolean },
  ): Promise<Attempt> {
    const time = now();
    const message: Message = {
      ...content,
      id: newId('msg'),
      timestamp: time,
      userId: null,
      idempotencyKey: null,
      source: null,
      createdAt: time,
    };
    const due = { delivery: newDelivery(message, { id: newId('dlv'), endpointId: endpoint.id }), message };
    const { attempt } = await sender.send({ endpoint, deliveries: [due], batchId: null, number: 1, ...how });
    // Nothing of the delivery is stored: it was never one.
    const stored: Attempt = { ...attempt, kind: how.kind, deliveryIds: [] };
    await commit({ outbound: { attempts: [stored] } });
    return stored;
  }

  async function example(endpoint: Endpoint, eventType: string | undefined): Promise<Pick<Message, 'type' | 'version' | 'data'>> {
    if (eventType === undefined) return { type: 'hookline.test', version: null, data: '{"test":true}' };
    const versions = await store.eventTypes.get(eventType);
    const highest = versions.at(-1);
    if (highest === undefined) throw new HooklineError('event_type_not_found', `There is no event type ${eventType}.`);
    const wanted = versionFor(endpoint.config.versions, versions, highest.version);
    const own = versions.find(({ version }) => version === wanted);
    // Of a version without one a newer example serves: it is converted as any event would be.
    const found = [...(own === undefined ? [] : [own]), ...versions.toReversed()].find(
      (one) => one.example !== null && one.version >= (wanted ?? 0),
    );
    if (found === undefined) {
      throw new HooklineError(
        'invalid_event',
        `The event type ${eventType} has no example. Give it one, or test without a type.`,
      );
    }
    return { type: eventType, version: found.version, data: JSON.stringify(found.example) };
  }

  return {
    async test(endpoint, eventType, signal) {
      const content = await example(endpoint, eventType);
      const opened = open(endpoint);
      limit(endpoint.id);
      return send(opened, content, { kind: 'test', signal });
    },

    async verify(endpoint, signal) {
      const opened = open(endpoint);
      limit(endpoint.id);
      const content = { type: 'hookline.verification', version: null, data: '{"verification":true}' };
      const good = await send(opened, content, { kind: 'verification', signal });
      const bad = await send(opened, content, { kind: 'verification', hasBadSignature: true, signal });
      const rejects = !bad.succeeded && bad.status !== null;
      return {
        accepted: good.succeeded,
        rejectsBadSignature: rejects,
        warnings: warningsOf(good, bad),
        attempts: [good, bad],
      };
    },
  };
}

function warningsOf(good: Attempt, bad: Attempt): Problem[] {
  const warn = (code: string, message: string) => problem('', code, message, 'warning');
  if (bad.succeeded) {
    const message =
      'the call with a wrong signature was accepted: the receiver does not verify signatures, so anybody can call it';
    return [warn('accepts_bad_signature', message)];
  }
  if (good.succeeded) return bad.status === null ? [warn('unclear', 'the call with a wrong signature got no answer')] : [];
  const how = good.status === null ? 'got no answer' : `was answered with status ${good.status}`;
  // A receiver that refuses everything says nothing about signatures.
  return [warn('rejects_good_signature', `the call with the right signature ${how}, so nothing is known of wrong ones`)];
}
