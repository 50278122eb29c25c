// The second factors of users in the database.

import { Op } from 'sequelize';
import type { SecondFactorStore } from '../access/ports.ts';
import { requireUser } from './access-changes.ts';
import type { Database } from './database.ts';
import type { Models } from './models.ts';
import { addNotice } from './notices.ts';
import { withStorageErrors } from './storage-error.ts';

export function secondFactorStore({ read, write }: Database): SecondFactorStore {
  async function replaceCodes({ recoveryCodes }: Models, userId: string, hashes: readonly string[], at: number): Promise<void> {
    await recoveryCodes.destroy({ where: { userId } });
    await recoveryCodes.bulkCreate(hashes.map((hash) => ({ userId, hash, createdAt: at })));
  }

  return {
    get: (userId) =>
      withStorageErrors(async () => {
        const row = (await read.users.findByPk(userId))?.get();
        if (row == null || row.totpSecret === null) return undefined;
        return { sealedSecret: row.totpSecret, since: row.totpSince === null ? null : Number(row.totpSince) };
      }),
    begin: (userId, sealedSecret) =>
      write(async ({ users }) => {
        const change = { totpSecret: sealedSecret, totpStep: null };
        const [changed] = await users.update(change, { where: { id: userId, totpSince: null } });
        return changed > 0;
      }),
    enable: (userId, { sealedSecret, step, at, hashes, notice }) =>
      write(async (models) => {
        const where = { id: userId, totpSecret: sealedSecret, totpSince: null };
        const [changed] = await models.users.update({ totpSince: at, totpStep: step }, { where });
        if (changed === 0) return false;
        await replaceCodes(models, userId, hashes, at);
        await addNotice(models, notice);
        return true;
      }),
    accept: (userId, step) =>
      write(async ({ users }) => {
        const isNew = { [Op.or]: [{ totpStep: null }, { totpStep: { [Op.lt]: step } }] };
        const [changed] = await users.update(
          { totpStep: step },
          { where: { id: userId, totpSince: { [Op.ne]: null }, ...isNew } },
        );
        return changed > 0;
      }),
    spendRecoveryCode: (userId, hash) =>
      write(async ({ recoveryCodes }) => (await recoveryCodes.destroy({ where: { userId, hash } })) > 0),
    countRecoveryCodes: (userId) => withStorageErrors(() => read.recoveryCodes.count({ where: { userId } })),
    replaceRecoveryCodes: (userId, hashes, notice) =>
      write(async (models) => {
        await replaceCodes(models, userId, hashes, notice.at);
        await addNotice(models, notice);
      }),
    remove: (userId, notice) =>
      write(async (models) => {
        const { totpSecret, totpSince } = await requireUser(models, userId);
        await models.users.update({ totpSecret: null, totpSince: null, totpStep: null }, { where: { id: userId } });
        await models.recoveryCodes.destroy({ where: { userId } });
        if (totpSince !== null) await addNotice(models, notice);
        return totpSecret !== null;
      }),
  };
}
