// Finds everything that is wrong with a workflow document, each problem with its place.

import { HooklineError } from '../errors.ts';
import { type ConfigCheck, checkConfig, valueAt } from './config-problems.ts';
import { limitProblems, readDocument } from './document.ts';
import { analyseFlow, branchNames, type NodeFlow } from './flow.ts';
import { findConfined, findHostProblems, type SecretHosts } from './host-problems.ts';
import { type Document, FAILURE_BRANCH, type Mode, type Problem } from './model.ts';
import { createNearestNames, nearestNames } from './nearest.ts';
import { findNewerFields, type IsKnownToAll } from './newer-fields.ts';
import { appendSegment, formatPath, joinPaths, type Segment } from './path.ts';
import type { AnyNodeType, AnyTriggerType, ConfigProblem, ExpressionEngine } from './plugin.ts';
import type { ExpressionEvaluator } from './ports.ts';
import { createReferenceChecker, type ReferenceChecker } from './references.ts';
import type { JsonSchema, Registry } from './registry.ts';
import { eitherOf, say } from './say.ts';
import { findSecretUses } from './secret-names.ts';
import { createPause, inSlices, type Sliced } from './slices.ts';
import { inspectTemplates, type TemplateInspection } from './template.ts';
import { findExpressions, problem, relationOf, type Tree, type TreeNode, tooManyNodes } from './tree.ts';
import { isWriteOnlyPlace } from './write-only.ts';

export interface Validation {
  /** Undefined when the shape is wrong. */
  readonly document: Document | undefined;
  readonly problems: Problem[];
}

export interface ValidateOptions {
  /** Undefined while it is unknown; then what depends on it is not checked. */
  readonly mode: Mode | undefined;
  readonly registry: Registry;
  /** Names of secrets that exist; without it they are not checked. */
  readonly secretNames?: ReadonlySet<string> | undefined;
  /** Hosts of the secrets that may be sent to certain hosts only, by name. Default none. */
  readonly secretHosts?: SecretHosts | undefined;
  /** Which settings may be stored, see `newer-fields.ts`. Default: all. */
  readonly isKnownToAll?: IsKnownToAll | undefined;
  /** Checks the syntax of expressions and scripts; without one that is left out. */
  readonly evaluator?: (Pick<ExpressionEvaluator, 'check'> & Partial<Pick<ExpressionEvaluator, 'checkScript'>>) | undefined;
}

/** What the pure part leaves to be awaited. */
interface Pending {
  readonly expressions: { readonly place: string; readonly engine: ExpressionEngine; readonly text: string }[];
  readonly scripts: { readonly place: string; readonly code: string }[];
  readonly checks: { readonly place: string; run(): readonly ConfigProblem[] | Promise<readonly ConfigProblem[]> }[];
}

interface Session {
  readonly mode: Mode | undefined;
  readonly registry: Registry;
  readonly tree: Tree;
  readonly references: ReferenceChecker;
  readonly problems: Problem[];
  readonly pending: Pending;
  readonly secretHosts: SecretHosts;
  readonly isKnownToAll: IsKnownToAll;
}

/** The engines that are text expressions, and whether `{{…}}` inside them are variables. */
const ENGINES: ReadonlyMap<string, Language> = new Map<string, Language>([
  ['jsonata', { engine: 'jsonata', hasTemplates: false }],
  ['jsonpath', { engine: 'jsonpath', hasTemplates: false }],
  ['jmespath', { engine: 'jmespath', hasTemplates: false }],
  ['mathjs', { engine: 'mathjs', hasTemplates: true }],
  ['formula', { engine: 'formula', hasTemplates: true }],
  ['template', { engine: 'template', hasTemplates: true }],
]);

const NO_HOSTS: SecretHosts = new Map();

interface Language {
  readonly engine: ExpressionEngine;
  readonly hasTemplates: boolean;
}

/** Checks a document from outside, in every respect and in slices. Never throws because of the document. */
export async function validateDocument(input: unknown, options: ValidateOptions): Promise<Validation> {
  const { document, problems, pending } = await inSlices(inspect(input, options));
  const pause = createPause();
  for (const { place, run } of pending.checks) {
    await pause(UNITS_OF_CHECK);
    try {
      for (const found of await run()) {
        const { path, code, severity } = found;
        problems.push(problem(path === '' ? place : joinPaths(place, path), code, found, severity));
      }
    } catch (error) {
      problems.push(checkFailed(place, error));
    }
  }
  for (const { place, engine, text } of options.evaluator ? pending.expressions : []) {
    const message = await options.evaluator?.check(engine, text);
    if (message !== undefined) problems.push(unreadable(place, 'invalid_expression', 'expression.wrong', message));
  }
  for (const { place, code } of options.evaluator ? pending.scripts : []) {
    const message = await options.evaluator?.checkScript?.(code);
    if (message !== undefined) problems.push(unreadable(place, 'invalid_script', 'script.wrong', message));
  }
  return { document, problems: limitProblems(problems) };
}

/** The same without the types' own checks and without the syntax of expressions. */
export async function inspectDocument(input: unknown, options: Omit<ValidateOptions, 'evaluator'>): Promise<Validation> {
  const { document, problems } = await inSlices(inspect(input, options));
  return { document, problems: limitProblems(problems) };
}

/** A check may look at every node before its own. */
const UNITS_OF_CHECK = 5;
/** References that cost about as much as a node. */
const REFERENCES_PER_UNIT = 20;

interface Inspection {
  readonly document: Document | undefined;
  readonly problems: Problem[];
  readonly pending: Pending;
}

function* inspect(input: unknown, options: ValidateOptions): Sliced<Inspection> {
  const { mode, registry, secretNames, secretHosts = NO_HOSTS, isKnownToAll = () => true } = options;
  const tooMany = tooManyNodes(input);
  if (tooMany) return { document: undefined, problems: [tooMany], pending: { expressions: [], scripts: [], checks: [] } };
  const { document, trigger, tree, settings, problems: shapeProblems } = readDocument(input);
  const problems = [...shapeProblems];
  const pending: Pending = { expressions: [], scripts: [], checks: [] };
  const references = createReferenceChecker(tree.all);
  const session: Session = { mode, registry, tree, references, problems, pending, secretHosts, isKnownToAll };
  if (trigger.type !== undefined) inspectTrigger(session, trigger.type, trigger.config);
  inspectSettings(session, settings);
  if (secretNames) yield* findUnknownSecrets(session, trigger.config, settings, secretNames);
  for (const [place, value] of [
    ['trigger.config', trigger.config],
    ['settings', settings],
  ] as const) {
    problems.push(...findConfined(place, value, secretHosts));
  }
  findDuplicateKeys(session);
  const flows = new Map<TreeNode, NodeFlow>();
  for (const node of tree.all) {
    flows.set(node, inspectNode(session, node));
    yield 1 + Math.floor(session.references.takeCount() / REFERENCES_PER_UNIT);
  }
  // With parts missing or unknown, everything would look like a way to nowhere.
  const isWhole = document !== undefined && [...flows.values()].every(({ type }) => type !== undefined);
  if (isWhole) findFlowProblems(session, flows);
  return { document, problems, pending };
}

function inspectTrigger(session: Session, typeName: string, config: TreeNode['config']): void {
  const { registry, mode, problems, pending } = session;
  const type = registry.trigger(typeName);
  if (!type) {
    problems.push(unknownType('trigger.type', 'trigger', typeName, registry.triggers()));
    return;
  }
  const place = 'trigger.config';
  const schema = schemaOf(() => registry.triggerSchema(typeName));
  const isWriteOnly = (segments: readonly Segment[]) => isWriteOnlyPlace(schema(), config, segments);
  const templates = inspectTemplates(config, { isVerbatim: isWriteOnly });
  // A trigger is made once per revision, before there are variables: here templates excuse nothing.
  const check = tryCheckConfig(session, place, type, config, { isTemplate: () => false, isWriteOnly });
  problems.push(...findNewerFields(place, config, schema(), session.isKnownToAll));
  reportTemplates(session, place, undefined, templates);
  const { check: checkType } = type;
  if (checkType && mode !== undefined && check && check.parsed !== undefined) {
    pending.checks.push({ place, run: () => checkType.call(type, check.parsed, { mode }).filter(isSure(check)) });
  }
}

function inspectSettings(session: Session, settings: Readonly<Record<string, unknown>>): void {
  const { concurrency } = settings;
  if (concurrency === undefined || concurrency === null) return;
  const place = 'settings.concurrency';
  if (session.mode === 'sync') {
    session.problems.push(problem(place, 'wrong_mode', say('settings.concurrencyInSync')));
  }
  const key: unknown = typeof concurrency === 'object' && 'key' in concurrency ? concurrency.key : undefined;
  if (typeof key === 'string') reportTemplates(session, `${place}.key`, undefined, inspectTemplates(key));
}

function inspectNode(session: Session, node: TreeNode): NodeFlow {
  const { registry, mode, problems } = session;
  const type = node.type === undefined ? undefined : registry.node(node.type);
  if (!type) {
    if (node.type !== undefined) problems.push(unknownType(`${node.place}.type`, 'node', node.type, registry.nodes()));
    return { type: undefined, branches: undefined };
  }
  if (mode !== undefined && type.modes && !type.modes.includes(mode)) {
    const said = say(mode === 'sync' ? 'node.onlyAsync' : 'node.onlySync', { type: type.type });
    problems.push(problem(`${node.place}.type`, 'wrong_mode', said));
  }
  const check = inspectNodeConfig(session, node, type);
  const waits = type.waits && check?.parsed !== undefined ? type.waits(check.parsed) : type.canWait;
  if (mode === 'sync' && waits) {
    problems.push(problem(`${node.place}.type`, 'waits_in_sync', say('node.waitsInSync', { type: type.type })));
  }
  const own = check ? tryBranchNames(session, node, type, check.parsed) : undefined;
  const branches = node.onFailure === 'branch' && own !== undefined ? [...own, FAILURE_BRANCH] : own;
  if (own?.includes(FAILURE_BRANCH)) {
    problems.push(problem(`${node.place}.config`, 'reserved_name', say('node.reservedBranch', { name: FAILURE_BRANCH })));
  }
  if (node.hasRetry && type.branches !== undefined && (type.flow ?? 'step') === 'step') {
    problems.push(problem(`${node.place}.retry`, 'invalid_shape', say('node.retryOfBranches')));
  }
  findUnknownBranches(session, node, type, branches);
  return { type, branches };
}

function inspectNodeConfig(session: Session, node: TreeNode, type: AnyNodeType): ConfigCheck | undefined {
  const { config } = node;
  const place = `${node.place}.config`;
  const expressions = findExpressions(config, type.expressions ?? []);
  const scripts = findExpressions(config, type.scripts ?? []);
  const verbatim = new Set([...expressions, ...scripts].map(({ segments }) => formatPath(segments)));
  const schema = schemaOf(() => session.registry.nodeSchema(type.type));
  const isWriteOnly = (segments: readonly Segment[]) => isWriteOnlyPlace(schema(), config, segments);
  const secrets = new Set<string>();
  const templates = inspectTemplates(config, {
    isVerbatim(segments) {
      const at = formatPath(segments);
      if (isWriteOnly(segments)) secrets.add(at);
      return verbatim.has(at);
    },
  });
  const rendered = new Set(templates.places);
  const isTemplate = (_: string, segments: readonly Segment[]) => rendered.has(formatPath(segments));
  const check = tryCheckConfig(session, place, type, config, { isTemplate, isWriteOnly });
  reportTemplates(session, place, node, templates, secrets);
  for (const { segments, text } of expressions) {
    inspectExpression(session, node, { place: joinPaths(place, formatPath(segments)), segments, text }, check?.parsed ?? config);
  }
  for (const { segments, text } of scripts) {
    session.pending.scripts.push({ place: joinPaths(place, formatPath(segments)), code: text });
  }
  if (check) planCheck(session, node, type, check);
  session.problems.push(...findHostProblems(place, config, type, schema(), session.secretHosts));
  session.problems.push(...findNewerFields(place, config, schema(), session.isKnownToAll));
  return check;
}

function planCheck({ mode, tree, pending }: Session, node: TreeNode, type: AnyNodeType, check: ConfigCheck): void {
  const { check: checkType } = type;
  if (!checkType || mode === undefined || check.parsed === undefined) return;
  pending.checks.push({
    place: `${node.place}.config`,
    async run() {
      const context = {
        mode,
        // Most types never ask.
        get earlier() {
          return tree.all.flatMap((other) =>
            other.key !== undefined && other.type !== undefined && relationOf(node, other) === 'earlier'
              ? [{ key: other.key, type: other.type }]
              : [],
          );
        },
      };
      const found = await checkType.call(type, check.parsed, context);
      return found.filter(isSure(check));
    },
  });
}

/** A type's own check sees what its schema accepts; what it says of places that are written otherwise is not heard. */
function isSure({ unsure }: ConfigCheck): (found: ConfigProblem) => boolean {
  const places = unsure.map((segments) => formatPath(segments));
  return ({ path }) => !places.some((place) => path === place || isInsidePlace(path, place) || isInsidePlace(place, path));
}

function inspectExpression(
  { references, problems, pending }: Session,
  node: TreeNode,
  expression: { readonly place: string; readonly segments: readonly Segment[]; readonly text: string },
  config: unknown,
): void {
  const { place, segments, text } = expression;
  // The language is named beside the expression; the schema fills in its default.
  const named = valueAt([...segments.slice(0, -1), 'engine'], config);
  const language = typeof named === 'string' ? ENGINES.get(named) : undefined;
  if (!language) return;
  if (language.hasTemplates) {
    const templates = inspectTemplates(text);
    for (const found of templates.problems) problems.push(problem(place, 'invalid_template', found));
    for (const reference of templates.references) {
      const finding = references.check(reference, node);
      if (finding) problems.push(problem(place, finding.code, finding));
    }
    if (templates.problems.length > 0) return;
  }
  pending.expressions.push({ place, engine: language.engine, text });
}

function reportTemplates(
  { problems, references }: Session,
  place: string,
  node: TreeNode | undefined,
  templates: TemplateInspection,
  secrets: ReadonlySet<string> = new Set(),
): void {
  for (const found of templates.problems) {
    const shown = secrets.has(found.at) ? say('secret.wrongTemplate') : found;
    problems.push(problem(joinPaths(place, found.at), 'invalid_template', shown));
  }
  for (const reference of templates.references) {
    const finding = references.check(reference, node);
    if (finding) problems.push(problem(joinPaths(place, reference.at), finding.code, finding));
  }
}

function tryCheckConfig(
  { problems }: Session,
  place: string,
  type: AnyNodeType | AnyTriggerType,
  config: unknown,
  options: Parameters<typeof checkConfig>[2],
): ConfigCheck | undefined {
  try {
    const check = checkConfig(type.config, config, options);
    for (const finding of check.findings) {
      problems.push(problem(joinPaths(place, formatPath(finding.segments)), finding.code, finding));
    }
    return check;
  } catch (error) {
    problems.push(checkFailed(place, error));
    return undefined;
  }
}

function tryBranchNames(
  { problems }: Session,
  node: TreeNode,
  type: AnyNodeType,
  parsed: unknown,
): readonly string[] | undefined {
  try {
    return branchNames(type, parsed);
  } catch (error) {
    problems.push(checkFailed(`${node.place}.config`, error));
    return undefined;
  }
}

function findUnknownBranches(
  { problems }: Session,
  node: TreeNode,
  type: AnyNodeType,
  names: readonly string[] | undefined,
): void {
  if (names === undefined) return;
  for (const name of node.branches.keys()) {
    if (names.includes(name)) continue;
    const place = appendSegment(`${node.place}.branches`, name);
    const said =
      names.length === 0
        ? say('node.noBranch', { name, type: type.type })
        : say('node.unknownBranch', { name, names: names.map((known) => `"${known}"`).join(', ') });
    problems.push(problem(place, 'unknown_branch', said));
  }
}

/** A warning: whoever builds the workflow may not be the one who keeps its secrets. */
function* findUnknownSecrets(
  { tree, problems }: Session,
  trigger: TreeNode['config'],
  settings: Readonly<Record<string, unknown>>,
  known: ReadonlySet<string>,
): Sliced<void> {
  const nearestSecrets = createNearestNames(() => known);
  const look = (place: string, value: unknown): void => {
    for (const { segments, use } of findSecretUses(value)) {
      for (const name of use.names) {
        if (known.has(name)) continue;
        const nearest = nearestSecrets(name);
        const said =
          nearest.length > 0 ? say('secret.unknownNear', { name, names: eitherOf(nearest) }) : say('secret.unknown', { name });
        problems.push(problem(joinPaths(place, formatPath(segments)), 'unknown_secret', said, 'warning'));
      }
    }
  };
  look('trigger.config', trigger);
  look('settings', settings);
  for (const node of tree.all) {
    look(`${node.place}.config`, node.config);
    yield 0.2;
  }
}

function findDuplicateKeys({ tree, problems }: Session): void {
  const places = new Map<string, string[]>();
  for (const { key, place } of tree.all) {
    if (key === undefined) continue;
    const others = places.get(key);
    if (others) others.push(place);
    else places.set(key, [place]);
  }
  for (const [key, [first = '', ...others]] of places) {
    const tell = (place: string, other: string) =>
      problems.push(problem(`${place}.key`, 'duplicate_key', say('node.duplicateKey', { key, place: other })));
    for (const [index, place] of others.entries()) {
      if (index === 0) tell(first, place);
      tell(place, first);
    }
  }
}

function findFlowProblems({ tree, mode, problems }: Session, flows: ReadonlyMap<TreeNode, NodeFlow>): void {
  const report = analyseFlow(tree.roots, (node) => flows.get(node) ?? { type: undefined, branches: undefined });
  for (const { place } of report.unreachable) {
    problems.push(problem(place, 'unreachable', say('node.unreachable'), 'warning'));
  }
  if (mode !== 'sync') return;
  for (const place of report.openEnds) {
    const said = say(tree.roots.length === 0 ? 'flow.empty' : 'flow.openEnd');
    problems.push(problem(place, 'no_response', said, 'warning'));
  }
  for (const { place } of report.silentEnds) {
    problems.push(problem(place, 'no_response', say('node.silentEnd'), 'warning'));
  }
}

function unknownType(
  place: string,
  kind: 'node' | 'trigger',
  written: string,
  known: readonly { readonly type: string }[],
): Problem {
  const types = known.map(({ type }) => type);
  const nearest = nearestNames(written, types);
  const name = written.slice(0, 100);
  const names = `${types.slice(0, 20).join(', ')}${types.length > 20 ? ', …' : ''}`;
  const said =
    nearest.length > 0
      ? say(`${kind}.unknownTypeNear`, { name, names: eitherOf(nearest) })
      : say(`${kind}.unknownType`, { name, names });
  return problem(place, 'unknown_type', said);
}

/** A language tells in its own words what it could not read; these are framed for who does not know them. */
function unreadable(place: string, code: string, key: 'expression.wrong' | 'script.wrong', message: string): Problem {
  return problem(place, code, { message, text: say(key, { detail: message }).text });
}

/** A plugin's check that breaks is told like a problem, so that the other problems are told too. */
function checkFailed(place: string, error: unknown): Problem {
  if (error instanceof HooklineError) return problem(place, error.code, error);
  const reason = error instanceof Error ? error.message : String(error);
  return problem(place, 'check_failed', say('check.broke', { detail: reason }));
}

function schemaOf(make: () => JsonSchema | undefined): () => JsonSchema {
  let schema: JsonSchema | undefined;
  return () => {
    schema ??= make() ?? {};
    return schema;
  };
}

function isInsidePlace(place: string, around: string): boolean {
  return around === '' || (place.startsWith(around) && (place[around.length] === '.' || place[around.length] === '['));
}
