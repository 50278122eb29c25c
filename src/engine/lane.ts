// The lane of an execution: which others it shares its workflow's concurrency limit with.

import { createHash } from 'node:crypto';
import type { CompiledWorkflow } from './compile.ts';
import type { Lane } from './model.ts';
import type { Scope } from './plugin.ts';

/** Null when the workflow has no limit. The key's value may be long or private, so its hash tells the lanes apart. */
export function laneOf({ workflow, settings, laneKey }: CompiledWorkflow, scope: Scope): Lane | null {
  if (settings.concurrency === undefined) return null;
  const { limit } = settings.concurrency;
  if (laneKey === undefined) return { name: workflow.id, limit };
  const value = JSON.stringify(laneKey.render(scope) ?? null);
  return { name: `${workflow.id}:${createHash('sha256').update(value).digest('base64url').slice(0, 22)}`, limit };
}
