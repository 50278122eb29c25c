// Seals and opens what an endpoint keeps secret: the write-only values of its configuration, and its keys.

import { z } from 'zod';
import { type Endpoint, type EndpointConfig, type EndpointSecrets, endpointConfigSchema } from '../engine/outbound-model.ts';
import type { SecretBox } from '../engine/ports.ts';
import { hideWriteOnly, keepWriteOnly, openWriteOnly, sealWriteOnly } from '../engine/write-only.ts';

/** An endpoint whose secrets can be read: to send, never to store or to show. */
export interface OpenEndpoint extends Omit<Endpoint, 'sealedSecrets'> {
  readonly secrets: EndpointSecrets;
}

const CONFIG_JSON_SCHEMA = z.toJSONSchema(endpointConfigSchema, { io: 'output', unrepresentable: 'any' });

/** @throws HooklineError `invalid_configuration` when the present key is not the one that it was sealed with */
export function openEndpoint({ sealedSecrets, ...endpoint }: Endpoint, box: SecretBox): OpenEndpoint {
  const config = openWriteOnly(endpoint.config, box) as unknown as EndpointConfig;
  return { ...endpoint, config, secrets: JSON.parse(box.open(sealedSecrets)) as EndpointSecrets };
}

/** The form that is stored; what is sealed already stays so. */
export function sealConfig(config: EndpointConfig, box: SecretBox): EndpointConfig {
  return sealWriteOnly(config, CONFIG_JSON_SCHEMA, box) as unknown as EndpointConfig;
}

/** The form that is shown: without write-only values. */
export function hideConfig(config: EndpointConfig): Record<string, unknown> {
  return hideWriteOnly(config, CONFIG_JSON_SCHEMA);
}

/** An edit, not yet checked, with the write-only values that it leaves out. @param previous opened */
export function keepConfigSecrets(next: Record<string, unknown>, previous: EndpointConfig): Record<string, unknown> {
  return keepWriteOnly(next, previous, CONFIG_JSON_SCHEMA);
}

export function sealSecrets(secrets: EndpointSecrets, box: SecretBox): string {
  return box.seal(JSON.stringify(secrets));
}
