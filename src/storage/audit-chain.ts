// The chain of the audit log: each entry holds a hash over itself and the entry before, and one signed row holds the two ends.

import { createHash } from 'node:crypto';
import { Op } from 'sequelize';
import type { AuditEntry, ClaimedEntry, SignAudit } from '../engine/audit-scope.ts';
import type { AuditChainRow, AuditRow } from './access-models.ts';
import { lowestIdAt } from './execution-id.ts';
import type { Models } from './models.ts';
import { storable } from './outbound/rows.ts';

/** Entries of an older process that one write chains besides its own: a backlog must not hold up a request. */
const ADOPTED_AT_ONCE = 20;
/**
 * Older ones are not chained any more, in milliseconds: within a day they are deleted, perhaps by an older process, which does
 * not know the chain. A day less than entries are kept.
 */
export const ADOPT_MS = 364 * 86_400_000;
/** The id of the one row. */
const CHAIN = 1;
/** No chain gets this far: a higher number was put there by hand. */
export const MAX_SEQUENCE = 2 ** 52;

type Link = Pick<AuditRow, 'sequence' | 'hash' | 'previous'>;
/** The ends of the chain as numbers and texts; PostgreSQL gives BIGINT as text. */
export type ChainEnds = Pick<AuditChainRow, 'sequence' | 'hash' | 'startSequence' | 'startHash'>;

/** SHA-256 (hex) over an entry as it is stored, its position, and the hash before it. Part of the stored format: never changes. */
export function hashOfEntry(row: AuditRow, { sequence, previous }: Pick<Link, 'sequence' | 'previous'>): string {
  const { id, at, actorKind, actorId, actorName, action, target, fields, address, details, outcome } = row;
  const values = [1, sequence, previous, id, Number(at), actorKind, actorId, actorName, action, target, fields, address];
  return createHash('sha256')
    .update(JSON.stringify([...values, details, outcome]))
    .digest('hex');
}

/** What the signature is over. */
export function signedText({ sequence, hash, startSequence, startHash }: ChainEnds): string {
  return JSON.stringify(['hookline audit chain', sequence, hash, startSequence, startHash]);
}

export function endsOf(row: AuditChainRow): ChainEnds {
  const { sequence, hash, startSequence, startHash } = row;
  return { sequence: Number(sequence), hash, startSequence: Number(startSequence), startHash };
}

/** Whether the ends are those that a holder of the key has signed; before the first entry nothing is signed. */
function isSigned(ends: ChainEnds, signature: string | null, sign: SignAudit): boolean {
  if (signature === null) return ends.sequence === 0 && ends.startSequence === 0;
  const text = signedText(ends);
  return sign.verify === undefined ? sign(text) === signature : sign.verify(text, signature);
}

/**
 * Locks the chain until the end of the transaction: all processes append one after the other. Lock it last.
 * Where the row of the ends is missing, damaged or was changed, what is written from here on must still be stored, and signing
 * the ends anew must not hide what has happened: the chain goes on behind the last entry, with one number left out.
 */
async function lockChain({ auditChain, auditLog }: Models, sign: SignAudit): Promise<ChainEnds> {
  const row = await auditChain.findByPk(CHAIN, { lock: true });
  const where = { sequence: { [Op.between]: [1, MAX_SEQUENCE] as [number, number] } };
  const end = async (direction: 'ASC' | 'DESC') =>
    (await auditLog.findOne({ attributes: ['sequence', 'previous'], where, order: [['sequence', direction]] }))?.get();
  const last = Number((await end('DESC'))?.sequence ?? 0);
  if (row) {
    const ends = endsOf(row.get());
    if (isSigned(ends, row.get().signature, sign) && last <= ends.sequence && ends.sequence < MAX_SEQUENCE) return ends;
  }
  const first = await end('ASC');
  const start = { startSequence: first ? Number(first.sequence) - 1 : 0, startHash: first?.previous ?? '' };
  const ends = { sequence: last + 1, hash: '', ...start };
  if (!row) await auditChain.create({ id: CHAIN, ...ends, signature: null });
  return ends;
}

async function storeEnds({ auditChain }: Models, ends: ChainEnds, sign: SignAudit): Promise<void> {
  await auditChain.update({ ...ends, signature: sign(signedText(ends)) }, { where: { id: CHAIN } });
}

function linkOf(row: AuditRow, before: ChainEnds): { link: Link & { hash: string; sequence: number }; ends: ChainEnds } {
  const sequence = before.sequence + 1;
  const hash = hashOfEntry(row, { sequence, previous: before.hash });
  return { link: { sequence, hash, previous: before.hash }, ends: { ...before, sequence, hash } };
}

/** What a process of the version before has written: it leaves both out. Any other entry has its place in the chain. */
export const OF_OLDER_PROCESS = { sequence: null, details: null };

/** Chains entries that a process of the version before has written, the oldest first. */
async function adopt(
  { auditLog }: Models,
  before: ChainEnds,
  { now, limit }: { now: number; limit: number },
): Promise<{ ends: ChainEnds; count: number }> {
  const where = { ...OF_OLDER_PROCESS, id: { [Op.gte]: lowestIdAt(now - ADOPT_MS) } };
  const rows = await auditLog.findAll({ where, order: [['id', 'ASC']], limit });
  let ends = before;
  for (const row of rows) {
    const next = linkOf(row.get(), ends);
    await auditLog.update(next.link, { where: { id: row.get().id } });
    ends = next.ends;
  }
  return { ends, count: rows.length };
}

/** Adds entries at the end of the chain, in the transaction of the models. Nothing else may be locked behind it. */
export async function appendEntries(models: Models, entries: readonly AuditEntry[], sign: SignAudit): Promise<void> {
  const now = entries[0]?.at ?? 0;
  let { ends } = await adopt(models, await lockChain(models, sign), { now, limit: ADOPTED_AT_ONCE });
  for (const entry of entries) {
    const row = toRow(entry);
    const next = linkOf(row, ends);
    await models.auditLog.create({ ...row, ...next.link });
    ends = next.ends;
  }
  await storeEnds(models, ends, sign);
}

/**
 * Runs `work` and adds the entry of the request behind it, unless `work` says that it has changed nothing: with false, or zero
 * rows.
 */
export async function withEntry<Result>(
  models: Models,
  claimed: ClaimedEntry | undefined,
  work: () => Promise<Result>,
): Promise<{ result: Result; isWritten: boolean }> {
  const result = await work();
  if (claimed === undefined || result === false || result === 0) return { result, isWritten: false };
  await appendEntries(models, [claimed.entry()], claimed.sign);
  return { result, isWritten: true };
}

/** Chains up to `limit` entries of older processes. @returns how many */
export async function adoptEntries(models: Models, now: number, limit: number, sign: SignAudit): Promise<number> {
  const { ends, count } = await adopt(models, await lockChain(models, sign), { now, limit });
  if (count > 0) await storeEnds(models, ends, sign);
  return count;
}

/** Deletes up to `limit` entries of the start of the chain, as far as they are older than `before`. @returns how many */
export async function cutStart(models: Models, before: number, limit: number, sign: SignAudit): Promise<number> {
  const ends = await lockChain(models, sign);
  const rows = await models.auditLog.findAll({
    where: { sequence: { [Op.gt]: ends.startSequence, [Op.lte]: ends.sequence } },
    order: [['sequence', 'ASC']],
    limit,
  });
  // By the time in the id: `at` may be damaged, and must neither keep all behind it nor delete it too early.
  const kept = rows.findIndex((row) => !(row.get().id < lowestIdAt(before)));
  const old = kept === -1 ? rows : rows.slice(0, kept);
  const last = old.at(-1)?.get();
  if (last === undefined) return 0;
  await models.auditLog.destroy({ where: { sequence: { [Op.lte]: Number(last.sequence) } } });
  await storeEnds(models, { ...ends, startSequence: Number(last.sequence), startHash: last.hash ?? '' }, sign);
  return old.length;
}

function toRow({ id, at, actor, action, target, fields, address, details, outcome }: AuditEntry): AuditRow {
  return {
    id,
    at,
    actorKind: actor.kind,
    actorId: storable(actor.id),
    actorName: storable(actor.name),
    action,
    target: target === null ? null : storable(target),
    fields: storable(JSON.stringify(fields)),
    address: storable(address),
    details: storable(JSON.stringify(details)),
    outcome: outcome === 'done' ? null : outcome,
    sequence: null,
    hash: null,
    previous: null,
  };
}
