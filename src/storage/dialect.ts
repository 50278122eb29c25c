// The few words of SQL that SQLite and PostgreSQL do not share.

import type { Sequelize } from 'sequelize';

export interface Dialect {
  /**
   * An expression for one member of an object in a TEXT column with JSON: its JSON text, as it was stored, or NULL when it is
   * missing. The rest of the column is not handed over.
   */
  jsonMember(column: string, name: string): string;
}

const SQLITE: Dialect = {
  jsonMember: (column, name) => `${column} -> '${name}'`,
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
};

/** The dialect of a connection. @throws TypeError for a database that Hookline does not know */
export function dialectOf(sequelize: Sequelize): Dialect {
  const name = sequelize.getDialect();
  if (name === 'sqlite') return SQLITE;
  if (name === 'postgres') return POSTGRES;
  throw new TypeError(`There is no storage for the dialect "${name}".`);
}
