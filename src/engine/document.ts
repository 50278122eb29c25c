// Pure: reads a workflow document from outside: a copy that is plain JSON, its tree, and every mistake in its shape.

import type { z } from 'zod';
import { HooklineError } from '../errors.ts';
import { REPORT, sayIssue } from './issue-message.ts';
import { type Document, documentSchema, FORBIDDEN_NAMES, type Problem } from './model.ts';
import { appendSegment, formatPath, isRecord, type Segment } from './path.ts';
import { safeParse } from './safe-parse.ts';
import { type Said, say } from './say.ts';
import { problem, readTree, type Tree } from './tree.ts';
import { SEALED_KEY } from './write-only.ts';

/** Deepest nesting of objects and lists in a document: room for the deepest nodes and a configuration in them. */
const MAX_DEPTH = 200;
/** More problems help nobody; the rest is counted. */
const MAX_PROBLEMS = 500;

export interface ReadDocument {
  /** Undefined when the shape is wrong. */
  readonly document: Document | undefined;
  /** What could be read, also of a wrong document. */
  readonly trigger: { readonly type: string | undefined; readonly config: Readonly<Record<string, unknown>> };
  readonly tree: Tree;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
}

/** Never throws; `input` is shared with nobody afterwards, since everything is copied. */
export function readDocument(input: unknown): ReadDocument {
  const problems: Problem[] = [];
  const copy = copyJson(input, [], problems);
  const source = isRecord(copy) ? copy : {};
  const trigger = isRecord(source.trigger) ? source.trigger : {};
  const tree = readTree(source.nodes);
  for (const found of tree.problems) problems.push(found);
  const document = parseShape(copy, problems);
  return {
    document: problems.length === 0 ? document : undefined,
    trigger: {
      type: typeof trigger.type === 'string' ? trigger.type : undefined,
      config: isRecord(trigger.config) ? trigger.config : {},
    },
    tree,
    settings: isRecord(source.settings) ? source.settings : {},
    problems,
  };
}

function parseShape(copy: unknown, problems: Problem[]): Document | undefined {
  let result: ReturnType<typeof documentSchema.safeParse>;
  try {
    result = safeParse(documentSchema, copy, REPORT);
  } catch (error) {
    // Beyond some hundred thousand mistakes zod runs out of stack.
    if (!(error instanceof RangeError)) throw error;
    problems.push(problem('', 'invalid_shape', say('document.tooManyMistakes')));
    return undefined;
  }
  if (result.success) return result.data;
  for (const found of shapeProblems(result.error)) problems.push(found);
  return undefined;
}

/** One problem per issue, and one per unknown key. */
export function shapeProblems({ issues }: z.ZodError): Problem[] {
  return issues.flatMap((issue, index) => {
    const place = formatPath(issue.path);
    return issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => problem(appendSegment(place, key), 'unknown_key', say('value.unknownField', { name: key })))
      : // Further ones are only counted, and may be hundreds of thousands.
        [problem(place, 'invalid_shape', index < MAX_PROBLEMS ? sayIssue(issue) : issue.message)];
  });
}

/** A copy that is plain JSON, or undefined when the value holds something else; `readDocument` says what. */
export function toPlainJson(value: unknown): unknown {
  const problems: Problem[] = [];
  const copy = copyJson(value, [], problems);
  return problems.length === 0 ? copy : undefined;
}

/** Copies what JSON can hold; the rest becomes a problem. `at` is the way to the value, changed while it is walked. */
function copyJson(value: unknown, at: Segment[], problems: Problem[]): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const refuse = (code: string, said: Said) => {
    problems.push(problem(formatPath(at), code, said));
    return null;
  };
  if (typeof value !== 'object') {
    return refuse(
      'not_json',
      say('document.notJson', { given: typeof value === 'number' ? String(value) : `of type ${typeof value}` }),
    );
  }
  if (at.length >= MAX_DEPTH) return refuse('too_deep', say('document.tooDeep', { limit: MAX_DEPTH }));
  const copyChild = (child: unknown, segment: Segment): unknown => {
    at.push(segment);
    const copy = copyJson(child, at, problems);
    at.pop();
    return copy;
  };
  if (Array.isArray(value)) return Array.from(value, copyChild);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuse('not_json', say('document.notPlain'));
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    if (FORBIDDEN_NAMES.has(key) || key === SEALED_KEY) {
      problems.push(problem(formatPath([...at, key]), 'reserved_name', say('document.reservedName', { name: key })));
    } else if (item !== undefined) {
      entries.push([key, copyChild(item, key)]);
    }
  }
  return Object.fromEntries(entries);
}

/** The problems as they are reported: at most 500, the rest counted; errors first when not all fit. */
export function limitProblems(problems: readonly Problem[]): Problem[] {
  if (problems.length <= MAX_PROBLEMS) return [...problems];
  const errors = problems.filter(({ severity }) => severity === 'error');
  const first = [...errors, ...problems.filter(({ severity }) => severity !== 'error')].slice(0, MAX_PROBLEMS);
  const rest = problems.length - first.length;
  return [
    ...first,
    problem('', 'too_many_problems', say('document.moreProblems', { number: rest }), errors.length > 0 ? 'error' : 'warning'),
  ];
}

/** @throws HooklineError `invalid_workflow` with all problems as `details`, when one of them is an error */
export function requireNoErrors(problems: readonly Problem[]): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  if (!first) return;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = first.path === '' ? '' : `${first.path}: `;
  throw new HooklineError('invalid_workflow', `The workflow is not valid: ${where}${first.message.replace(/\.$/, '')}${more}.`, {
    details: { problems: limitProblems(problems) },
  });
}
