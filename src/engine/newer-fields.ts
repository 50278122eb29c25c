// Pure: settings that processes of an older version do not know, which refuse a whole workflow because of one. Schema fields marked
// `.meta({ sinceMigration: '<name>' })` may be stored once every process on the database knows that migration.

import type { Problem } from './model.ts';
import { formatPath, isRecord, joinPaths, type Segment } from './path.ts';
import type { JsonSchema } from './registry.ts';
import { say } from './say.ts';
import { applicable, childSchemas, createMarkFinder } from './schema-walk.ts';
import { problem } from './tree.ts';

const marksNewerFields = createMarkFinder('"sinceMigration":');

/** Whether every process on the database knows a migration of the effect `format`. */
export type IsKnownToAll = (migration: string) => boolean;

/**
 * @param place of the configuration
 * @returns a problem for each setting that a running process of an older version does not know
 */
export function findNewerFields(
  place: string,
  config: Readonly<Record<string, unknown>>,
  schema: JsonSchema,
  isKnownToAll: IsKnownToAll,
): Problem[] {
  if (!marksNewerFields(schema)) return [];
  const problems: Problem[] = [];
  const visit = (value: unknown, schemas: readonly JsonSchema[], segments: readonly Segment[]): void => {
    if (value === undefined || schemas.length === 0) return;
    const here = applicable(schemas, schema, value);
    if (here.some(({ sinceMigration: name }) => typeof name === 'string' && !isKnownToAll(name))) {
      const at = joinPaths(place, formatPath(segments));
      problems.push(problem(at, 'older_version_running', say('value.olderVersionRunning')));
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, childSchemas(here, index), [...segments, index]);
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) visit(item, childSchemas(here, key), [...segments, key]);
    }
  };
  visit(config, [schema], []);
  return problems;
}
