// Puts workflows into the trash, takes them out, and deletes them for ever.

import type { WorkflowStore } from './ports.ts';
import type { StoredWorkflows } from './stored-workflows.ts';
import type { WorkflowReader } from './workflow-reader.ts';
import type { WorkflowService } from './workflows.ts';

export interface WorkflowTrashOptions {
  readonly store: Pick<WorkflowStore, 'delete'>;
  readonly stored: Pick<StoredWorkflows, 'lock' | 'find' | 'change'>;
  readonly reader: Pick<WorkflowReader, 'showLive'>;
  /** Milliseconds since 1970. */
  now(): number;
  /** Told after every change. */
  onChange(workflowId: string): void | Promise<void>;
}

export type WorkflowTrash = Pick<WorkflowService, 'trash' | 'restore' | 'delete'>;

export function createWorkflowTrash({ store, stored, reader, now, onChange }: WorkflowTrashOptions): WorkflowTrash {
  const { lock, find, change } = stored;
  return {
    trash(id) {
      return lock(id, async () => {
        const workflow = await find(id);
        if (workflow.deletedAt === null) await change(workflow, { deletedAt: now() });
        await onChange(id);
      });
    },

    restore(id) {
      return lock(id, async () => {
        const workflow = await find(id);
        const restored = workflow.deletedAt === null ? workflow : await change(workflow, { deletedAt: null });
        await onChange(id);
        return reader.showLive(restored);
      });
    },

    delete(id) {
      return lock(id, async () => {
        await find(id);
        await store.delete(id);
        await onChange(id);
      });
    },
  };
}
