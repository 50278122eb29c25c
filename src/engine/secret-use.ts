// Pure: the secrets that a document uses and the hosts that it sends to, for the audit log.

import type { AuditDetails } from './audit-scope.ts';
import { findTargets, readWrittenUrl } from './credential-targets.ts';
import type { Document } from './model.ts';
import type { Registry } from './registry.ts';
import { secretNames } from './secret-names.ts';
import { walkNodes } from './tree.ts';

/**
 * The names of the secrets, `*` where one is made while it runs, and the hosts with their ports; of a URL with a template in its
 * host the list of allowed hosts, `*` without one. A kind that there is nothing of is left out.
 * @param document with its write-only values opened
 */
export function describeDocument({ trigger, nodes, settings }: Document, registry: Pick<Registry, 'nodeSchema'>): AuditDetails {
  const hosts = new Set<string>();
  walkNodes(nodes, ({ type, config }) => {
    const { urls, hosts: listed = ['*'] } = findTargets(config, registry.nodeSchema(type) ?? {});
    for (const { value } of urls) {
      const written = readWrittenUrl(value);
      for (const host of written.kind === 'fixed' ? [written.url.host] : listed) hosts.add(host);
    }
  });
  const secrets = secretNames([nodes, trigger, settings]);
  return { ...(secrets.length > 0 ? { secrets } : {}), ...(hosts.size > 0 ? { hosts: [...hosts].sort() } : {}) };
}
