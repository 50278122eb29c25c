// Pure: the variables of a stored execution, as its nodes had them. Loaded when one is chosen.

import { compileJsonPath, isJsonPath } from '../../../src/engine/json-path.ts';
import { compilePath, isRecord } from '../../../src/engine/path.ts';
import { compileProjection, withDefault } from '../../../src/engine/projection.ts';
import { parseQuery } from '../../../src/engine/query.ts';
import type { VariablesInput } from '../api/drafts.ts';
import type { ExecutionJson } from '../api/executions.ts';
import type { VariableSource } from './variable-source.tsx';

/**
 * Loop rounds leave many results; those of the chosen round are taken, else those of the last one. Items of loops are not
 * stored: the server finds them out (`jobInputQuery`).
 * @param round what stands before the keys of its jobs, such as `each[3]/`. Default none
 */
export function variablesOfExecution(
  execution: ExecutionJson,
  { document }: Pick<VariableSource, 'document'>,
  round = '',
): VariablesInput {
  const nodes: Record<string, unknown> = {};
  const done = execution.jobs.filter(({ status, handled }) => status === 'succeeded' || handled);
  const chosen = done.filter(({ path }) => isInRound(path, round));
  for (const { key, output } of [...done, ...chosen]) nodes[key] = output;
  if (execution.request === null) return { context: execution.context, nodes };
  const { method, url, headers, body: rawBody, address } = execution.request;
  const start = url.indexOf('?');
  const query = start < 0 ? {} : parseQuery(url.slice(start + 1));
  const body = parseBody(rawBody);
  const { config } = document.trigger;
  const context = {
    headers: pickHeaders(config.headers, headers),
    query: pickPart(config.query, query),
    body: pickPart(config.body, body),
  };
  return { context, request: { method, url, headers, query, body, rawBody, address }, nodes };
}

/** Whether a job ran in a round of a loop, or in one around that. */
function isInRound(path: string, round: string): boolean {
  const prefix = path.slice(0, path.lastIndexOf('/') + 1);
  return prefix !== '' && round.startsWith(prefix);
}

function parseBody(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    // Cut off when it was stored.
    return undefined;
  }
}

function pickHeaders(configured: unknown, headers: Readonly<Record<string, string>>): Record<string, unknown> {
  const names = listOf(configured).flatMap(({ name }) => (typeof name === 'string' ? [name.toLowerCase()] : []));
  if (names.length === 0) return headers;
  return Object.fromEntries(names.flatMap((name) => (Object.hasOwn(headers, name) ? [[name, headers[name]]] : [])));
}

/** As the trigger reads it. */
function pickPart(configured: unknown, value: unknown): unknown {
  const variables = listOf(configured).filter(({ path }) => typeof path === 'string' && path !== '');
  if (variables.length === 0) return value;
  const inPlace = variables.filter(({ name }) => typeof name !== 'string' || name === '');
  const paths = inPlace.flatMap(({ path }) => (isJsonPath(String(path)) ? [] : [compilePath(String(path))]));
  let result: unknown = paths.length === 0 ? {} : (compileProjection(paths)(value) ?? {});
  for (const { path, name, default: fallback } of variables) {
    if (typeof name === 'string' && name !== '') {
      const found = readPath(String(path), value) ?? fallback;
      if (found !== undefined) result = { ...(isRecord(result) ? result : {}), [name]: found };
    } else if (fallback !== undefined && !isJsonPath(String(path))) {
      result = withDefault(result, compilePath(String(path)), fallback);
    }
  }
  return result;
}

function readPath(path: string, value: unknown): unknown {
  if (!isJsonPath(path)) return compilePath(path).get(value);
  const found = compileJsonPath(path).get(value);
  return found.length === 0 ? undefined : found;
}

function listOf(configured: unknown): Record<string, unknown>[] {
  return Array.isArray(configured) ? configured.filter(isRecord) : [];
}
