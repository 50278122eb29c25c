// Pure: the secrets that a document uses and the hosts that it sends to, for the audit log.

import { findTargets, readWrittenUrl } from './credential-targets.ts';
import type { Document, Node } from './model.ts';
import type { Registry } from './registry.ts';
import { secretNames } from './secret-names.ts';
import { walkNodes } from './tree.ts';

export interface UseDescription {
  /** Names; `*` where one is made while it runs. */
  readonly secrets: readonly string[];
  /** Hosts with their ports; of a URL with a template in its host the list of allowed hosts, `*` without one. */
  readonly hosts: readonly string[];
  readonly [kind: string]: readonly string[];
}

/** @param nodes with their write-only values opened */
export function describeNodes(
  nodes: readonly Node[],
  registry: Pick<Registry, 'nodeSchema'>,
  beside: Pick<Document, 'trigger' | 'settings'> | undefined,
): UseDescription {
  const hosts = new Set<string>();
  walkNodes(nodes, ({ type, config }) => {
    const { urls, hosts: listed = ['*'] } = findTargets(config, registry.nodeSchema(type) ?? {});
    for (const { value } of urls) {
      const written = readWrittenUrl(value);
      for (const host of written.kind === 'fixed' ? [written.url.host] : listed) hosts.add(host);
    }
  });
  return { secrets: secretNames([nodes, beside?.trigger, beside?.settings]), hosts: [...hosts].sort() };
}
