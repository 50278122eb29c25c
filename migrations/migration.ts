// What a migration says of itself beside its statements: which programs can work on the schema that it leaves.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

/**
 * What a migration means for programs that do not know it:
 * - `expand`: it only adds; programs that do not know it may start and keep running.
 * - `format`: the same, and it makes room for values that programs without it cannot read. Such values may be written once
 *   `everyProcessKnows` is true for its name; from then on programs that do not know it are refused.
 * - `contract`: it takes away something. It runs only while no process without the migration `requires` is alive, and from then
 *   on programs without that one are refused.
 */
export type MigrationEffect = 'expand' | 'format' | 'contract';

export interface Migration extends RunnableMigration<QueryInterface> {
  /** Default `contract`: a migration that does not say so is not trusted to be additive. */
  readonly effect?: MigrationEffect;
  /** For `contract`: the oldest migration that a program has to know to work on the new schema. Default: this migration. */
  readonly requires?: string;
}

/**
 * The migration that a program has to know to work on the schema behind this one; empty when it may be any program.
 * @param isAlone whether no other program can be at work on the database: it is new, or it is a SQLite file
 */
export function requirementOf({ name, effect, requires }: Migration, isAlone: boolean): string {
  if (effect === 'expand') return '';
  if (effect === 'format') return isAlone ? name : '';
  return requires ?? name;
}
