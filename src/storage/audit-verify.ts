// Checks the chain of the audit log without writing anything; a server may be running on the database.

import { Op } from 'sequelize';
import type { SignAudit } from '../engine/audit-scope.ts';
import type { AuditChainRow } from './access-models.ts';
import { type ChainEnds, endsOf, hashOfEntry, MAX_SEQUENCE, OF_OLDER_PROCESS, signedText } from './audit-chain.ts';
import type { Models } from './models.ts';
import { withStorageErrors } from './storage-error.ts';

const PAGE = 500;
/** Times that the check begins anew because retention has cut the start meanwhile. */
const MAX_TRIES = 3;

export interface AuditVerification {
  /** What is wrong first; undefined: nothing is. */
  readonly problem: string | undefined;
  /** Entries of the chain that were checked. */
  readonly checked: number;
  /** Of those, written by processes of an older version and chained by a later one. */
  readonly adopted: number;
  /** Entries of older processes that nothing has chained yet: anybody who may write to the database could change them. */
  readonly unchained: number;
  /** Position and hash of the last entry: kept elsewhere, they prove later that nothing before was cut off. */
  readonly last: { readonly sequence: number; readonly hash: string };
}

/**
 * @param signs by each key that may have signed the chain
 * @throws HooklineError `storage_unavailable`
 */
export async function verifyAudit(models: Models, signs: readonly SignAudit[]): Promise<AuditVerification> {
  return withStorageErrors(async () => {
    for (let tries = 1; ; tries += 1) {
      const before = await chainRow(models);
      if (!before) return broken('The row about the chain is missing from audit_chain.');
      const result = await walk(models, before, signs);
      const after = await chainRow(models);
      const isSame = after !== undefined && Number(after.startSequence) === Number(before.startSequence);
      if (result.problem === undefined || isSame || tries === MAX_TRIES) return result;
    }
  });
}

async function chainRow({ auditChain }: Models): Promise<AuditChainRow | undefined> {
  return (await auditChain.findByPk(1))?.get();
}

async function walk(models: Models, row: AuditChainRow, signs: readonly SignAudit[]): Promise<AuditVerification> {
  const ends = endsOf(row);
  const last = { sequence: ends.sequence, hash: ends.hash };
  const unchained = await models.auditLog.count({ where: OF_OLDER_PROCESS });
  const signature = signatureProblem(ends, row.signature, signs);
  if (signature !== undefined) return { problem: signature, checked: 0, adopted: 0, unchained, last };
  let at = { sequence: ends.startSequence, hash: ends.startHash };
  let adopted = 0;
  const done = (problem?: string): AuditVerification => {
    return { problem, checked: at.sequence - ends.startSequence, adopted, unchained, last };
  };
  while (at.sequence < ends.sequence) {
    const rows = await models.auditLog.findAll({
      where: { sequence: { [Op.gt]: at.sequence, [Op.lte]: ends.sequence } },
      order: [['sequence', 'ASC']],
      limit: PAGE,
    });
    for (const found of rows) {
      const entry = found.get();
      const sequence = Number(entry.sequence);
      const named = `Entry ${entry.id} (number ${sequence}, ${timeOf(entry.at)}, ${entry.action})`;
      if (sequence !== at.sequence + 1) return done(`${missing(at.sequence + 1, sequence - 1)} ${named} comes next.`);
      if (entry.previous !== at.hash) return done(`${named} does not follow the entry before it: one of the two was changed.`);
      if (entry.hash !== hashOfEntry(entry, { sequence, previous: at.hash })) {
        return done(`${named} does not have the hash that it was stored with: it was changed.`);
      }
      if (entry.details === null) adopted += 1;
      at = { sequence, hash: entry.hash };
    }
    if (rows.length === 0) return done(missing(at.sequence + 1, ends.sequence));
  }
  if (at.hash !== ends.hash) return done(`The last entry (number ${at.sequence}) is not the one that was signed.`);
  const beyond = await models.auditLog.count({
    where: { [Op.or]: [{ sequence: { [Op.lte]: ends.startSequence } }, { sequence: { [Op.gt]: MAX_SEQUENCE } }] },
  });
  if (beyond > 0)
    return done(`${beyond} entries have a number from before the start of the chain or far beyond its end: they were added.`);
  const loose = await models.auditLog.count({ where: { sequence: null, details: { [Op.not]: null } } });
  return done(
    loose === 0 ? undefined : `${loose} entries have no number, and no older version has written them: they were added.`,
  );
}

function timeOf(at: unknown): string {
  const time = new Date(Number(at));
  return Number.isNaN(time.getTime()) ? 'at no time' : time.toISOString();
}

function missing(from: number, to: number): string {
  return from === to ? `Entry number ${from} is missing.` : `The entries number ${from} to ${to} are missing.`;
}

function signatureProblem(ends: ChainEnds, signature: string | null, signs: readonly SignAudit[]): string | undefined {
  if (signature === null && ends.sequence === 0 && ends.startSequence === 0) return undefined;
  const text = signedText(ends);
  if (signs.some((sign) => sign(text) === signature)) return undefined;
  return 'The signature over the ends of the chain is wrong: they were changed, or signed with another key than the one that is configured.';
}

function broken(problem: string): AuditVerification {
  return { problem, checked: 0, adopted: 0, unchained: 0, last: { sequence: 0, hash: '' } };
}
