// What the audit log says of something that was tried: which secrets it names, and which hosts.

import type { AuditDetails } from '../engine/audit-scope.ts';
import { isRecord } from '../engine/path.ts';
import { secretNames } from '../engine/secret-names.ts';

/** Deeper values are refused before. */
const MAX_DEPTH = 200;
const HTTP_URL = /^\s*(https?:\/\/[^\s/?#]+)/i;

/** The named secrets that a value uses; `*` when names are made while it runs. */
export function namedSecrets(value: unknown): AuditDetails {
  const secrets = secretNames(value);
  return secrets.length === 0 ? {} : { secrets };
}

/** The hosts of URLs in a value; one with a template in it as it is written. */
export function namedHosts(value: unknown): AuditDetails {
  const hosts = new Set(textsOf(value, 0).flatMap((text) => hostOf(text) ?? []));
  return hosts.size === 0 ? {} : { hosts: [...hosts].sort() };
}

function hostOf(text: string): string | undefined {
  const start = HTTP_URL.exec(text)?.[1];
  if (start === undefined) return undefined;
  // Without credentials.
  return URL.canParse(start) ? new URL(start).host : start.replace(/^https?:\/\//i, '').replace(/^.*@/, '');
}

function textsOf(value: unknown, depth: number): string[] {
  if (typeof value === 'string') return [value];
  if (depth > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => textsOf(item, depth + 1));
  return isRecord(value) ? Object.values(value).flatMap((item) => textsOf(item, depth + 1)) : [];
}
