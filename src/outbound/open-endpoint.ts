// Seals and opens what an endpoint keeps secret: the write-only values of its configuration, and its keys.

import { z } from 'zod';
import { valueAt } from '../engine/config-problems.ts';
import { isWithinTargets } from '../engine/credential-targets.ts';
import {
  type Endpoint,
  type EndpointConfig,
  type EndpointSecrets,
  endpointConfigSchema,
  type SignatureProfile,
} from '../engine/outbound-model.ts';
import { formatPath, isRecord } from '../engine/path.ts';
import type { SecretBox } from '../engine/ports.ts';
import { endpointConfigRow, endpointSecretsPlace, fieldsOf } from '../engine/sealed-places.ts';
import { findWriteOnly, hideWriteOnly, keepWriteOnly, openWriteOnly, sealWriteOnly, withoutSent } from '../engine/write-only.ts';

/** An endpoint whose secrets can be read: to send, never to store or to show. */
export interface OpenEndpoint extends Omit<Endpoint, 'sealedSecrets'> {
  readonly secrets: EndpointSecrets;
}

const CONFIG_JSON_SCHEMA = z.toJSONSchema(endpointConfigSchema, { io: 'output', unrepresentable: 'any' });

/** @throws HooklineError `invalid_configuration` when the present key is not the one that it was sealed with */
export function openEndpoint({ sealedSecrets, ...endpoint }: Endpoint, box: SecretBox): OpenEndpoint {
  const config = openWriteOnly(endpoint.config, fieldsOf(box, endpointConfigRow(endpoint.id))) as unknown as EndpointConfig;
  return {
    ...endpoint,
    config,
    secrets: JSON.parse(box.open(sealedSecrets, endpointSecretsPlace(endpoint.id))) as EndpointSecrets,
  };
}

/** The form that is stored; what is sealed already stays so. */
export function sealConfig(endpointId: string, config: EndpointConfig, box: SecretBox): EndpointConfig {
  return sealWriteOnly(config, CONFIG_JSON_SCHEMA, fieldsOf(box, endpointConfigRow(endpointId))) as unknown as EndpointConfig;
}

/** The form that is shown: without write-only values. */
export function hideConfig(config: EndpointConfig): Record<string, unknown> {
  return hideWriteOnly(config, CONFIG_JSON_SCHEMA);
}

export interface EditedConfig {
  readonly config: Record<string, unknown>;
  /** Places of values that are sent along and were not kept, since the URL leads to another scheme, host or port. */
  readonly dropped: readonly string[];
}

/**
 * The settings of an edit over those before, not yet checked, with the write-only values that it leaves out. A profile keeps its own
 * key by its type and header, wherever it stands; null takes the key away. Keys only sign and are kept whatever the URL; values
 * that are sent along are kept for the same scheme, host and port only.
 * @param previous opened
 */
export function editConfigSecrets(settings: Readonly<Record<string, unknown>>, previous: EndpointConfig): EditedConfig {
  const whole = keepConfigSecrets({ ...previous, ...settings }, previous);
  if (isWithinTargets(whole, previous, CONFIG_JSON_SCHEMA)) return { config: whole, dropped: [] };
  const rest = withoutSent(previous, CONFIG_JSON_SCHEMA) as unknown as EndpointConfig;
  const sent = findWriteOnly(whole, CONFIG_JSON_SCHEMA, { isSent: true });
  const dropped = sent.filter((segments) => (valueAt(segments, settings) ?? null) === null);
  return { config: keepConfigSecrets({ ...rest, ...settings }, rest), dropped: dropped.map(formatPath) };
}

function keepConfigSecrets(next: Record<string, unknown>, previous: EndpointConfig): Record<string, unknown> {
  const kept = keepWriteOnly(next, previous, CONFIG_JSON_SCHEMA);
  return Array.isArray(next.profiles) ? { ...kept, profiles: keepProfileKeys(next.profiles, previous.profiles) } : kept;
}

function keepProfileKeys(next: readonly unknown[], previous: readonly SignatureProfile[]): unknown[] {
  return next.map((profile) => {
    if (!isRecord(profile)) return profile;
    const { secret, ...rest } = profile;
    if (secret === null) return rest;
    if (secret !== undefined) return profile;
    const ofType = previous.filter(({ type }) => type === profile.type);
    const isAlone = ofType.length === 1 && next.filter((one) => isRecord(one) && one.type === profile.type).length === 1;
    const before = isAlone ? ofType[0] : ofType.find((one) => headerOf(one) === headerOf(profile));
    return before !== undefined && 'secret' in before && before.secret !== undefined ? { ...rest, secret: before.secret } : rest;
  });
}

function headerOf(profile: object): string | undefined {
  return 'header' in profile && typeof profile.header === 'string' ? profile.header.toLowerCase() : undefined;
}

export function sealSecrets(endpointId: string, secrets: EndpointSecrets, box: SecretBox): string {
  return box.seal(JSON.stringify(secrets), endpointSecretsPlace(endpointId));
}
