// Pure: lets a node send credentials only to hosts that its saved configuration, and the secrets themselves, name.

import { HooklineError } from '../errors.ts';
import { isAllowedHost } from './allowed-hosts.ts';
import { findTargets, marksTargets, originOf, readWrittenUrl, type WrittenUrl } from './credential-targets.ts';
import type { Node } from './model.ts';
import { formatPath, isRecord } from './path.ts';
import type { JsonSchema } from './registry.ts';
import type { ExtensibleScope } from './scope.ts';
import { findSecretUses } from './secret-names.ts';
import { notHere } from './secret-vault.ts';
import { findWriteOnly } from './write-only.ts';

/** @throws HooklineError `host_not_allowed`, `secret_not_allowed_here` before anything is sent */
export type HostGuard = (rendered: unknown, scope: ExtensibleScope) => void;

/** Whether a configuration brings credentials along: write-only values that are sent, or named secrets. */
export function hasCredentials(config: Node['config'], schema: JsonSchema): boolean {
  return findSecretUses(config).length > 0 || findWriteOnly(config, schema, { isSent: true }).length > 0;
}

/** The secrets that a configuration names. */
export function secretNamesIn(config: unknown): ReadonlySet<string> {
  return new Set(findSecretUses(config).flatMap(({ use }) => [...use.names]));
}

/**
 * Makes the check of one node's rendered configuration. The list of allowed hosts is taken as it is written, never from a template.
 * @returns undefined for a type that says of no setting where it sends to
 */
export function createHostGuard({ key, config }: Node, schema: JsonSchema): HostGuard | undefined {
  if (!marksTargets(schema)) return undefined;
  const { urls, hosts } = findTargets(config, schema);
  const written = new Map(urls.map(({ segments, value }) => [formatPath(segments), readWrittenUrl(value)]));
  const names = secretNamesIn(config);
  const isCarrying = hasCredentials(config, schema);
  const isFixed = urls.length > 0 && [...written.values()].every(({ kind }) => kind === 'fixed');
  // Nothing to send along, or a variable that may hold a secret, which goes where the designer says.
  if (isFixed && !isCarrying && hosts === undefined) return undefined;

  function checkUrl(text: unknown, source: WrittenUrl, carries: () => boolean): URL | undefined {
    const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
    const host = url?.host ?? 'that its URL names';
    if (source.kind === 'fixed') {
      if (carries() && (url === undefined || originOf(url) !== originOf(source.url))) throw notAllowed(key, host);
    } else if (carries()) {
      if (hosts === undefined) throw listNeeded(key, host);
      if (url === undefined) throw notAllowed(key, host);
    }
    if (hosts !== undefined && url !== undefined && !isAllowedHost(url, hosts)) throw notAllowed(key, host);
    return url;
  }

  return (rendered, scope) => {
    const targets = isRecord(rendered) ? findTargets(rendered, schema).urls : [];
    const confined = names.size === 0 ? [] : [...scope.secretHosts].filter(([name]) => names.has(name));
    const carries = (): boolean => isCarrying || holdsSecret(rendered, scope);
    for (const { segments, value } of targets) {
      const url = checkUrl(value, written.get(formatPath(segments)) ?? { kind: 'open', scheme: undefined }, carries);
      for (const [name, allowed] of confined) {
        if (url === undefined || !isAllowedHost(url, allowed)) throw otherHost(key, name, allowed, url?.host ?? '');
      }
    }
    const [first] = confined;
    if (targets.length === 0 && first !== undefined) throw notHere(...first);
  };
}

/** Whether a secret has come into it through variables. */
function holdsSecret(rendered: unknown, { concealer }: ExtensibleScope): boolean {
  if (concealer === undefined) return false;
  const found = new Set<readonly [string, string]>();
  concealer.value(rendered, found);
  return found.size > 0;
}

function notAllowed(node: string, host: string): HooklineError {
  const message = `The node "${node}" may not send its credentials to the host ${host}: it is not one of the allowed hosts. Nothing was sent. Add it to "Allowed hosts", or correct the URL.`;
  return new HooklineError('host_not_allowed', message, { details: { host } });
}

function listNeeded(node: string, host: string): HooklineError {
  const message = `The node "${node}" sends credentials, and a template decides to which host: ${host}. Nothing was sent. Open the node, list the hosts that may get them under "Allowed hosts", enter the credentials again and save.`;
  return new HooklineError('host_not_allowed', message, { details: { host } });
}

function otherHost(node: string, name: string, allowed: readonly string[], host: string): HooklineError {
  const message = `The node "${node}" may not send the secret "${name}" to the host ${host}: it may be sent to ${allowed.join(', ')} only. Nothing was sent.`;
  return new HooklineError('host_not_allowed', message, { details: { host, secret: name } });
}
