// The tables of the installation itself, its processes and its secrets: their rows and columns, for `models.ts`.

import { DataTypes } from 'sequelize';
import { type DefineTable, key, optional, required, type Table } from './table.ts';

export interface SettingRow {
  name: string;
  value: string;
}

/** A named secret. */
export interface SecretRow {
  name: string;
  description: string;
  /** What `SecretBox.seal` gave. */
  sealedValue: string;
  /** A JSON list of hosts; null: it may be used everywhere. */
  allowedHosts: string | null;
  updatedBy: string;
  createdAt: number;
  updatedAt: number;
}

/** A process that shares the database (PostgreSQL only). */
export interface ProcessRow {
  id: string;
  role: string;
  host: string;
  startedAt: number;
  /** Rises as long as the process lives. */
  beat: number;
  beatAt: number;
  /** The program's version; null for programs before 0008, as the next two. */
  version: string | null;
  /** The newest migration that it knows. */
  schemaNewest: string | null;
  /** The oldest schema that it can work on. */
  schemaOldest: string | null;
  /** JSON array of the ids of its secret keys; null for programs before 0013. */
  keyIds: string | null;
}

/** PostgreSQL only, written by `postgres/transaction.ts`. */
export interface CommitRow {
  connection: string;
  /** Of the latest transaction of that connection. */
  id: string;
  at: number;
}

export interface InstallationModels {
  readonly settings: Table<SettingRow>;
  readonly secrets: Table<SecretRow>;
  readonly processes: Table<ProcessRow>;
  readonly commits: Table<CommitRow>;
}

export function defineInstallationModels(table: DefineTable): InstallationModels {
  const { BIGINT, TEXT } = DataTypes;
  return {
    settings: table<SettingRow>('settings', { name: key(TEXT), value: required(TEXT) }),
    secrets: table<SecretRow>('secrets', {
      name: key(TEXT),
      description: required(TEXT),
      sealedValue: required(TEXT),
      allowedHosts: optional(TEXT),
      updatedBy: required(TEXT),
      createdAt: required(BIGINT),
      updatedAt: required(BIGINT),
    }),
    processes: table<ProcessRow>('processes', {
      id: key(TEXT),
      role: required(TEXT),
      host: required(TEXT),
      startedAt: required(BIGINT),
      beat: required(BIGINT),
      beatAt: required(BIGINT),
      version: optional(TEXT),
      schemaNewest: optional(TEXT),
      schemaOldest: optional(TEXT),
      keyIds: optional(TEXT),
    }),
    commits: table<CommitRow>('commits', { connection: key(TEXT), id: required(TEXT), at: required(BIGINT) }),
  };
}
