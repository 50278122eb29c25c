// The secret service: named values that designers write and never read again, and that flows read as `$secrets.NAME`.

import type { NamedValue } from '../engine/concealer.ts';
import { isCoveredHost } from '../engine/credential-targets.ts';
import type { Log } from '../engine/plugin.ts';
import type { Bus, SecretBox, SecretStore, StoredSecret } from '../engine/ports.ts';
import { isRedactable } from '../engine/redactor.ts';
import { secretPlace } from '../engine/sealed-places.ts';
import { isReservedSecretName } from '../engine/secret-names.ts';
import { createSecretSet, type SecretSet, type SecretVault } from '../engine/secret-vault.ts';
import { HooklineError } from '../errors.ts';
import type { SecretUser } from './secret-users.ts';

/** Shorter ones could not be replaced in texts without hitting innocent words. */
export const MIN_SECRET_LENGTH = 8;
export const MAX_SECRET_LENGTH = 10_000;
/** Most secrets of an installation: all of them are looked for in what a flow that uses one leaves behind. */
const MAX_SECRETS = 500;

/** A secret as it may be seen: without its value. */
export interface Secret extends Omit<StoredSecret, 'sealedValue'> {
  /** Workflows whose live revision names it. */
  readonly usedBy: readonly SecretUser[];
}

export interface SecretServiceOptions {
  readonly store: SecretStore;
  readonly secretBox: SecretBox;
  readonly bus: Bus;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /** Whether every process on the database keeps secrets to their allowed hosts. Default: they do. */
  knowsHosts?(): boolean;
  /** The workflows that use secrets, by the secret's name. */
  users(): Promise<ReadonlyMap<string, readonly SecretUser[]>>;
}

/** `updatedBy` is the name of who does it, for people to see. */
export interface SecretService {
  /** By name. */
  list(): Promise<Secret[]>;
  /** @throws HooklineError `conflict` when the name is taken or a running process of an older version does not know allowed hosts, `invalid_request` for a name that is reserved or a value that cannot be kept */
  create(
    input: {
      name: string;
      value: string;
      description?: string | undefined;
      /** The only hosts that it may be sent to. Default null: it may be used everywhere. */
      allowedHosts?: readonly string[] | null | undefined;
    },
    updatedBy: string,
  ): Promise<Secret>;
  /**
   * Executions that have begun with the old value continue with it. A change that allows more hosts needs the value again: it is
   * sent only to hosts that were named when it was entered.
   * @throws HooklineError `secret_not_found`, `invalid_request`, `conflict` as `create`
   */
  update(
    name: string,
    change: {
      value?: string | undefined;
      description?: string | undefined;
      allowedHosts?: readonly string[] | null | undefined;
    },
    updatedBy: string,
  ): Promise<Secret>;
  /** @throws HooklineError `secret_not_found`; `conflict` when workflows use it, unless `force` */
  delete(name: string, options?: { force?: boolean | undefined }): Promise<void>;
  /** For the engine: the values in memory, opened. */
  readonly vault: SecretVault;
  /** Listens to other processes no more. */
  close(): void;
}

export function createSecretService(options: SecretServiceOptions): SecretService {
  const { store, secretBox, bus, log, now, users, knowsHosts = () => true } = options;
  let set: SecretSet = createSecretSet([]);
  /** Counts changes: what was read before one is stale. */
  let changes = 0;
  let readAt = -1;
  let reading: Promise<void> | undefined;
  /** Names that were not there when they were asked for: asked for once, until somebody says that something has changed. */
  const missing = new Set<string>();

  const unsubscribe = bus.subscribe(({ type }) => {
    if (type === 'secrets-changed' || type === 'messages-missed') void reread();
  });

  /** What is not read now is read by the first flow that needs it, which then hears why it cannot be read. */
  async function reread(): Promise<void> {
    changes += 1;
    missing.clear();
    await Promise.allSettled([refresh()]);
  }

  function refresh(needed?: ReadonlySet<string>): Promise<void> | undefined {
    for (const name of needed ?? []) {
      if (Object.hasOwn(set.sendable, name) || missing.has(name)) continue;
      missing.add(name);
      changes += 1;
    }
    if (readAt === changes) return undefined;
    reading ??= read();
    return reading;
  }

  async function read(): Promise<void> {
    try {
      while (readAt !== changes) {
        const startedAt = changes;
        const stored = await store.list();
        const hosts = stored.flatMap(({ name, allowedHosts }): [string, readonly string[]][] =>
          allowedHosts === null ? [] : [[name, allowedHosts]],
        );
        set = createSecretSet(stored.flatMap(open), new Map(hosts));
        readAt = startedAt;
      }
    } finally {
      reading = undefined;
    }
  }

  /** One that the present key does not open is left out: a flow that uses it is told that it is missing. */
  function open({ name, sealedValue }: StoredSecret): NamedValue[] {
    try {
      return [[name, secretBox.open(sealedValue, secretPlace(name))]];
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
      log.error({ secret: name, code: error.code }, 'a named secret cannot be read with the present key: enter it again');
      return [];
    }
  }

  async function changed(): Promise<void> {
    await reread();
    await bus.publish({ type: 'secrets-changed' });
  }

  async function show({ sealedValue: _, ...secret }: StoredSecret): Promise<Secret> {
    return { ...secret, usedBy: (await users()).get(secret.name) ?? [] };
  }

  /** @throws HooklineError `conflict` while a process is running that would send the secret everywhere */
  function requireKnownHosts(allowedHosts: readonly string[] | null | undefined): void {
    if (allowedHosts === undefined || allowedHosts === null || knowsHosts()) return;
    throw new HooklineError(
      'conflict',
      'Allowed hosts cannot be stored yet: a process of an older version, which would send the secret everywhere, is running on this database. Stop it and save again.',
    );
  }

  async function find(name: string): Promise<StoredSecret> {
    const secret = await store.get(name);
    if (secret) return secret;
    throw new HooklineError('secret_not_found', `There is no secret "${name.slice(0, 100)}".`);
  }

  return {
    async list() {
      const [secrets, usedBy] = await Promise.all([store.list(), users()]);
      return secrets.map(({ sealedValue: _, ...secret }) => ({ ...secret, usedBy: usedBy.get(secret.name) ?? [] }));
    },

    async create({ name, value, description = '', allowedHosts = null }, updatedBy) {
      requireName(name);
      requireValue(value);
      requireKnownHosts(allowedHosts);
      if ((await store.list()).length >= MAX_SECRETS) {
        throw new HooklineError(
          'conflict',
          `There are ${MAX_SECRETS} secrets, which is the most. Delete those that nobody uses.`,
        );
      }
      const time = now();
      const times = { createdAt: time, updatedAt: time };
      const sealedValue = secretBox.seal(value, secretPlace(name));
      const secret = { name, description, sealedValue, allowedHosts, updatedBy, ...times };
      await store.insert(secret);
      await changed();
      return show(secret);
    },

    async update(name, { value, description, allowedHosts }, updatedBy) {
      requireKnownHosts(allowedHosts);
      if (value !== undefined) requireValue(value);
      else if (allowedHosts !== undefined) requireNarrower(allowedHosts, (await find(name)).allowedHosts);
      const sealedValue = value === undefined ? undefined : secretBox.seal(value, secretPlace(name));
      if (!(await store.update(name, { description, sealedValue, allowedHosts, updatedBy, updatedAt: now() }))) await find(name);
      await changed();
      return show(await find(name));
    },

    async delete(name, { force = false } = {}) {
      await find(name);
      const usedBy = force ? [] : ((await users()).get(name) ?? []);
      if (usedBy.length > 0) {
        const titles = usedBy.slice(0, 10).map(({ title }) => `"${title}"`);
        const more = usedBy.length > 10 ? ` and ${usedBy.length - 10} more` : '';
        throw new HooklineError('conflict', `The secret "${name}" is used by ${titles.join(', ')}${more}.`, {
          details: { usedBy },
        });
      }
      await store.delete(name);
      await changed();
    },

    vault: {
      current: () => set,
      refresh,
      seal: (text, place) => secretBox.seal(text, place),
      open: (sealed, place) => secretBox.open(sealed, place),
    },

    close: unsubscribe,
  };
}

/** @throws HooklineError `invalid_request` */
function requireName(name: string): void {
  if (!isReservedSecretName(name)) return;
  const problem = { path: 'name', code: 'reserved_name', message: 'is a name that every object has already', severity: 'error' };
  throw new HooklineError('invalid_request', `The name ${JSON.stringify(name)} is reserved; choose another one.`, {
    details: { problems: [problem] },
  });
}

/** @throws HooklineError `invalid_request` that does not repeat the value */
function requireValue(value: string): void {
  const fault = faultOf(value);
  if (fault === undefined) return;
  const problem = { path: 'value', code: 'invalid_value', message: fault, severity: 'error' };
  throw new HooklineError('invalid_request', `The value of the secret ${fault}.`, { details: { problems: [problem] } });
}

/** @throws HooklineError `invalid_request` when more hosts would be allowed than before */
function requireNarrower(next: readonly string[] | null, before: readonly string[] | null): void {
  if (before === null || next?.every((host) => isCoveredHost(host, before)) === true) return;
  const message = 'must be entered again: it would be sent to more hosts than those it was entered for';
  const problem = { path: 'value', code: 'credential_dropped', message, severity: 'error' };
  throw new HooklineError('invalid_request', `The value of the secret ${message}.`, { details: { problems: [problem] } });
}

function faultOf(value: string): string | undefined {
  if (value.length < MIN_SECRET_LENGTH) {
    return `must have at least ${MIN_SECRET_LENGTH} characters: shorter ones cannot be told from innocent words in logs`;
  }
  if (value.length > MAX_SECRET_LENGTH) return `must have at most ${MAX_SECRET_LENGTH} characters`;
  if (value.includes('\0')) return 'must not contain U+0000';
  if (!isRedactable(value)) return 'consists of backslashes or halves of characters, which cannot be found again in logs';
  return undefined;
}
