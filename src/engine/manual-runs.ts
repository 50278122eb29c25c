// What people start: a run with an input of their own, one again, one from a chosen node on; and what a node was given in one.

import { type Admission, requireOutOfTrash } from './admission.ts';
import { type ArmedRun, type ArmServices, arm, parseSource } from './arm.ts';
import { type Captures, captured } from './captures.ts';
import { isHttpTrigger } from './compile.ts';
import { concealExecution } from './concealed-execution.ts';
import type { Control } from './control.ts';
import type { Engine } from './engine.ts';
import { recallInput } from './job-input.ts';
import { toJsonValue } from './json-value.ts';
import { toManualRequest } from './manual-request.ts';
import { memoBefore } from './memo-before.ts';
import type { ExecutionWithJobs } from './model.ts';
import type { ExpressionEvaluator, Storage } from './ports.ts';
import type { Registry } from './registry.ts';
import type { RevisionCache } from './revision-cache.ts';
import type { Turns } from './turns.ts';

export interface ManualRunsOptions extends ArmServices {
  readonly admission: Pick<Admission, 'begin'>;
  readonly turns: Pick<Turns, 'perform'>;
  readonly control: Pick<Control, 'get' | 'retry'>;
  readonly revisions: Pick<RevisionCache, 'load'>;
  readonly workflows: Pick<Storage['workflows'], 'get'>;
  readonly registry: Registry;
  readonly evaluator: ExpressionEvaluator;
  /** Shown what is run by hand. */
  readonly captures?: Pick<Captures, 'isWanted' | 'add'> | undefined;
}

export type ManualRuns = Pick<Engine, 'run' | 'replay' | 'retry' | 'rerun' | 'input'>;

export function createManualRuns(options: ManualRunsOptions): ManualRuns {
  const { admission, turns, control, revisions, workflows, registry, evaluator, captures, vault, now } = options;

  /** For whoever looks at it: what it has of secrets is replaced. */
  async function show(armed: ArmedRun): Promise<ExecutionWithJobs> {
    return concealExecution(await turns.perform(armed), armed.run.scope.concealer);
  }

  return {
    async run(workflowId, input, { revision } = {}) {
      const target = await revisions.load(workflowId, revision);
      const request = isHttpTrigger(target.trigger) ? toManualRequest(target.workflow.hookKey, input) : null;
      const runNow = async () =>
        show(await admission.begin(target, { source: 'manual', request, context: toJsonValue(input.context) }));
      if (request === null || !captures?.isWanted(workflowId)) return runNow();
      return captured(captures, workflowId, request, runNow);
    },

    async replay(executionId, { revision } = {}) {
      const original = await control.get(executionId);
      const { id: replayOf, request, context, sealed } = original;
      const target = await revisions.load(original.workflowId, revision);
      return show(await admission.begin(target, { source: 'replay', request, context, sealed, replayOf }));
    },

    async retry(executionId) {
      const { workflowId } = await control.get(executionId);
      const workflow = await workflows.get(workflowId);
      if (workflow) requireOutOfTrash(workflow);
      return control.retry(executionId);
    },

    async rerun(executionId, jobPath) {
      const original = await control.get(executionId);
      const { id: replayOf, request, context, sealed, revision, workflowId } = original;
      const target = await revisions.load(workflowId, revision);
      const jobs = memoBefore(target.nodes, original.jobs, jobPath);
      return show(await admission.begin(target, { source: 'replay', request, context, sealed, replayOf, jobs }));
    },

    async input(executionId, jobPath) {
      const original = await control.get(executionId);
      const target = await revisions.load(original.workflowId, original.revision);
      const jobs = memoBefore(target.nodes, original.jobs, jobPath);
      const run = arm(target, { ...original, jobs }, parseSource(target, original, vault), true, options);
      run.mayWait = true;
      return recallInput(target.nodes, run, jobPath, { registry, evaluator, now });
    },
  };
}
