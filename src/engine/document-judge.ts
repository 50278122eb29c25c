// Says what is wrong with the documents of workflows: with new ones, with stored ones, and with edits of these.

import { HooklineError } from '../errors.ts';
import { limitProblems, toPlainJson } from './document.ts';
import { type DroppedSecret, keepSecrets, openDocument, sayDropped } from './document-secrets.ts';
import type { Document, Mode, Problem, Workflow } from './model.ts';
import type { IsKnownToAll } from './newer-fields.ts';
import { isRecord } from './path.ts';
import type { ExpressionEvaluator, SecretBox } from './ports.ts';
import type { Registry } from './registry.ts';
import { say } from './say.ts';
import { fieldsOf, workflowRow } from './sealed-places.ts';
import type { SecretVault } from './secret-vault.ts';
import { problem, tooManyNodes } from './tree.ts';
import { inspectDocument, type Validation, validateDocument } from './validate.ts';

export interface DocumentJudgeOptions {
  readonly registry: Registry;
  readonly evaluator: Pick<ExpressionEvaluator, 'check' | 'checkScript'>;
  readonly secretBox: SecretBox;
  /** Named secrets, of which unknown ones are told. Default: they are not looked at. */
  readonly vault?: Pick<SecretVault, 'current'> | undefined;
  /** Which settings may be stored, see `newer-fields.ts`. Default: all. */
  readonly isKnownToAll?: IsKnownToAll | undefined;
}

/** Trigger and nodes as they were sent. */
export interface GivenDocument {
  readonly trigger: unknown;
  readonly nodes: unknown;
  /** Undefined or null: there are none. */
  readonly settings?: unknown;
}

export interface DocumentJudge {
  /** The stored document as it runs; secrets that the present key does not open are left out and told. */
  open(workflowId: string, document: Document): { readonly opened: Document; readonly unreadable: Problem[] };
  /** All that can be said. @param mode undefined while it is unknown */
  validate(mode: Mode | undefined, document: unknown): Promise<Validation>;
  /** Of a stored document; the syntax of expressions was checked when they were saved, and does not change. */
  judgeStored(workflow: Pick<Workflow, 'id' | 'mode' | 'enabled'>, document: Document): Promise<Problem[]>;
  /** The same without what only the types' own checks can tell. */
  inspectStored(workflow: Pick<Workflow, 'id' | 'mode' | 'enabled'>, document: Document): Promise<Problem[]>;
  /** An edit of trigger or nodes, and everything that is wrong with it. @param previous opened */
  judgeEdit(workflow: Pick<Workflow, 'mode' | 'enabled'>, previous: Document, given: GivenDocument): Promise<Validation>;
}

export function createDocumentJudge(options: DocumentJudgeOptions): DocumentJudge {
  const { registry, evaluator, secretBox, vault, isKnownToAll } = options;
  const optionsFor = (mode: Mode | undefined) => {
    const secrets = vault?.current();
    return {
      mode,
      registry,
      isKnownToAll,
      ...(secrets ? { secretNames: new Set(Object.keys(secrets.sendable)), secretHosts: secrets.hosts } : {}),
    };
  };

  function open(workflowId: string, document: Document): { opened: Document; unreadable: Problem[] } {
    const unreadable: Problem[] = [];
    const opened = openDocument(document, registry, fieldsOf(secretBox, workflowRow(workflowId)), (place) => {
      unreadable.push(problem(place, 'secret_unreadable', say('secret.unreadable'), 'warning'));
    });
    return { opened, unreadable };
  }

  const validate = (mode: Mode | undefined, document: unknown): Promise<Validation> =>
    validateDocument(document, { ...optionsFor(mode), evaluator });

  return {
    open,
    validate,

    async judgeStored(workflow, document) {
      const { opened, unreadable } = open(workflow.id, document);
      const { problems } = await validateDocument(opened, optionsFor(workflow.mode));
      return ofStored(workflow, [...unreadable, ...problems]);
    },

    async inspectStored(workflow, document) {
      const { opened, unreadable } = open(workflow.id, document);
      const { problems } = await inspectDocument(opened, optionsFor(workflow.mode));
      return ofStored(workflow, [...unreadable, ...problems]);
    },

    async judgeEdit({ mode, enabled }, previous, { trigger, nodes, settings }) {
      const tooMany = tooManyNodes({ nodes });
      if (tooMany) return { document: undefined, problems: [tooMany] };
      const given = { trigger, nodes, ...(settings === undefined || settings === null ? {} : { settings }) };
      const plain = toPlainJson(given);
      const kept = isRecord(plain) ? keepSecrets({ trigger: plain.trigger, nodes: plain.nodes }, previous, registry) : undefined;
      const next = kept && isRecord(plain) ? { ...plain, trigger: kept.trigger, nodes: kept.nodes } : given;
      const { document, problems: found } = await validate(mode, next);
      const problems = withDropped(found, kept?.dropped ?? [], enabled);
      const mayWait = !enabled && (await inspectDocument(previous, optionsFor(mode))).problems.some(isMissingSecret);
      return { document, problems: mayWait ? withoutSecrets(problems) : problems };
    },
  };
}

/**
 * Values that were not kept are told at their places. While the workflow is disabled it may wait for those that it cannot do
 * without; one that it would run without is never left out silently.
 */
function withDropped(problems: readonly Problem[], dropped: readonly DroppedSecret[], enabled: boolean): Problem[] {
  if (dropped.length === 0) return [...problems];
  const missing = new Set(problems.filter(isMissingSecret).map(({ path }) => path));
  const places = new Set(dropped.map(({ place }) => place));
  return limitProblems([
    ...dropped.map((one) => {
      const severity = enabled || !missing.has(one.place) ? 'error' : 'warning';
      return problem(one.place, 'credential_dropped', sayDropped(one), severity);
    }),
    ...problems.filter(({ path }) => !places.has(path)),
  ]);
}

/** While a workflow is disabled, it may wait for its secrets. */
export function ofStored({ enabled }: Pick<Workflow, 'enabled'>, problems: readonly Problem[]): Problem[] {
  return enabled ? [...problems] : withoutSecrets(problems);
}

/** The same problems, but secrets that are still to be entered stop nothing. */
export function withoutSecrets(problems: readonly Problem[]): Problem[] {
  return limitProblems(problems.map((found) => (isMissingSecret(found) ? { ...found, severity: 'warning' } : found)));
}

function isMissingSecret({ code }: Problem): boolean {
  return code === 'missing_secret';
}

/** A document without problems has a right shape; this says so where the types cannot. @throws HooklineError `invalid_workflow` */
export function requireDocument(document: Document | undefined): Document {
  if (!document) throw new HooklineError('invalid_workflow', 'The workflow has no usable trigger and nodes.');
  return document;
}
