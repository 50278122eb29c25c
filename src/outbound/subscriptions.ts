// Pure: which event types an endpoint gets, and in which version.

import type { EndpointConfig, EventType } from '../engine/outbound-model.ts';

/** Whether one of the patterns (`order.created`, `order.*`, `*`) means this type. */
export function isSubscribed(patterns: readonly string[], type: string): boolean {
  return patterns.some((pattern) => {
    if (pattern === '*') return true;
    return pattern.endsWith('.*') ? type.startsWith(pattern.slice(0, -1)) : pattern === type;
  });
}

/** Versions by event type, the lowest first. */
export type Catalogue = ReadonlyMap<string, readonly EventType[]>;

export function toCatalogue(eventTypes: readonly EventType[]): Catalogue {
  const byName = new Map<string, EventType[]>();
  for (const eventType of eventTypes) byName.set(eventType.name, [...(byName.get(eventType.name) ?? []), eventType]);
  for (const versions of byName.values()) versions.sort((one, two) => one.version - two.version);
  return byName;
}

/**
 * The versions to keep for a subscription: what is given; what was kept before; the highest of a type that is new to it. A type
 * that it has had without a version goes on like that: it gets the lowest.
 */
export function pinVersions(
  config: Pick<EndpointConfig, 'eventTypes' | 'versions'>,
  catalogue: Catalogue,
  previous?: Pick<EndpointConfig, 'eventTypes' | 'versions'>,
): Record<string, number> {
  const pins: [string, number][] = [];
  for (const [name, versions] of catalogue) {
    if (!isSubscribed(config.eventTypes, name)) continue;
    const had = previous !== undefined && isSubscribed(previous.eventTypes, name);
    const kept = had ? ownNumber(previous.versions, name) : versions.at(-1)?.version;
    const version = ownNumber(config.versions, name) ?? kept;
    if (version !== undefined) pins.push([name, version]);
  }
  return Object.fromEntries(pins);
}

function ownNumber(record: Readonly<Record<string, number>>, name: string): number | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
