// The JSON mapping: takes values out of a JSON document, each under its name or its path.

import { parseJson } from '../../engine/json.ts';
import { compilePath } from '../../engine/path.ts';
import { createPathBudget } from '../../engine/path-budget.ts';
import { defineNode } from '../../engine/plugin.ts';
import { assignAt, compileProjection } from '../../engine/projection.ts';
import { HooklineError } from '../../errors.ts';
import { type JsonMappingConfig, jsonMappingConfigSchema } from './schema.ts';

export const jsonMappingNode = defineNode<JsonMappingConfig>({
  type: 'json-mapping',
  title: 'JSON mapping',
  description: 'Takes values out of a JSON document and makes variables of them.',
  config: jsonMappingConfigSchema,
  run: ({ config }) => ({ type: 'done', output: mapVariables(config) }),
});

/**
 * The variables of a document. Null is a value; what is missing has its default or is left out.
 * @throws HooklineError `missing_value` naming the path, `invalid_json` for text that is not JSON, `path_too_costly`
 */
export function mapVariables({ source, variables, includeIndex }: JsonMappingConfig): Record<string, unknown> {
  const document = typeof source === 'string' ? parseText(source) : source;
  const budget = createPathBudget();
  const compiled = variables.map((variable) => ({ variable, path: compilePath(variable.path) }));
  // A path that contains others is placed before them, so that they find their place taken by the same value.
  const inPlace = compiled
    .filter(({ variable }) => variable.name === undefined)
    .toSorted((a, b) => a.path.segments.length - b.path.segments.length);
  const projected = includeIndex ? compileProjection(inPlace.map(({ path }) => path))(document, budget) : undefined;
  const result: Record<string, unknown> = isObject(projected) ? { ...projected } : {};

  for (const { variable, path } of compiled) {
    if (variable.required === true && variable.default === undefined && path.get(document, budget) === undefined) {
      throw new HooklineError('missing_value', `The source has no value at "${variable.path}", which this node requires.`, {
        details: { path: variable.path },
      });
    }
  }
  for (const { variable, path } of inPlace) {
    const found = path.get(document, budget);
    if (found !== undefined && includeIndex) continue;
    const value = found === undefined ? variable.default : found;
    if (value === undefined) continue;
    assignAt(result, path, value);
  }
  for (const { variable, path } of compiled) {
    if (variable.name === undefined) continue;
    const found = path.get(document, budget);
    const value = found === undefined ? variable.default : found;
    if (value !== undefined) result[variable.name] = value;
  }
  return result;
}

/** As deep as the result of a node may be. */
const MAX_SOURCE_DEPTH = 200;

function parseText(text: string): unknown {
  try {
    return parseJson(text, { maxDepth: MAX_SOURCE_DEPTH });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new HooklineError('invalid_json', `The source is text that is not JSON: ${reason.slice(0, 200)}`, { cause: error });
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
