// Which versions share a database: what all of them know, and whether this one has become too old for it.

import type { Pool, PoolClient } from 'pg';
import type { Log } from '../engine/plugin.ts';
import { HooklineError } from '../errors.ts';
import { transaction } from './recovery.ts';

/** What a program knows of the schema. */
export interface Program {
  readonly version: string;
  /** Names of migrations, oldest first. Names are ordered as texts. */
  readonly migrations: readonly string[];
  /** Those of them that make room for a format which programs without them cannot read. */
  readonly formats: readonly string[];
}

export interface Versions {
  /**
   * Requires the migrations of new formats that every process on the database knows by now. From then on programs that do not
   * know them are refused. @throws what the database throws
   */
  advance(): Promise<void>;
  /** Reads what the database requires. @returns an error when this program does not know it. @throws what the database throws */
  findTooOld(): Promise<HooklineError | undefined>;
  /** As of the last reading. @throws TypeError when there is no such format */
  everyProcessKnows(migration: string): boolean;
}

interface VersionsOptions {
  readonly pool: Pool;
  readonly program: Program;
  readonly log: Log;
}

/** How long a registering process waits for us at most, and we for it, in milliseconds. */
const LOCK_TIMEOUT_MS = 1_000;

/** Reads and raises what a database requires of its programs, see `requirementOf` of the migrations. */
export function createVersions({ pool, program, log }: VersionsOptions): Versions {
  const known = new Set(program.migrations);
  /** Programs without this migration are refused. */
  let required = '';

  function nextFormats(): string[] {
    return program.formats.filter((name) => name > required);
  }

  async function knownToAll(client: Pool | PoolClient, formats: readonly string[]): Promise<string[]> {
    const { rows } = await client.query<{ newest: string | null }>('SELECT DISTINCT schema_newest AS newest FROM processes');
    return formats.filter((name) => rows.every(({ newest }) => newest !== null && newest >= name));
  }

  return {
    async advance() {
      const formats = nextFormats();
      if (formats.length === 0 || (await knownToAll(pool, formats)).length === 0) return;
      try {
        await transaction(pool, async (client) => {
          await client.query(`SET LOCAL lock_timeout = ${LOCK_TIMEOUT_MS}`);
          // A program that registers now waits, and then reads what we require.
          await client.query('LOCK TABLE processes IN SHARE ROW EXCLUSIVE MODE');
          const names = await knownToAll(client, formats);
          await client.query('UPDATE migrations SET requires = name WHERE name = ANY($1)', [names]);
        });
      } catch (error) {
        // The next beat tries again; until then the old format is written.
        log.warn(
          { part: 'processes', error: String(error) },
          'the database cannot be told yet that all processes know a new format',
        );
      }
    },
    async findTooOld() {
      const { rows } = await pool.query<{ name: string; requires: string | null }>('SELECT name, requires FROM migrations');
      const demands = rows.map(({ name, requires }) => ({ name, requires: requires ?? (known.has(name) ? '' : name) }));
      for (const { requires } of demands) if (requires > required) required = requires;
      const unknown = demands.filter(({ requires }) => requires !== '' && !known.has(requires)).map(({ name }) => name);
      if (unknown.length === 0) return undefined;
      return new HooklineError(
        'migration_needed',
        `The database was migrated beyond what version ${program.version} can work on: ${unknown.join(', ')}. Start a later version.`,
        { details: { unknown } },
      );
    },
    everyProcessKnows: (migration) => isFormat(program, migration) && migration <= required,
  };
}

/** @returns true. @throws TypeError when the program knows no format of this name */
export function isFormat(program: Program, migration: string): boolean {
  if (program.formats.includes(migration)) return true;
  throw new TypeError(`There is no migration "${migration}" of the effect "format".`);
}
