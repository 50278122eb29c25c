// Pure: what is wrong with where a node sends its credentials, when it is saved.

import { isAllowedHost } from './allowed-hosts.ts';
import { valueAt } from './config-problems.ts';
import { findTargets, hostsPlaceOf, readWrittenUrl } from './credential-targets.ts';
import { hasCredentials, secretNamesIn } from './host-guard.ts';
import type { Problem } from './model.ts';
import { formatPath, joinPaths, type Segment } from './path.ts';
import type { AnyNodeType } from './plugin.ts';
import type { JsonSchema } from './registry.ts';
import { type Said, say } from './say.ts';
import { findSecretUses } from './secret-names.ts';
import { hasTemplate } from './template.ts';
import { problem } from './tree.ts';

type Config = Readonly<Record<string, unknown>>;
/** Hosts of the secrets that may be sent to certain hosts only, by name. */
export type SecretHosts = ReadonlyMap<string, readonly string[]>;

/**
 * @param place of the configuration
 * @returns problems with the lists of allowed hosts, of the node and of the secrets that it names
 */
export function findHostProblems(
  place: string,
  config: Config,
  type: AnyNodeType,
  schema: JsonSchema,
  secretHosts: SecretHosts,
): Problem[] {
  const { urls, hosts } = findTargets(config, schema);
  const problems: Problem[] = [];
  const add = (segments: readonly Segment[], code: string, said: Said): void => {
    problems.push(problem(joinPaths(place, formatPath(segments)), code, said));
  };
  const confined = [...secretNamesIn(config)].flatMap((name) => {
    const allowed = secretHosts.get(name);
    return allowed === undefined ? [] : [{ name, allowed }];
  });
  for (const { segments, value } of urls) {
    const listPlace = hostsPlaceOf(segments, config, schema);
    if (listPlace !== undefined) {
      for (const entry of templatesIn(valueAt(listPlace, config), listPlace)) add(entry, 'invalid_value', say('hosts.entry'));
    }
    const written = readWrittenUrl(value);
    if (written.kind === 'open') {
      const isNeeded = hosts === undefined && typeof value === 'string' && hasTemplate(value) && hasCredentials(config, schema);
      if (isNeeded && listPlace !== undefined) {
        add(listPlace, 'allowed_hosts_needed', say('hosts.needed', { field: String(listPlace.at(-1)) }));
      } else if (isNeeded) {
        add(segments, 'allowed_hosts_needed', say('hosts.fixedHost'));
      }
      continue;
    }
    const { host } = written.url;
    if (hosts !== undefined && !isAllowedHost(written.url, hosts)) {
      add(segments, 'host_not_allowed', say('hosts.notListed', { host }));
    }
    for (const { name, allowed } of type.sendsToTargetOnly === true ? confined : []) {
      if (isAllowedHost(written.url, allowed)) continue;
      add(segments, 'host_not_allowed', say('secret.otherHost', { name, hosts: allowed.join(', '), host }));
    }
  }
  if (type.sendsToTargetOnly === true && urls.length > 0) return problems;
  return [...problems, ...findConfined(place, config, secretHosts)];
}

/** Uses of secrets with allowed hosts where they may not be used. @param value JSON */
export function findConfined(place: string, value: unknown, secretHosts: SecretHosts): Problem[] {
  if (secretHosts.size === 0) return [];
  return findSecretUses(value).flatMap(({ segments, use }) =>
    [...use.names].flatMap((name) => {
      const hosts = secretHosts.get(name);
      if (hosts === undefined) return [];
      const said = say('secret.notHere', { name, hosts: hosts.join(', ') });
      return [problem(joinPaths(place, formatPath(segments)), 'secret_not_allowed_here', said)];
    }),
  );
}

function templatesIn(list: unknown, place: readonly Segment[]): (readonly Segment[])[] {
  if (typeof list === 'string') return [place];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item, index) => (typeof item === 'string' && hasTemplate(item) ? [[...place, index]] : []));
}
