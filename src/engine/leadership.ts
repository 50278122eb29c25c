// Runs the triggers that listen by themselves while this process leads; one process does so for all on a database.

import { HooklineError } from '../errors.ts';
import { toFailure } from './failure.ts';
import type { Listeners } from './listeners.ts';
import type { Log } from './plugin.ts';
import type { Storage } from './ports.ts';

export interface LeadershipOptions {
  readonly listeners: Listeners;
  readonly workflows: Pick<Storage['workflows'], 'get' | 'listEnabled'>;
  isAccepting(): boolean;
  readonly log: Log;
}

export interface Leadership {
  /** Starts the listening triggers of all enabled workflows; one that cannot start is logged. */
  lead(): Promise<void>;
  /** Stops them: another process leads from now on, or this one stops. */
  unlead(): Promise<void>;
  /** Stops the trigger of a workflow that has changed, and lets it listen anew when this process leads. */
  restart(workflowId: string): Promise<void>;
}

export function createLeadership({ listeners, workflows, isAccepting, log }: LeadershipOptions): Leadership {
  let isLeading = false;

  function report(workflowId: string, error: unknown): void {
    log.error({ workflow: workflowId, error: toFailure(error) }, 'the trigger of a workflow could not start');
  }

  async function startAll(): Promise<void> {
    for (const workflow of await workflows.listEnabled()) {
      if (!isLeading) return;
      try {
        await listeners.start(workflow.id);
      } catch (error) {
        // One workflow whose plugin is gone must not keep the others from starting.
        report(workflow.id, error);
      }
    }
  }

  return {
    async lead() {
      if (isLeading) return;
      isLeading = true;
      await startAll();
    },

    async unlead() {
      isLeading = false;
      await listeners.stopAll();
    },

    async restart(workflowId) {
      await listeners.stop(workflowId);
      if (!isLeading || !isAccepting()) return;
      const workflow = await workflows.get(workflowId);
      if (!workflow?.enabled || workflow.deletedAt !== null) return;
      try {
        await listeners.start(workflowId);
      } catch (error) {
        // The change is stored; what was stored before it and cannot be read must not make it fail.
        if (!(error instanceof HooklineError) || error.code !== 'invalid_config') throw error;
        report(workflowId, error);
      }
    },
  };
}
