// Puts an execution that has ended back into the queue.

import { Op } from 'sequelize';
import { EXECUTION_STATUSES, isFinal, type Job } from '../engine/model.ts';
import { HooklineError } from '../errors.ts';
import { parseStored } from './database.ts';
import type { Origin } from './execution-row.ts';
import type { Models } from './models.ts';
import { COUNTED_COLUMNS, countLost, lockCountedUntil } from './statistics/counted-until.ts';

/** @throws HooklineError `conflict` when it cannot be read */
function readOrigin(id: string, origin: string): Origin {
  try {
    return parseStored<Origin>(origin);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HooklineError('conflict', `Execution ${id} cannot be run again: its row in the database cannot be read.`, {
      cause: error,
    });
  }
}

/**
 * Puts a final execution back into the queue with only these jobs; call it in a transaction.
 * @throws HooklineError `conflict` when it is not final, `execution_not_found`
 */
export async function reopenExecution(models: Models, id: string, jobs: readonly Job[]): Promise<void> {
  const until = await lockCountedUntil(models);
  const row = await models.executions.findByPk(id, { attributes: [...COUNTED_COLUMNS, 'origin'] });
  if (!row) throw new HooklineError('execution_not_found', `There is no execution ${id}.`);
  const { status, origin } = row.get();
  if (!EXECUTION_STATUSES.some((known) => known === status && isFinal(known))) {
    throw new HooklineError('conflict', `Execution ${id} is ${status}; only one that has ended can be run again.`);
  }
  // Its end has happened, whatever comes next.
  await countLost(models, until, [row.get()], 'end');
  const { response, ...kept } = readOrigin(id, origin);
  const [changed] = await models.executions.update(
    {
      status: 'queued',
      startedAt: null,
      finishedAt: null,
      result: null,
      owner: null,
      wakeAt: null,
      ...(response === undefined ? {} : { origin: JSON.stringify(kept) }),
    },
    // The same status again: on PostgreSQL somebody may have been quicker.
    { where: { id, status } },
  );
  if (changed === 0) throw new HooklineError('conflict', `Execution ${id} has just been changed; look at it again.`);
  await models.executionJobs.destroy({ where: { executionId: id } });
  // A callback that was accepted, and that no run has taken since, still is the answer that its job waits for.
  const waiting = jobs.filter(({ status }) => status === 'waiting').map(({ path }) => path);
  await models.signals.destroy({ where: { executionId: id, jobPath: { [Op.notIn]: waiting } } });
  if (jobs.length > 0) await models.executionJobs.create({ executionId: id, sequence: 0, jobs: JSON.stringify(jobs) });
}
