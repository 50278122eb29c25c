// The entry of the audit log that belongs to the request under way, so that the storage writes it in the change's transaction.

import { AsyncLocalStorage } from 'node:async_hooks';

/** Names of secrets, hosts, counts and the like; never a secret value. */
export type AuditDetails = Readonly<Record<string, readonly string[]>>;

export const AUDIT_OUTCOMES = ['done', 'refused', 'failed'] as const;
/** `refused`: the actor may not, or has given a wrong password; `failed`: it was begun and ended with an error. */
export type AuditOutcome = (typeof AUDIT_OUTCOMES)[number];

export interface AuditEntry {
  /** UUIDv7: the order of ids is about the order of entries. */
  readonly id: string;
  readonly at: number;
  readonly actor: { readonly kind: 'user' | 'token' | 'admin-token' | 'nobody'; readonly id: string; readonly name: string };
  /** The name of the route, or `signIn`, `signInRefused`, … */
  readonly action: string;
  readonly target: string | null;
  /** Names of the fields that were sent. */
  readonly fields: readonly string[];
  readonly address: string;
  readonly details: AuditDetails;
  readonly outcome: AuditOutcome;
}

/** Signs the state of the chain of entries: see `SecretBox.sign`. */
export interface SignAudit {
  (text: string): string;
  /** Whether a signature is by any of the keys, as during a key rotation. Default: by the one that signs. */
  readonly verify?: (text: string, signature: string) => boolean;
}

/** Signs with the current key and accepts what any configured key has signed. @param box see `SecretBox` */
export function auditSigner(box: { sign(text: string): string; verify(text: string, code: string): boolean }): SignAudit {
  return Object.assign((text: string) => box.sign(text), { verify: (text: string, code: string) => box.verify(text, code) });
}

/** An entry that one transaction has taken over. */
export interface ClaimedEntry {
  /** As late as possible: work in the same transaction may still name the target. */
  entry(): AuditEntry;
  readonly sign: SignAudit;
  /** Call it when the transaction has ended. */
  settle(isWritten: boolean): void;
}

/** One entry for one request: the first transaction of the request that changes something writes it. */
export class AuditScope {
  readonly #make: (known: { target: string | null; details: AuditDetails }) => AuditEntry;
  readonly #sign: SignAudit;
  #state: 'pending' | 'claimed' | 'written' | 'closed' = 'pending';
  #target: string | null = null;
  #details: AuditDetails = {};

  /** @param make the entry with what the request has said about itself until it is written */
  constructor(make: (known: { target: string | null; details: AuditDetails }) => AuditEntry, sign: SignAudit) {
    this.#make = make;
    this.#sign = sign;
  }

  get isWritten(): boolean {
    return this.#state === 'written';
  }

  /** As far as the request has named it. */
  get target(): string | null {
    return this.#target;
  }

  get details(): AuditDetails {
    return this.#details;
  }

  name(target: string): void {
    this.#target ??= target;
  }

  add(details: AuditDetails): void {
    this.#details = { ...this.#details, ...details };
  }

  /** @returns undefined when there is nothing to write: another transaction has it, or the request is over */
  claim(): ClaimedEntry | undefined {
    if (this.#state !== 'pending') return undefined;
    this.#state = 'claimed';
    return {
      entry: () => this.#make({ target: this.#target, details: this.#details }),
      sign: this.#sign,
      settle: (isWritten) => {
        if (this.#state === 'claimed') this.#state = isWritten ? 'written' : 'pending';
      },
    };
  }

  /** What the request has started and goes on behind it writes no entry. */
  close(): void {
    if (this.#state !== 'written') this.#state = 'closed';
  }
}

const scopes = new AsyncLocalStorage<AuditScope>();

/** Runs the work of a request whose changes are audited. */
export function inAuditScope<Result>(scope: AuditScope, work: () => Promise<Result>): Promise<Result> {
  return scopes.run(scope, work);
}

/** Says what the request under way is about, before the change is stored. The first name counts; without a request nothing happens. */
export function nameAuditTarget(id: string): void {
  scopes.getStore()?.name(id);
}

/** Adds details to the entry of the request under way, before the change is stored. */
export function addAuditDetails(details: AuditDetails): void {
  scopes.getStore()?.add(details);
}

/** Takes the entry of the request under way over; the caller writes it in its transaction. */
export function claimAuditEntry(): ClaimedEntry | undefined {
  return scopes.getStore()?.claim();
}
