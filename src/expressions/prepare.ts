// What the main thread does with an expression before a process sees it: templates out, variables in.

import { createPathBudget, type PathBudget } from '../engine/path-budget.ts';
import type { ExpressionEngine, Scope } from '../engine/plugin.ts';
import { type SecretUse, secretUse } from '../engine/secret-names.ts';
import { readSecret } from '../engine/secret-vault.ts';
import { splitText } from '../engine/template.ts';
import { HooklineError } from '../errors.ts';
import type { Inputs, WorkerEngine } from './task.ts';

export interface PreparedExpression {
  /** The text without templates. */
  readonly expression: string;
  /** The identifiers that stand for the templates' values. */
  readonly names: readonly string[];
  /** Everything the expression may read, taken out of the variables. */
  read(scope: Scope, options: { readonly source?: unknown; readonly hasSource: boolean }): Inputs;
}

/** The variables by the names that expressions use. */
const ROOTS: readonly { readonly name: string; readonly read: (scope: Scope) => unknown }[] = [
  { name: '$context', read: (scope) => scope.$context },
  { name: '$request', read: (scope) => scope.$request },
  { name: '$nodes', read: (scope) => scope.$nodes },
  { name: '$jobsMapByNodeKey', read: (scope) => scope.$nodes },
  { name: '$scopes', read: (scope) => scope.$scopes },
  { name: '$system', read: (scope) => scope.$system },
  { name: '$execution', read: (scope) => scope.$execution },
  { name: '$resume', read: (scope) => scope.$resume },
];

/** Languages whose expressions hold templates; the others have variables of their own. */
const WITH_TEMPLATES: ReadonlySet<ExpressionEngine> = new Set(['mathjs', 'formula']);

/**
 * JSONata that may look at its whole input: a bare `$` or `$$`, a wildcard where a value stands, or a call without
 * arguments, which takes the input.
 */
const READS_INPUT = /\$(?![A-Za-z_])|\*\*|(?:^|[([{,:;?=])\s*\*|\(\s*\)/;

/**
 * Prepares an expression; done once for each text.
 * @throws HooklineError `invalid_template`, `invalid_expression` when a template stands inside quotes
 */
export function prepareExpression(engine: WorkerEngine, text: string): PreparedExpression {
  return WITH_TEMPLATES.has(engine) ? prepareWithTemplates(engine, text) : prepareWithVariables(engine, text);
}

/** Templates become identifiers and their values travel beside the text: a value can never become part of the code. */
function prepareWithTemplates(engine: WorkerEngine, text: string): PreparedExpression {
  const prefix = unusedPrefix(text);
  const names: string[] = [];
  const reads: ((scope: Scope, budget: PathBudget) => unknown)[] = [];
  let expression = '';
  for (const piece of splitText(text, '')) {
    if (typeof piece === 'string') {
      expression += piece;
      continue;
    }
    if (isInsideQuotes(expression, engine)) {
      throw new HooklineError(
        'invalid_expression',
        `{{${piece.reference.text}}} stands inside quotes. It is a value already: write it without them, and join texts with ` +
          (engine === 'mathjs' ? 'concat(a, b)' : 'a & b'),
      );
    }
    const name = `${prefix}${names.length}`;
    names.push(name);
    reads.push(piece.read);
    // The spaces keep it apart from letters beside it.
    expression += ` ${name} `;
  }
  return {
    expression,
    names,
    read(scope) {
      const budget = createPathBudget();
      return { values: reads.map((read) => read(scope, budget) ?? null), variables: {}, input: null };
    },
  };
}

function unusedPrefix(text: string): string {
  let prefix = '_value';
  while (text.includes(prefix)) prefix += '_';
  return prefix;
}

/** Whether text ends inside a quoted text of the language. */
function isInsideQuotes(text: string, engine: WorkerEngine): boolean {
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== '') {
      if (character === '\\' && engine === 'mathjs') at++;
      else if (character === quote) quote = '';
    } else if (character === '"' || (character === "'" && !(engine === 'mathjs' && isTranspose(text, at)))) {
      quote = character;
    }
  }
  return quote !== '';
}

/** In Math.js a `'` behind a value transposes a matrix. */
function isTranspose(text: string, at: number): boolean {
  return /[\w)\]'.]\s*$/.test(text.slice(Math.max(0, at - 20), at));
}

function prepareWithVariables(engine: WorkerEngine, expression: string): PreparedExpression {
  const named = ROOTS.filter((root) => isNamed(expression, root.name));
  const use = secretUse(expression);
  const readsInput = engine !== 'jsonata' ? named.length === 0 && use === undefined : READS_INPUT.test(expression);
  return {
    expression,
    names: [],
    read(scope, { source, hasSource }) {
      // Only what is named travels to the process: copying a large request for each expression costs more than the expression.
      const variables = pick(hasSource || !readsInput ? named : ROOTS, scope);
      // Never with everything else: who wants them names them.
      if (use !== undefined) variables.$secrets = pickSecrets(use, scope);
      return { values: [], variables: engine === 'jsonata' ? variables : {}, input: hasSource ? (source ?? null) : variables };
    },
  };
}

/** Those that are named; all of them when the expression makes up a name. @throws HooklineError `secret_not_found` */
function pickSecrets({ names, isOpen }: SecretUse, scope: Scope): Record<string, string> {
  const secrets: Record<string, string> = Object.create(null);
  const values = scope.$secrets;
  for (const name of names) secrets[name] = readSecret(values, name);
  return isOpen ? Object.assign(Object.create(null), values, secrets) : secrets;
}

function isNamed(expression: string, name: string): boolean {
  return expression.includes(name);
}

function pick(roots: typeof ROOTS, scope: Scope): Record<string, unknown> {
  const variables: Record<string, unknown> = {};
  for (const root of roots) variables[root.name] = root.read(scope);
  return variables;
}
