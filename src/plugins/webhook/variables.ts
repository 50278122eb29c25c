// Turns a stored request into `$context`: exactly the headers, query paths and body paths that the trigger names.

import { compileJsonPath, isJsonPath } from '../../engine/json-path.ts';
import { compilePath, type Path } from '../../engine/path.ts';
import { createPathBudget, type PathBudget } from '../../engine/path-budget.ts';
import { assignAt, compileProjection, withDefault } from '../../engine/projection.ts';
import { HooklineError } from '../../errors.ts';
import type { PathVariable, WebhookConfig } from './schema.ts';

/** Reads one part (query or body) into its variables. @throws HooklineError `missing_value`, `path_too_costly` */
export type ReadPart = (value: unknown) => unknown;

interface Variable {
  readonly config: PathVariable;
  /** What the path finds; undefined when it is missing. */
  get(value: unknown, budget: PathBudget): unknown;
  /** Where the value goes under its own name; undefined when the path keeps its place. */
  readonly name: Path | undefined;
  readonly path: Path | undefined;
}

/** `part` names it in messages: `query` or `body`. Without variables the part is available whole. */
export function compilePart(part: string, configs: readonly PathVariable[]): ReadPart {
  if (configs.length === 0) return (value) => value;
  const variables = configs.map(compileVariable);
  const inPlace = variables.flatMap(({ name, path }) => (name === undefined && path ? [path] : []));
  const project = compileProjection(inPlace);
  const named = variables.filter(({ name }) => name !== undefined);
  // Most variables are neither required nor have a default; those that are need a look at the value.
  const checked = variables.filter(({ config }) => config.required === true || config.default !== undefined);

  return (value) => {
    // One for all variables: each alone may be cheap.
    const budget = createPathBudget();
    let result: unknown = inPlace.length > 0 ? project(value, budget) : undefined;
    const missing = checked.filter((variable) => variable.get(value, budget) === undefined);
    for (const { config, name, path } of missing) {
      if (config.default === undefined) throw missingValue(part, config.path);
      if (name === undefined && path) result = withDefault(result, path, config.default);
    }
    if (named.length === 0) return result ?? {};
    const target = { ...(typeof result === 'object' && result !== null ? (result as Record<string, unknown>) : {}) };
    for (const variable of named) {
      const found = variable.get(value, budget) ?? variable.config.default;
      if (found !== undefined && variable.name) assignAt(target, variable.name, found);
    }
    return target;
  };
}

function compileVariable(config: PathVariable): Variable {
  const name = config.name === undefined ? undefined : compilePath(config.name);
  if (!isJsonPath(config.path)) {
    const path = compilePath(config.path);
    return { config, name, path, get: path.get };
  }
  const jsonPath = compileJsonPath(config.path);
  return {
    config,
    name,
    path: undefined,
    get(value, budget) {
      const found = jsonPath.get(value, budget);
      return found.length === 0 ? undefined : found;
    },
  };
}

/** Headers under their lower-case names; without a list all of them. */
export function compileHeaders(
  configs: WebhookConfig['headers'],
): (headers: Readonly<Record<string, string>>) => Record<string, unknown> {
  if (configs.length === 0) return (headers) => headers;
  const wanted = configs.map((config) => ({ ...config, key: config.name.toLowerCase() }));
  return (headers) => {
    const result: Record<string, unknown> = {};
    for (const { key, name, required, default: fallback } of wanted) {
      const value = Object.hasOwn(headers, key) ? headers[key] : fallback;
      if (value !== undefined) result[key] = value;
      else if (required) throw missingValue('headers', name);
    }
    return result;
  };
}

function missingValue(part: string, path: string): HooklineError {
  return new HooklineError('missing_value', `The request has no value at ${part} "${path}", which this workflow requires.`, {
    details: { part, path },
  });
}
