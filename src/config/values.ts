// The kinds of values that the configuration has beside plain texts and numbers, as text in the environment or given in code.

import { isIP } from 'node:net';
import { z } from 'zod';
import { adminTokenProblem } from '../access/token-strength.ts';
import { parseAllowedHost } from '../engine/allowed-hosts.ts';
import { parseProxy } from '../http/trusted-proxies.ts';
import { parseTarget } from '../outbound/guard/targets.ts';

/** Largest delay that Node's timers take, in milliseconds (2^31 - 1). */
export const MAX_TIMER_MS = 2_147_483_647;

const RETENTION_STATUSES = ['succeeded', 'failed', 'error', 'canceled', 'timed_out'] as const;

/** How long executions are kept after they were accepted, in milliseconds, by final status. Statuses that are not named stay. */
export type Retention = Readonly<Partial<Record<(typeof RETENTION_STATUSES)[number], number>>>;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `30d` (s, m, h, d, w) into milliseconds; undefined when it is something else. */
function parseAge(text: string): number | undefined {
  const match = /^\s*(\d{1,6})([smhdw])\s*$/.exec(text);
  const age = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  return age > 0 ? age : undefined;
}

/** Reads `succeeded=30d,failed=12h` (s, m, h, d, w); `none` keeps everything. Returns a sentence when it is wrong. */
function parseRetention(text: string): Retention | string {
  const rules: Partial<Record<(typeof RETENTION_STATUSES)[number], number>> = {};
  if (text.trim() === 'none') return rules;
  for (const part of text.split(',')) {
    const [, name, text = ''] = /^\s*([a-z_]+)\s*=(.*)$/.exec(part) ?? [];
    const status = RETENTION_STATUSES.find((known) => known === name);
    const age = parseAge(text);
    if (status === undefined || age === undefined) {
      return `must be \`none\` or a list such as \`succeeded=30d,failed=90d\` (statuses ${RETENTION_STATUSES.join(', ')}; units s, m, h, d, w)`;
    }
    if (rules[status] !== undefined) return `names \`${status}\` twice`;
    rules[status] = age;
  }
  return rules;
}

/** As `parseRetention` reads it, or by status in milliseconds. */
export const retentionSchema = z
  .union([z.string(), z.partialRecord(z.enum(RETENTION_STATUSES), z.number().int().positive())])
  .transform((value, context): Retention => {
    const rules = typeof value === 'string' ? parseRetention(value) : value;
    if (typeof rules !== 'string') return Object.freeze({ ...rules });
    context.addIssue({ code: 'custom', message: rules });
    return z.NEVER;
  });

/** Separated by commas, or a list; of what outgoing requests may reach inside the network. */
export const targetsSchema = z
  .union([z.string(), z.array(z.string()).readonly()])
  .transform((value, context): readonly string[] => {
    const items = typeof value === 'string' ? value.split(',') : value;
    const targets = items.map((item) => item.trim()).filter((item) => item !== '');
    const wrong = targets.find((target) => parseTarget(target) === undefined);
    if (wrong === undefined) return Object.freeze(targets);
    const example = '`10.0.0.0/8`, `erp.internal` or `127.0.0.1:9000`';
    context.addIssue({ code: 'custom', message: `must be a list of CIDR blocks, addresses and hosts, such as ${example}` });
    return z.NEVER;
  });

/** A time such as `30d` as milliseconds; `none` becomes null. */
export const ageSchema = z
  .union([z.string(), z.number().int().positive(), z.null()])
  .transform((value, context): number | null => {
    if (typeof value !== 'string') return value;
    if (value.trim() === 'none') return null;
    const age = parseAge(value);
    if (age !== undefined) return age;
    context.addIssue({ code: 'custom', message: 'must be `none` or a time such as `30d` or `12h` (units s, m, h, d, w)' });
    return z.NEVER;
  });

/** Separated by commas, or a list. */
export const addressesSchema = z
  .union([z.string(), z.array(z.string()).readonly()])
  .transform((value, context): readonly string[] => {
    const items = typeof value === 'string' ? value.split(',') : value;
    const addresses = items.map((item) => item.trim()).filter((item) => item !== '');
    if (addresses.every(isAddressOrBlock)) return Object.freeze(addresses);
    const example = '`203.0.113.7` or `2001:db8::/48`';
    context.addIssue({ code: 'custom', message: `must be a list of addresses and CIDR blocks, such as ${example}` });
    return z.NEVER;
  });

/** Separated by commas, or a list; `loopback` and `private` are names of blocks. */
export const proxiesSchema = z
  .union([z.string(), z.array(z.string()).readonly()])
  .transform((value, context): readonly string[] => {
    const items = typeof value === 'string' ? value.split(',') : value;
    const proxies = items.map((item) => item.trim()).filter((item) => item !== '');
    const wrong = proxies.find((entry) => parseProxy(entry) === undefined);
    if (wrong === undefined) return Object.freeze(proxies);
    const message = `names ${JSON.stringify(wrong.slice(0, 80))}, which is no address, no CIDR block, not \`loopback\` and not \`private\``;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** Separated by commas, or a list; of hosts that requests may name, whatever the port. */
export const hostsSchema = z
  .union([z.string(), z.array(z.string()).readonly()])
  .transform((value, context): readonly string[] => {
    const items = typeof value === 'string' ? value.split(',') : value;
    const hosts = items.map((item) => item.trim()).filter((item) => item !== '');
    const wrong = hosts.find((entry) => {
      const host = parseAllowedHost(entry);
      return host === undefined || host.port !== undefined;
    });
    if (wrong === undefined) return Object.freeze(hosts);
    const message = `names ${JSON.stringify(wrong.slice(0, 80))}, which is no host name such as \`hookline.internal\` or \`*.cluster.local\` (without a port)`;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

/** An address, or a block of them; unlike an allowed target neither a host nor an address with a port. */
function isAddressOrBlock(text: string): boolean {
  const target = parseTarget(text);
  return target?.range !== undefined && isIP(text.replace(/\/\d+$/, '')) !== 0;
}

/** Whether it is an http or https URL without query, fragment and credentials. */
export function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isPlain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:');
}

/** Whether it is 32 bytes in base64 or hex. */
export function isSecretKey(text: string): boolean {
  if (/^[0-9a-f]{64}$/i.test(text)) return true;
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) && Buffer.from(text, 'base64').length === 32;
}

/** A whole number from `min` to `max`. */
export const whole = (min: number, max: number) => z.number().int().min(min).max(max);

/** A check for a schema: says what is wrong with an admin token. */
export function refuseWeakToken(token: string, context: z.RefinementCtx): void {
  const problem = adminTokenProblem(token);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
}
