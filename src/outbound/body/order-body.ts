// Makes the body of an attempt: each message in the version that its endpoint gets, in the endpoint's envelope.

import type { AttemptOrder, MadeBody, MakeBody } from '../delivery/attempt.ts';
import { type ConversionTools, convertData, versionFor } from './conversion.ts';
import { type BodyInput, type BodyItem, makeBody } from './envelope.ts';

export interface OrderBodyOptions {
  /** Versions of an event type, the lowest first. @throws HooklineError `storage_unavailable` */
  versionsOf(name: string): Promise<Parameters<typeof convertData>[1]>;
  readonly tools: ConversionTools;
}

/** At once where nothing has to be looked up, converted or evaluated: thousands of times a second. */
export function createOrderBody({ versionsOf, tools }: OrderBodyOptions): MakeBody {
  async function convert({ endpoint, deliveries }: AttemptOrder): Promise<BodyItem[]> {
    return Promise.all(
      deliveries.map(async ({ message }) => {
        if (message.version === null) return { ...message, title: null };
        const versions = await versionsOf(message.type);
        const version = versionFor(endpoint.config.versions, versions, message.version);
        const data = await convertData(message.data, versions, message.version, version, tools);
        const title = versions.find((one) => one.version === version)?.title ?? null;
        return { ...message, data, version, title: title === '' ? null : title };
      }),
    );
  }

  function write(order: AttemptOrder, items: readonly BodyItem[]): MadeBody | Promise<MadeBody> {
    const { endpoint, deliveries, batchId } = order;
    const { workspace, envelope } = endpoint.config;
    const url = deliveries[0]?.delivery.url ?? endpoint.config.url;
    const input: BodyInput = { items, isBatch: batchId !== null, endpoint: { id: endpoint.id, url, workspace } };
    const [first] = items;
    const isSame = first !== undefined && items.every(({ version }) => version === first.version);
    const version = isSame ? first.version : null;
    const text = makeBody(input, envelope, tools);
    return typeof text === 'string' ? { text, version } : text.then((made) => ({ text: made, version }));
  }

  return (order) => {
    if (order.deliveries.some(({ message }) => message.version !== null)) {
      return convert(order).then((items) => write(order, items));
    }
    return write(
      order,
      order.deliveries.map(({ message }) => ({ ...message, title: null })),
    );
  };
}
