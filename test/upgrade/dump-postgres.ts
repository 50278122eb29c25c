// Writes a whole PostgreSQL database as SQL, as pg_dump does, which the embedded server of the tests does not have.

import pg from 'pg';

/** Every schema but PostgreSQL's own. */
const SCHEMAS = `n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`;

/** What the statements below leave out; a database that has one of these is refused rather than copied in part. */
const UNKNOWN = `
  SELECT format('%s %I.%I', CASE c.relkind WHEN 'p' THEN 'partitioned table' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' END,
    n.nspname, c.relname) AS sql
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND c.relkind IN ('p', 'm', 'f')
  UNION ALL SELECT format('type %I.%I', n.nspname, t.typname)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${SCHEMAS} AND t.typtype IN ('d', 'r', 'm')
  UNION ALL SELECT format('extension %I', extname) FROM pg_extension WHERE extname <> 'plpgsql'
  UNION ALL SELECT format('inheriting table %s', inhrelid::regclass) FROM pg_inherits
  UNION ALL SELECT format('rule %I on %s', rulename, ev_class::regclass) FROM pg_rewrite r
  JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND rulename <> '_RETURN'
  UNION ALL SELECT format('policy %I on %s', polname, polrelid::regclass) FROM pg_policy`;

const COLUMN = `format('%I %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
  CASE WHEN a.attcollation <> t.typcollation THEN ' COLLATE ' || a.attcollation::regcollation::text ELSE '' END,
  CASE WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
    WHEN a.attidentity <> '' THEN format(' GENERATED %s AS IDENTITY (SEQUENCE NAME %s)',
      CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, pg_get_serial_sequence(a.attrelid::regclass::text, a.attname))
    ELSE '' END,
  CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END)`;

const BEFORE_DATA = [
  `SELECT format('CREATE SCHEMA IF NOT EXISTS %I', nspname) AS sql FROM pg_namespace n WHERE ${SCHEMAS} ORDER BY 1`,
  `SELECT format('CREATE TYPE %I.%I AS ENUM (%s)', n.nspname, t.typname,
     (SELECT string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) AS sql
   FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE ${SCHEMAS} AND t.typtype = 'e' ORDER BY 1`,
  // Those of identity columns come with their column.
  `SELECT format('CREATE SEQUENCE %I.%I AS %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s%s', n.nspname, c.relname,
     s.seqtypid::regtype, s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache, CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END) AS sql
   FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS}
   AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = c.oid AND classid = 'pg_class'::regclass AND deptype = 'i') ORDER BY 1`,
  `SELECT format('CREATE %s %I.%I%s (%s)', CASE WHEN c.relkind = 'c' THEN 'TYPE' WHEN c.relpersistence = 'u' THEN 'UNLOGGED TABLE' ELSE 'TABLE' END,
     n.nspname, c.relname, CASE WHEN c.relkind = 'c' THEN ' AS' ELSE '' END, (
       SELECT string_agg(${COLUMN}, ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
       LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
       WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
     || CASE WHEN c.reloptions IS NULL THEN '' ELSE ' WITH (' || array_to_string(c.reloptions, ', ') || ')' END AS sql
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND c.relkind IN ('r', 'c') ORDER BY c.relkind, 1`,
  `SELECT pg_get_functiondef(p.oid) AS sql FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE ${SCHEMAS} ORDER BY 1`,
  `SELECT format('ALTER TABLE %I.%I ALTER COLUMN %I SET DEFAULT %s', n.nspname, c.relname, a.attname, pg_get_expr(d.adbin, d.adrelid)) AS sql
   FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
   JOIN pg_class c ON c.oid = d.adrelid JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${SCHEMAS} AND a.attgenerated = '' ORDER BY 1`,
  `SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', d.objid::regclass, d.refobjid::regclass, a.attname) AS sql FROM pg_depend d
   JOIN pg_class c ON c.oid = d.objid AND c.relkind = 'S' JOIN pg_namespace n ON n.oid = c.relnamespace
   JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
   WHERE ${SCHEMAS} AND d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' ORDER BY 1`,
];

const SEQUENCES = `SELECT format('SELECT setval(%L, %s, %s)', c.oid::regclass, COALESCE(pg_sequence_last_value(c.oid), s.seqstart),
    (pg_sequence_last_value(c.oid) IS NOT NULL)::text) AS sql
  FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} ORDER BY 1`;

const BEHIND_DATA = [
  // Foreign keys last.
  `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) AS sql
   FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace
   WHERE ${SCHEMAS} AND k.conrelid <> 0 AND k.contype IN ('p', 'u', 'c', 'x', 'f') ORDER BY k.contype = 'f', 1`,
  `SELECT pg_get_indexdef(i.indexrelid) AS sql FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
   JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE ${SCHEMAS} AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid AND contype IN ('p', 'u', 'x')) ORDER BY 1`,
  `SELECT format('CREATE VIEW %I.%I AS %s', n.nspname, c.relname, pg_get_viewdef(c.oid)) AS sql
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND c.relkind = 'v' ORDER BY c.oid`,
  `SELECT pg_get_triggerdef(t.oid) AS sql FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
   JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND NOT t.tgisinternal ORDER BY 1`,
  `SELECT format('ALTER TABLE %I.%I ENABLE ROW LEVEL SECURITY', n.nspname, c.relname) AS sql
   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND c.relrowsecurity ORDER BY 1`,
];

const TABLES = `SELECT format('%I.%I', n.nspname, c.relname) AS name,
    (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
     WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '') AS columns
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${SCHEMAS} AND c.relkind = 'r' ORDER BY 1`;

/**
 * Every schema with its types, tables, rows, functions, triggers and sequences; owners and privileges are left out. The same
 * database gives the same text, and restored it gives that text again.
 * @returns statements for one simple query on an empty database
 * @throws Error that names what of the database this cannot write
 */
export async function dumpPostgres(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const all = async (query: string): Promise<string[]> => (await client.query<{ sql: string }>(query)).rows.map(({ sql }) => sql);
  try {
    // Names are written with their schema.
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''");
    const unknown = await all(UNKNOWN);
    if (unknown.length > 0) throw new Error(`The dump does not know: ${unknown.join(', ')}.`);
    const statements = ["SET search_path = ''", 'SET check_function_bodies = off'];
    for (const query of BEFORE_DATA) statements.push(...(await all(query)));
    for (const { name, columns } of (await client.query<{ name: string; columns: string }>(TABLES)).rows) {
      const rows = await all(`SELECT quote_literal(t::text) AS sql FROM ${name} AS t ORDER BY t::text`);
      if (rows.length === 0) continue;
      const values = rows.map((row) => `(${row}::${name})`).join(',\n');
      const from = columns.split(', ').map((column) => `(v.r).${column}`);
      statements.push(
        `INSERT INTO ${name} (${columns}) OVERRIDING SYSTEM VALUE SELECT ${from.join(', ')} FROM (VALUES\n${values}) AS v (r)`,
      );
    }
    statements.push(...(await all(SEQUENCES)));
    for (const query of BEHIND_DATA) statements.push(...(await all(query)));
    return `${statements.map((sql) => sql.trim().replace(/;$/, '')).join(';\n')};\n`;
  } finally {
    await client.end();
  }
}
