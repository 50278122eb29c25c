// Makes data of one version of an event type into data of an older one, which an endpoint has stayed on.

import type { EndpointConfig, EventType } from '../../engine/outbound-model.ts';
import { HooklineError } from '../../errors.ts';
import { type BodyTools, evaluateOrFail, writeMade } from './envelope.ts';

export interface DataProblem {
  /** Inside the data; empty for the whole. */
  readonly path: string;
  readonly message: string;
}

export interface ConversionTools extends BodyTools {
  /** What does not fit a JSON Schema; nothing when all fits. */
  validate(schema: unknown, data: unknown): Promise<readonly DataProblem[]>;
}

/**
 * Which version of an event type an endpoint gets: the one that it is pinned to; when that one is not in the catalogue any more
 * the next lower one; else the lowest. Never one above the message's own: data is not made newer.
 * @param versions all of the event type, in any order
 * @param messageVersion null when the type was not in the catalogue
 */
export function versionFor(
  endpointVersions: EndpointConfig['versions'],
  versions: readonly EventType[],
  messageVersion: number | null,
): number | null {
  const [first] = versions;
  if (messageVersion === null || first === undefined) return messageVersion;
  const pinned = Object.hasOwn(endpointVersions, first.name) ? endpointVersions[first.name] : undefined;
  const known = versions.map(({ version }) => version);
  const lowest = Math.min(...known);
  const wanted = pinned === undefined ? lowest : Math.max(lowest, ...known.filter((version) => version <= pinned));
  return Math.min(wanted, messageVersion);
}

/**
 * Data in another version: at once and as it is when it has that version already. Goes down from version to version by each
 * one's `downConversion`, and checks what comes out with the schema of the version that it has reached.
 * @param data JSON text
 * @param versions all of the event type, in any order
 * @param from of the data; null when the type was not in the catalogue: nothing is done
 * @throws HooklineError `conversion_failed` with the type, both versions and the first problem
 */
export function convertData(
  data: string,
  versions: readonly EventType[],
  from: number | null,
  to: number | null,
  tools: ConversionTools,
): string | Promise<string> {
  return from === null || to === null || from === to ? data : convertDown(data, versions, from, to, tools);
}

async function convertDown(
  data: string,
  versions: readonly EventType[],
  from: number,
  to: number,
  tools: ConversionTools,
): Promise<string> {
  const name = versions[0]?.name ?? 'of an unknown type';
  const place = `The data of ${name} cannot be made from version ${from} into version ${to}`;
  const fail = (reason: string): HooklineError => new HooklineError('conversion_failed', `${place}: ${reason}`);
  if (from < to) throw fail('data is never made newer');
  const source = versions.find(({ version }) => version === from);
  const target = versions.find(({ version }) => version === to);
  if (source === undefined) throw fail(`version ${from} is not in the catalogue any more`);
  if (target === undefined) throw fail(`version ${to} is not in the catalogue`);

  const steps = versions
    .filter(({ version }) => version <= from && version > to)
    .toSorted((a, b) => b.version - a.version)
    .flatMap(({ version, downConversion }) => (downConversion === null ? [] : [{ version, downConversion }]));
  if (steps.length === 0 && target.schema === null) return data;

  let value: unknown = JSON.parse(data);
  for (const { version, downConversion } of steps) {
    value = await evaluateOrFail(tools, downConversion, value, `${place}: the down-conversion of version ${version} failed`);
    // The evaluator gives null for what is not there: the expression looks for something that this data does not have.
    if (value === null) throw fail(`the down-conversion of version ${version} gives nothing`);
  }
  if (target.schema !== null) {
    const [problem] = await tools.validate(target.schema, value);
    if (problem) throw fail(problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`);
  }
  return steps.length === 0 ? data : writeMade(value, place);
}
