// Pure: what is offered while one writes an expression: variables as the language writes them, and its functions.

import type { ExpressionEngine } from '../../../src/engine/plugin.ts';
import { templateQuestion } from './editor/template-question.ts';
import { EVERY, hasTemplates, type Step, stepsOf, writeVariable } from './expression-variables.ts';
import { FORMULA_FUNCTIONS } from './functions/formula.ts';
import type { FunctionInfo } from './functions/function-list.ts';
import { JMESPATH_FUNCTIONS } from './functions/jmespath.ts';
import { JSONATA_FUNCTIONS } from './functions/jsonata.ts';
import { MATHJS_FUNCTIONS } from './functions/mathjs.ts';
import { searchVariables, type VariableEntry } from './variable-tree.ts';

export interface ExpressionOffer {
  /** The variables, or what is in the source. */
  readonly tree: readonly VariableEntry[];
  /** Whether the tree is that of a source. */
  readonly isSource: boolean;
  nameOf(entry: VariableEntry): string;
}

export type ExpressionOption =
  | { readonly kind: 'variable'; readonly entry: VariableEntry; readonly trail: readonly VariableEntry[]; readonly text: string }
  | { readonly kind: 'function'; readonly info: FunctionInfo; readonly text: string };

export interface ExpressionOptions {
  /** Where the replaced text begins. */
  readonly from: number;
  readonly options: readonly ExpressionOption[];
}

const FUNCTIONS: Readonly<Partial<Record<ExpressionEngine, readonly FunctionInfo[]>>> = {
  jsonata: JSONATA_FUNCTIONS,
  jmespath: JMESPATH_FUNCTIONS,
  mathjs: MATHJS_FUNCTIONS,
  formula: FORMULA_FUNCTIONS,
};

/** Most options of each kind. */
const MAX_OPTIONS = 60;

/** Variables that come before functions. */
const MAX_NEAR = 5;

/** What is being written: a name, or the beginning of a path. */
const WORD = /[$\p{L}_][\p{L}\p{N}_.$]*$/u;
const PATH_WORD = /[$\p{L}_"`][\p{L}\p{N}_.$"'`[\]*]*$/u;

/** @param before the text before the cursor, of its line */
export function completeExpression(
  engine: ExpressionEngine,
  before: string,
  isExplicit: boolean,
  offer: ExpressionOffer,
): ExpressionOptions | null {
  if (hasTemplates(engine)) {
    const question = templateQuestion(before, false, false);
    if (question) return { from: question.from, options: variables(engine, question.words, offer) };
  }
  if (isInsideText(before, engine)) return null;
  const word = (hasTemplates(engine) ? WORD : PATH_WORD).exec(before)?.[0] ?? '';
  if (word === '' && !isExplicit) return null;
  const functions = matchingFunctions(engine, word);
  const found = variables(engine, plainPath(word, engine), offer);
  // A path is no function; of names, the variables that begin as it is written come first.
  const isPath = /[.[]/.test(word) || word === '';
  const near = isPath ? found : found.filter(({ text }) => text.toLowerCase().startsWith(word.toLowerCase())).slice(0, MAX_NEAR);
  const options = [...near, ...functions, ...found.filter((option) => !near.includes(option))];
  return options.length === 0 ? null : { from: before.length - word.length, options };
}

function matchingFunctions(engine: ExpressionEngine, word: string): ExpressionOption[] {
  const prefix = engine === 'jsonata' ? '$' : '';
  const wanted = word.toLowerCase();
  return (FUNCTIONS[engine] ?? [])
    .filter(
      ({ name }) =>
        `${prefix}${name}`.toLowerCase().startsWith(wanted) || (prefix !== '' && name.toLowerCase().startsWith(wanted)),
    )
    .slice(0, MAX_OPTIONS)
    .map((info) => ({ kind: 'function', info, text: `${prefix}${info.name}` }));
}

function variables(engine: ExpressionEngine, words: string, offer: ExpressionOffer): ExpressionOption[] {
  return searchVariables(offer.tree, words, offer.nameOf, MAX_OPTIONS).flatMap(({ entry, trail }) => {
    const text = entry.template === null ? undefined : written(engine, entry.template, entry.list, offer.isSource);
    return text === undefined ? [] : [{ kind: 'variable', entry, trail, text }];
  });
}

/** A variable as a language writes it; undefined when it cannot. */
export function written(engine: ExpressionEngine, template: string, list: string | null, isSource: boolean): string | undefined {
  if (hasTemplates(engine)) return `{{${template}}}`;
  const steps: Step[] = stepsOf(template, list);
  const isQuoted = steps.some((step) => step !== EVERY && typeof step === 'string' && /['`\\]/.test(step));
  return isQuoted ? undefined : writeVariable(engine, steps, isSource);
}

/** The word as paths are written in templates, which is how variables are searched. */
function plainPath(word: string, engine: ExpressionEngine): string {
  const dotted =
    engine === 'jsonpath'
      ? word
          .replace(/^\$(?=[.[]|$)/, '')
          .replace(/\[['"]([^'"]*)['"]?\]?/g, '.$1')
          .replace(/^\./, '')
      : word;
  return dotted.replace(/["'`]|\[\*\]|\]$/g, '');
}

/** Whether the cursor stands in a quoted text, where nothing is to be offered. */
function isInsideText(before: string, engine: ExpressionEngine): boolean {
  // Quoted names of JMESPath and JSONPath are a part of paths.
  const quotes = engine === 'jmespath' ? "'" : engine === 'jsonpath' ? '' : '"\'';
  let open = '';
  for (const character of before.replace(/\{\{.*?\}\}/g, '')) {
    if (open !== '') {
      if (character === open) open = '';
    } else if (quotes !== '' && quotes.includes(character)) open = character;
  }
  return open !== '';
}
