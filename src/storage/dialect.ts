// The few words of SQL that SQLite and PostgreSQL do not share.

import type { Sequelize } from 'sequelize';

export interface Dialect {
  /**
   * An expression for one member of an object in a TEXT column with JSON: its JSON text, as it was stored, or NULL when it is
   * missing. The rest of the column is not handed over. Of a column that is not JSON it is `?` on SQLite; PostgreSQL fails with
   * the code 22P02.
   */
  jsonMember(column: string, name: string): string;
  /** A subselect of the texts in a parameter that is a JSON array. */
  textsOf(parameter: string): string;
  /** A row, as `alias`, for each element of a parameter that is a JSON array: `value`, which is JSON. */
  elementsOf(parameter: string, alias: string): string;
  /** A select of the rows of a table in a parameter that is a JSON array of objects with these columns. */
  rowsOf(table: string, columns: readonly string[], parameter: string): string;
  /** JSON text of the rows of a select: an array of one array for each, with the values of these expressions. */
  rowsAsJson(expressions: string): string;
  /** Behind the name of a table: walk this index. SQLite keeps no statistics that it could choose by; others choose well. */
  indexHint(name: string): string;
  /**
   * A statement that waits for commits that add deliveries and holds up new ones until the end of the transaction: what they
   * need, such as the endpoint, is not deleted between their look at it and their end. Undefined where there is one writer.
   */
  readonly lockDeletions: string | undefined;
}

/** Advisory lock: those who add deliveries share it, whoever deletes what they need has it alone. `hook`, 4. */
export const DELETIONS_LOCK = '1752133483, 4';

/** What nothing that is JSON is written as. */
export const NO_JSON = '?';

const SQLITE: Dialect = {
  jsonMember: (column, name) =>
    `CASE WHEN ${column} IS NULL OR json_valid(${column}) THEN ${column} -> '${name}' ELSE '${NO_JSON}' END`,
  textsOf: (parameter) => `(SELECT value FROM json_each(${parameter}))`,
  elementsOf: (parameter, alias) => `json_each(${parameter}) AS ${alias}`,
  rowsOf: (_table, columns, parameter) =>
    `SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM json_each(${parameter}) WHERE true`,
  rowsAsJson: (expressions) => `json_group_array(json_array(${expressions}))`,
  indexHint: (name) => ` INDEXED BY ${name}`,
  lockDeletions: undefined,
};

/**
 * PostgreSQL resolves every escape of a document on its way to a member, and refuses U+0000 and lone surrogates anywhere in
 * it. So escapes are hidden before and brought back behind: `\\` becomes `\/`, which JSON.stringify never writes, and then
 * each `\u`, which is now surely an escape, becomes `\\u`.
 */
const POSTGRES: Dialect = {
  jsonMember: (column, name) => {
    const hidden = String.raw`replace(replace(${column}, '\\', '\/'), '\u', '\\u')`;
    return String.raw`replace(replace((${hidden}::json -> '${name}')::text, '\\u', '\u'), '\/', '\\')`;
  },
  textsOf: (parameter) => `(SELECT json_array_elements_text(${parameter}::json))`,
  elementsOf: (parameter, alias) => `json_array_elements(${parameter}::json) AS ${alias} (value)`,
  rowsOf: (table, columns, parameter) =>
    `SELECT ${columns.join(', ')} FROM json_populate_recordset(NULL::${table}, ${parameter}::json)`,
  rowsAsJson: (expressions) => `CAST(coalesce(json_agg(json_build_array(${expressions})), '[]') AS TEXT)`,
  indexHint: () => '',
  lockDeletions: `SELECT pg_advisory_xact_lock(${DELETIONS_LOCK})`,
};

/** The dialect of a connection. @throws TypeError for a database that Hookline does not know */
export function dialectOf(sequelize: Sequelize): Dialect {
  const name = sequelize.getDialect();
  if (name === 'sqlite') return SQLITE;
  if (name === 'postgres') return POSTGRES;
  throw new TypeError(`There is no storage for the dialect "${name}".`);
}
