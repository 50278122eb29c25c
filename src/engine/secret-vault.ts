// Named secrets as the engine uses them: opened in memory, read by `$secrets`, and kept out of what an execution leaves behind.

import { HooklineError } from '../errors.ts';
import { type Concealer, createConcealer, type NamedValue } from './concealer.ts';
import { say } from './say.ts';

/** All named secrets at one moment; never changed. */
export interface SecretSet {
  /** Values by name of the secrets that may be used everywhere. Without a prototype. */
  readonly values: Readonly<Record<string, string>>;
  /** The same with those that may be sent to certain hosts only: for nodes that send to their target only. */
  readonly sendable: Readonly<Record<string, string>>;
  /** The hosts of secrets that may be sent to certain hosts only, by name. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly concealer: Concealer;
}

/** Where the engine gets named secrets from. */
export interface SecretVault {
  /** As they are known here. */
  current(): SecretSet;
  /**
   * Reads them again when they have changed meanwhile; undefined when there is nothing to wait for.
   * @param needed names that are about to be read: one that is not known yet may be new in another process, whose word of it is
   *   still on its way
   * @throws HooklineError `storage_unavailable`
   */
  refresh(needed?: ReadonlySet<string>): Promise<void> | undefined;
  /** Encrypts what is stored of an execution that has secrets in it. @param place from `sealed-places.ts` */
  seal(text: string, place: string): string;
  /** @throws HooklineError `invalid_configuration` when no configured key decrypts it at this place */
  open(sealed: string, place: string): string;
}

/** @param hosts of secrets that may be sent to certain hosts only; default none */
export function createSecretSet(
  secrets: readonly NamedValue[],
  hosts: ReadonlyMap<string, readonly string[]> = new Map(),
): SecretSet {
  const values: Record<string, string> = Object.create(null);
  const sendable: Record<string, string> = Object.create(null);
  for (const [name, value] of secrets) {
    sendable[name] = value;
    if (!hosts.has(name)) values[name] = value;
  }
  hostsOf.set(values, hosts);
  return { values: Object.freeze(values), sendable: Object.freeze(sendable), hosts, concealer: createConcealer(secrets) };
}

/** Of the secrets that a set of values leaves out. */
const hostsOf = new WeakMap<object, ReadonlyMap<string, readonly string[]>>();

/**
 * A secret's value.
 * @throws HooklineError `secret_not_found` that names it: an empty text in its place would be sent to somebody as a password;
 *   `secret_not_allowed_here` for one that may be sent to certain hosts only
 */
export function readSecret(values: Readonly<Record<string, string>>, name: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value !== undefined) return value;
  const hosts = hostsOf.get(values)?.get(name);
  if (hosts !== undefined) throw notHere(name, hosts);
  throw new HooklineError('secret_not_found', `There is no secret "${name}": add it to the secrets, or correct the name.`, {
    details: { secret: name },
  });
}

/** What is said where a secret with allowed hosts is used by anything but a node that sends to one of them. */
export function notHere(name: string, hosts: readonly string[]): HooklineError {
  const said = say('secret.notHere', { name, hosts: hosts.join(', ') });
  return new HooklineError('secret_not_allowed_here', `${said.message.charAt(0).toUpperCase()}${said.message.slice(1)}.`, {
    details: { secret: name },
    text: said.text,
  });
}

/** Looks for these values, too: what an execution holds from before a secret was changed. */
export function withValues({ concealer }: SecretSet, more: readonly NamedValue[]): Concealer {
  const known = new Set(concealer.secrets.map(([name, value]) => `${name}=${value}`));
  const added = more.filter(([name, value]) => !known.has(`${name}=${value}`));
  return added.length === 0 ? concealer : createConcealer([...concealer.secrets, ...added]);
}

const EMPTY = createSecretSet([]);

/** For an installation without named secrets. */
export const NO_SECRETS: SecretVault = {
  current: () => EMPTY,
  refresh: () => undefined,
  seal: () => {
    throw new HooklineError('internal', 'There are no secrets to be sealed.');
  },
  open: () => {
    throw new HooklineError('invalid_configuration', 'A stored secret cannot be read: this server has no secrets.');
  },
};
