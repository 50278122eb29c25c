// What happens to the jobs inside a control node once the node itself has finished.

import type { CompiledNode } from './compile.ts';
import type { Memo } from './memo.ts';
import type { Job } from './model.ts';
import type { Scope } from './plugin.ts';
import type { Frame, Run } from './run.ts';

/**
 * Puts a finished job's output and assignments back. Branches that ran side by side are walked one after the other: what was
 * assigned later stays.
 */
export function recall({ memo, assignedAt }: Run, job: Job, scope: Scope): void {
  scope.$nodes[job.key] = job.output;
  if (job.assigns === undefined) return;
  const time = memo?.assignedAt(job.path) ?? Number.NEGATIVE_INFINITY;
  for (const [key, value] of Object.entries(job.assigns)) {
    if (time < (assignedAt.get(key) ?? Number.NEGATIVE_INFINITY)) continue;
    assignedAt.set(key, time);
    scope.$nodes[key] = value;
  }
}

/** A control node that has finished does not run its branches again; what they left on the variables is put back. */
export function recallInside(run: Run, node: CompiledNode, frame: Frame): void {
  const { memo } = run;
  if (memo === undefined || node.branches.size === 0) return;
  recallChildren(run, memo, node, frame.prefix, frame.scope);
  for (const prefix of memo.rounds(frame.prefix + node.key).values()) recallChildren(run, memo, node, prefix, frame.scope);
}

function recallChildren(run: Run, memo: Memo, node: CompiledNode, prefix: string, scope: Scope): void {
  for (const children of node.branches.values()) {
    for (const child of children) {
      const job = memo.get(prefix + child.key);
      if (child.branches.size > 0) {
        recallChildren(run, memo, child, prefix, scope);
        for (const round of memo.rounds(prefix + child.key).values()) recallChildren(run, memo, child, round, scope);
      }
      if (job?.status === 'succeeded' || job?.isHandled) recall(run, job, scope);
    }
  }
}

/** A control node that goes on without a branch that waits: what waits there never goes on. */
export function cancelInside(run: Run, node: CompiledNode, frame: Frame, now: number): void {
  if (run.waits.size === 0 || node.branches.size === 0) return;
  const keys = keysInside(node);
  for (const [path, job] of run.waits) {
    if (!keys.has(job.key) || !path.startsWith(frame.prefix)) continue;
    run.waits.delete(path);
    const canceled: Job = { ...job, status: 'canceled', finishedAt: now };
    // A message was sent all the same: a retry waits for it again.
    if (job.wait?.kind !== 'message') delete canceled.wait;
    run.unsaved.push(canceled);
  }
}

function keysInside(node: CompiledNode, keys: Set<string> = new Set()): ReadonlySet<string> {
  for (const children of node.branches.values()) {
    for (const child of children) keysInside(child, keys.add(child.key));
  }
  return keys;
}
