// Arms an execution: parses what it came from, and puts it into memory as a run with its scope.

import { HooklineError } from '../errors.ts';
import { type CompiledWorkflow, isHttpTrigger } from './compile.ts';
import { type Opened, openExecution } from './concealed-execution.ts';
import type { ExecutionWithJobs, Signal } from './model.ts';
import type { ResumeTarget } from './resume-token.ts';
import { resumeUrls } from './resume-urls.ts';
import { Run } from './run.ts';
import { createScope, type ParsedRequest } from './scope.ts';
import type { SecretVault } from './secret-vault.ts';

/** A run that is ready to be executed, with the revision that it runs. */
export interface ArmedRun {
  readonly target: CompiledWorkflow;
  readonly run: Run;
}

export interface ArmServices {
  readonly vault: SecretVault;
  /** The URL that resumes a job. */
  resumeUrl(target: ResumeTarget): string;
  /** Milliseconds since 1970. */
  now(): number;
}

const NOTHING_OPENED: Partial<Opened> = {};

/**
 * What the flow sees as `$context`, and the body of the request.
 * @throws HooklineError what the trigger refuses with; `conflict` when the revision takes no requests
 */
export function parseSource(
  target: CompiledWorkflow,
  { id, request, context, sealed }: Pick<ExecutionWithJobs, 'id' | 'request' | 'sealed'> & { readonly context?: unknown },
  vault: SecretVault,
): ParsedRequest {
  if (request === null && sealed !== undefined) {
    return { context: openExecution({ id, context, sealed, jobs: [] }, [], vault).context, body: undefined };
  }
  if (request === null) return { context, body: undefined };
  if (isHttpTrigger(target.trigger)) return target.trigger.parse(request);
  throw new HooklineError('conflict', 'The execution came from an HTTP request, but the revision has no HTTP trigger.');
}

/**
 * @param isStored whether storage has a row of it
 * @param signals values that were stored for jobs of it
 */
export function arm(
  { workflow, settings, resumables }: CompiledWorkflow,
  execution: ExecutionWithJobs,
  parsed: ParsedRequest,
  isStored: boolean,
  { vault, resumeUrl, now }: ArmServices,
  signals: readonly Signal[] = [],
): Run {
  const urls = resumables.length === 0 ? undefined : resumeUrls(execution.id, resumables, resumeUrl);
  // Nothing to open is the usual case.
  const isNew = execution.jobs.length === 0 && signals.length === 0 && execution.sealed === undefined;
  const opened: Partial<Opened> = isNew ? NOTHING_OPENED : openExecution(execution, signals, vault);
  const scope = createScope(execution, parsed, now, urls, { vault, known: opened.secrets });
  const run = new Run(execution, scope, isStored, opened.signals, opened.jobs);
  run.mayWait = workflow.mode === 'async';
  run.timeoutMs = settings.timeoutMs;
  run.onFailureWorkflow = settings.onFailureWorkflow;
  return run;
}
