// Pure: the form in which an execution that has used secrets is stored. What is seen shows `[secret NAME]`; what the flow needs
// again after a wait or a crash lies sealed beside it, so that finished nodes are never run again to get their results back, and
// an execution goes on with the values it began with when a secret is changed meanwhile.

import type { Concealer, NamedValue } from './concealer.ts';
import type { ExecutionWithJobs, Job, Signal } from './model.ts';
import { CONTEXT_FIELD, executionRow, type FieldBox, fieldsOf, jobField, signalField } from './sealed-places.ts';
import type { SecretVault } from './secret-vault.ts';

type Vault = Pick<SecretVault, 'seal' | 'open'>;

/** What is sealed: the parts as they are, and the secrets that are in them. */
interface SealedParts<Parts> {
  readonly parts: Parts;
  readonly secrets: readonly NamedValue[];
}

type JobParts = Pick<Job, 'output' | 'assigns' | 'wait'>;

/** The stored form of a job of an execution that had access to secrets. One that has it already stays as it is. */
export function concealJob(executionId: string, job: Job, concealer: Concealer, vault: Vault): Job {
  if (job.sealed !== undefined) return job;
  const { output, assigns, wait } = job;
  const found = new Set<NamedValue>();
  const shown: Job = { ...job, usesSecrets: true };
  if (output !== undefined) shown.output = concealer.value(output, found);
  if (assigns !== undefined) shown.assigns = concealer.value(assigns, found);
  if (wait?.due !== undefined) shown.wait = { ...wait, due: concealer.value(wait.due, found) };
  if (found.size > 0) {
    shown.sealed = sealParts<JobParts>({ output, assigns, wait }, found, boxOf(executionId, vault), jobField(job.path));
  }
  // Nothing is computed with these.
  if (job.log !== undefined) shown.log = concealer.value(job.log);
  if (job.error !== undefined) shown.error = concealer.value(job.error);
  return shown;
}

/** Conceals what an execution shows beside its jobs; the reply, too, which its caller must have had by then. */
export function concealExecution(execution: ExecutionWithJobs, concealer: Concealer | undefined): ExecutionWithJobs {
  if (concealer === undefined) return execution;
  return { ...execution, ...concealResult(execution, concealer) };
}

/** What a write of an execution's state has of it. */
export function concealResult(
  { response, error, output }: Pick<ExecutionWithJobs, 'response' | 'error' | 'output'>,
  concealer: Concealer,
): Pick<ExecutionWithJobs, 'response' | 'error' | 'output'> {
  return {
    response: response && {
      ...response,
      headers: concealer.value(response.headers),
      body: concealer.text(response.body),
    },
    error: concealer.value(error),
    output: concealer.value(output),
  };
}

/** An execution that another one has made, whose input may hold secrets of that one. */
export function concealContext(execution: ExecutionWithJobs, concealer: Concealer | undefined, vault: Vault): ExecutionWithJobs {
  if (concealer === undefined) return execution;
  const found = new Set<NamedValue>();
  const context = concealer.value(execution.context, found);
  if (found.size === 0) return execution;
  return { ...execution, context, sealed: sealParts(execution.context, found, boxOf(execution.id, vault), CONTEXT_FIELD) };
}

/** A value for a job that waits. */
export function concealSignal<Given extends Signal & { readonly executionId: string }>(
  signal: Given,
  concealer: Concealer | undefined,
  vault: Vault,
): Given {
  if (concealer === undefined) return signal;
  const found = new Set<NamedValue>();
  const shown: Given = { ...signal };
  if (signal.output !== undefined) shown.output = concealer.value(signal.output, found);
  if (signal.error !== undefined) shown.error = concealer.value(signal.error);
  if (found.size > 0) {
    shown.sealed = sealParts(signal.output, found, boxOf(signal.executionId, vault), signalField(signal.jobPath));
  }
  return shown;
}

/** An execution, or a part of it, with the real values, and the secrets that are in it. */
export interface Opened {
  readonly context: unknown;
  readonly jobs: readonly Job[];
  readonly signals: readonly Signal[];
  /** Undefined when it has never had access to secrets. */
  readonly secrets: readonly NamedValue[] | undefined;
}

/** @throws HooklineError `invalid_configuration` when it was sealed with another key */
export function openExecution(
  execution: Pick<ExecutionWithJobs, 'id' | 'context' | 'sealed' | 'jobs'>,
  signals: readonly Signal[],
  vault: Vault,
): Opened {
  const { context, sealed, jobs } = execution;
  const isTouched = sealed !== undefined || jobs.some(isOfSecrets) || signals.some((signal) => signal.sealed !== undefined);
  if (!isTouched) return { context, jobs, signals, secrets: undefined };
  const secrets: NamedValue[] = [];
  const box = boxOf(execution.id, vault);
  const open = <Parts>(text: string, field: string): Parts => {
    const opened = JSON.parse(box.openField(text, field)) as SealedParts<Parts>;
    secrets.push(...opened.secrets);
    return opened.parts;
  };
  return {
    context: sealed === undefined ? context : open(sealed, CONTEXT_FIELD),
    jobs: jobs.map((job) => (job.sealed === undefined ? job : openJob(job, open<JobParts>(job.sealed, jobField(job.path))))),
    signals: signals.map((signal) => {
      if (signal.sealed === undefined) return signal;
      const { sealed: text, ...rest } = signal;
      return { ...rest, output: open(text, signalField(signal.jobPath)) };
    }),
    secrets,
  };
}

/** The encrypted parts of one execution for another one, which begins with them. */
export function moveSealed(
  from: string,
  to: string,
  { sealed, jobs }: { readonly sealed?: string | undefined; readonly jobs?: readonly Job[] | undefined },
  vault: Vault,
): { readonly sealed: string | undefined; readonly jobs: readonly Job[] | undefined } {
  const [source, target] = [boxOf(from, vault), boxOf(to, vault)];
  const move = (text: string, field: string): string => target.sealField(source.openField(text, field), field);
  return {
    sealed: sealed === undefined ? undefined : move(sealed, CONTEXT_FIELD),
    jobs: jobs?.map((job) => (job.sealed === undefined ? job : { ...job, sealed: move(job.sealed, jobField(job.path)) })),
  };
}

function openJob({ sealed: _, ...job }: Job, { output, assigns, wait }: JobParts): Job {
  return {
    ...job,
    ...(output === undefined ? {} : { output }),
    ...(assigns === undefined ? {} : { assigns }),
    ...(wait === undefined ? {} : { wait }),
  };
}

function isOfSecrets({ usesSecrets, sealed }: Job): boolean {
  return usesSecrets === true || sealed !== undefined;
}

function boxOf(executionId: string, vault: Vault): FieldBox {
  return fieldsOf(vault, executionRow(executionId));
}

function sealParts<Parts>(parts: Parts, found: ReadonlySet<NamedValue>, box: FieldBox, field: string): string {
  return box.sealField(JSON.stringify({ parts, secrets: [...found] } satisfies SealedParts<Parts>), field);
}
