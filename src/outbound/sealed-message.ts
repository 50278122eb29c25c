// Keeps the secrets of a flow out of the message that it sends: what is stored shows their names, what is sent is sealed beside it.

import { createHash } from 'node:crypto';
import { type Concealer, createConcealer, type NamedValue } from '../engine/concealer.ts';
import type { DueDelivery, NewMessage } from '../engine/outbound-ports.ts';
import type { OutgoingTarget } from '../engine/plugin.ts';
import type { SecretBox } from '../engine/ports.ts';
import { messagePlace } from '../engine/sealed-places.ts';
import { HooklineError } from '../errors.ts';

/** What is sent, and the secrets that are in it. */
interface SealedMessage {
  /** JSON text. */
  readonly data: string;
  readonly userId: string | null;
  /** Of the one delivery of a message for one URL. */
  readonly url: string | null;
  readonly secrets: readonly NamedValue[];
}

/**
 * The form in which a message is stored; itself when there is no secret in it.
 * @throws HooklineError `invalid_event` when its type holds a secret: that is what subscribers and lists go by
 */
export function concealMessage(message: NewMessage, concealer: Concealer, box: SecretBox): NewMessage {
  if (concealer.text(message.type) !== message.type) {
    throw new HooklineError('invalid_event', 'The type of the event holds a secret; everybody sees the type.');
  }
  const { data, userId, deliveries } = message;
  const url = deliveries[0]?.url ?? null;
  const found = new Set<NamedValue>();
  const value: unknown = JSON.parse(data);
  const shownValue = concealer.value(value, found);
  const shownUser = userId === null ? null : concealer.text(userId, { found });
  const shownUrl = url === null ? null : concealer.text(url, { found });
  const shown = deliveries.map((delivery) => {
    const key = delivery.orderingKey;
    // Equal keys stay equal.
    const isSecret = key !== null && concealer.text(key, { found }) !== key;
    const orderingKey = isSecret ? `hmac:${createHash('sha256').update(box.sign(key)).digest('hex')}` : key;
    return { ...delivery, orderingKey, url: delivery.url === null ? null : shownUrl };
  });
  if (found.size === 0) return message;
  const sealed: SealedMessage = { data, userId, url, secrets: [...found] };
  return {
    ...message,
    data: shownValue === value ? data : JSON.stringify(shownValue),
    userId: shownUser,
    deliveries: shown,
    sealed: box.seal(JSON.stringify(sealed), messagePlace(message.id)),
  };
}

/**
 * A target whose plain headers hold a secret, with these among the secret ones; they are stored sealed.
 * @throws HooklineError `invalid_event` when the name of the receiver's host holds a secret
 */
export function concealTarget(target: OutgoingTarget, concealer: Concealer): OutgoingTarget {
  const { settings, url } = target;
  if (URL.canParse(url)) {
    const { origin } = new URL(url);
    if (concealer.text(origin) !== origin) {
      throw new HooklineError(
        'invalid_event',
        'The host of the URL holds a secret; put secrets into the path, the query or a header.',
      );
    }
  }
  const headers = settings?.headers ?? [];
  const isSecret = ({ value }: { readonly value: string }): boolean => concealer.text(value) !== value;
  if (!headers.some(isSecret)) return target;
  return {
    ...target,
    settings: {
      ...settings,
      headers: headers.filter((header) => !isSecret(header)),
      secretHeaders: [...(settings?.secretHeaders ?? []), ...headers.filter(isSecret)],
    },
  };
}

/** What goes into one request, as it is sent. */
export interface OpenedDeliveries {
  readonly deliveries: readonly DueDelivery[];
  /** Keeps the secrets out of what is stored of the attempt; undefined when there are none. */
  readonly concealer: Concealer | undefined;
}

/** @throws HooklineError `invalid_configuration` when the present key is not the one that a message was sealed with */
export function openDeliveries(deliveries: readonly DueDelivery[], box: Pick<SecretBox, 'open'>): OpenedDeliveries {
  if (deliveries.every(({ message }) => (message.sealed ?? null) === null)) return { deliveries, concealer: undefined };
  const secrets: NamedValue[] = [];
  const opened = deliveries.map(({ delivery, message }) => {
    if (typeof message.sealed !== 'string') return { delivery, message };
    const { data, userId, url, secrets: own } = JSON.parse(box.open(message.sealed, messagePlace(message.id))) as SealedMessage;
    secrets.push(...own);
    return {
      delivery: { ...delivery, url: delivery.url === null ? null : (url ?? delivery.url) },
      message: { ...message, data, userId },
    };
  });
  return { deliveries: opened, concealer: createConcealer(secrets) };
}
