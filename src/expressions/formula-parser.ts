// The grammar of formulas: a Pratt parser from text to a syntax tree, as spreadsheets write them.

import { HooklineError } from '../errors.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '^' | '&' | '=' | '<>' | '<' | '<=' | '>' | '>=';

export type FormulaNode =
  | { readonly type: 'literal'; readonly value: string | number | boolean }
  /** The value of a template, by its position. */
  | { readonly type: 'value'; readonly index: number }
  | { readonly type: 'list'; readonly items: readonly FormulaNode[] }
  /** `name` in upper case; an argument left out is null. */
  | { readonly type: 'call'; readonly name: string; readonly args: readonly (FormulaNode | null)[]; readonly at: number }
  | { readonly type: 'unary'; readonly operator: '+' | '-' | '%'; readonly operand: FormulaNode }
  | { readonly type: 'binary'; readonly operator: BinaryOperator; readonly left: FormulaNode; readonly right: FormulaNode };

/** Parentheses, lists and signs may nest this deep. */
export const MAX_FORMULA_DEPTH = 100;

interface Token {
  readonly type: 'number' | 'string' | 'name' | 'symbol' | 'end';
  readonly text: string;
  /** Position in the formula, from 0. */
  readonly at: number;
}

/** How tightly a binary operator binds. All are left-associative, `^` too, as in spreadsheets. */
const POWERS: ReadonlyMap<string, number> = new Map([
  ['=', 1],
  ['<>', 1],
  ['<', 1],
  ['<=', 1],
  ['>', 1],
  ['>=', 1],
  ['&', 2],
  ['+', 3],
  ['-', 3],
  ['*', 4],
  ['/', 4],
  ['^', 5],
]);

/** Spellings of programming languages that mean the same. */
const SYNONYMS: ReadonlyMap<string, BinaryOperator> = new Map([
  ['==', '='],
  ['===', '='],
  ['!=', '<>'],
  ['!==', '<>'],
]);

/** Operators of programming languages that formulas write as functions. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['&&', 'AND(a, b)'],
  ['||', 'OR(a, b)'],
  ['!', 'NOT(a)'],
  ['?', 'IF(test, a, b)'],
]);

const TOKEN =
  /\s+|(?<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)|(?<string>"(?:[^"]|"")*"|'(?:[^']|'')*')|(?<name>[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*)|(?<symbol>===|!==|==|!=|<>|<=|>=|&&|\|\||[-+*/^&=<>%(),;[\]!?])/y;

/**
 * Parses a formula. `names` are identifiers that stand for values. Operators, loosest first: `= <> < <= > >=`, `&`, `+ -`,
 * `* /`, `^`, sign, `%` (a hundredth). Text stands in double or single quotes, a doubled quote inside is one. Lists are
 * `[1, 2]`; arguments are separated by `,` or `;`. Names are those of functions, in any case, or TRUE and FALSE. A leading
 * `=` is ignored.
 * @throws HooklineError `invalid_expression`, naming the character
 */
export function parseFormula(text: string, names: readonly string[] = []): FormulaNode {
  const parser = new Parser(tokenize(text), names);
  return parser.parseWhole();
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  // A spreadsheet's formula begins with `=`; people paste it along.
  const start = /^\s*=(?!=)/.exec(text)?.[0].length ?? 0;
  TOKEN.lastIndex = start;
  let at = start;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(text)?.groups;
    if (groups === undefined) throw fail(`there is an unexpected ${JSON.stringify(firstCharacter(text, at))}`, at);
    const type = groups.number
      ? 'number'
      : groups.string
        ? 'string'
        : groups.name
          ? 'name'
          : groups.symbol
            ? 'symbol'
            : undefined;
    if (type !== undefined) tokens.push({ type, text: groups[type] ?? '', at });
    at = TOKEN.lastIndex;
  }
  tokens.push({ type: 'end', text: '', at });
  return tokens;
}

function firstCharacter(text: string, at: number): string {
  return String.fromCodePoint(text.codePointAt(at) ?? 0);
}

function fail(what: string, at: number): HooklineError {
  return new HooklineError('invalid_expression', `The formula is wrong at character ${at + 1}: ${what}`);
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #names: readonly string[];
  #position = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], names: readonly string[]) {
    this.#tokens = tokens;
    this.#names = names;
  }

  parseWhole(): FormulaNode {
    const node = this.#parse(0);
    const rest = this.#peek();
    if (rest.type !== 'end') throw this.#unexpected(rest);
    return node;
  }

  #parse(minPower: number): FormulaNode {
    this.#depth++;
    if (this.#depth > MAX_FORMULA_DEPTH) throw fail(`it is nested deeper than ${MAX_FORMULA_DEPTH} levels`, this.#peek().at);
    let left = this.#parsePercent(this.#parsePrefix());
    for (;;) {
      const operator = this.#peekOperator();
      const power = operator === undefined ? undefined : POWERS.get(operator);
      if (operator === undefined || power === undefined || power <= minPower) break;
      this.#next();
      left = { type: 'binary', operator, left, right: this.#parse(power) };
    }
    this.#depth--;
    return left;
  }

  #parsePrefix(): FormulaNode {
    const token = this.#next();
    switch (token.type) {
      case 'number':
        return { type: 'literal', value: Number(token.text) };
      case 'string': {
        const quote = token.text.charAt(0);
        return { type: 'literal', value: token.text.slice(1, -1).replaceAll(quote + quote, quote) };
      }
      case 'name':
        return this.#parseName(token);
      case 'symbol':
        if (token.text === '(') {
          const inner = this.#parse(0);
          this.#expect(')');
          return inner;
        }
        if (token.text === '[') return { type: 'list', items: this.#parseItems(']').map((item) => item ?? this.#missing()) };
        if (token.text === '-' || token.text === '+') {
          // Binds tighter than `^`: -2^2 is 4 in spreadsheets.
          const operand = this.#parse(SIGN_POWER);
          return { type: 'unary', operator: token.text, operand };
        }
        throw this.#unexpected(token);
      case 'end':
        throw this.#unexpected(token);
    }
  }

  #parsePercent(operand: FormulaNode): FormulaNode {
    let node = operand;
    while (this.#peek().text === '%' && this.#peek().type === 'symbol') {
      this.#next();
      node = { type: 'unary', operator: '%', operand: node };
    }
    return node;
  }

  #parseName(token: Token): FormulaNode {
    const index = this.#names.indexOf(token.text);
    if (index >= 0) return { type: 'value', index };
    const name = token.text.toUpperCase();
    if (this.#isSymbol('(')) {
      this.#next();
      return { type: 'call', name, args: this.#parseItems(')'), at: token.at };
    }
    if (name === 'TRUE' || name === 'FALSE') return { type: 'literal', value: name === 'TRUE' };
    throw fail(`${token.text} is not a function call; a variable is written {{$context.…}} and a text in quotes`, token.at);
  }

  /** Items up to a closing symbol; one that is left out is null. */
  #parseItems(close: ')' | ']'): (FormulaNode | null)[] {
    const items: (FormulaNode | null)[] = [];
    if (this.#isSymbol(close)) {
      this.#next();
      return items;
    }
    for (;;) {
      const isLeftOut = this.#isSymbol(',') || this.#isSymbol(';') || this.#isSymbol(close);
      items.push(isLeftOut ? null : this.#parse(0));
      const token = this.#next();
      if (token.type === 'symbol' && token.text === close) return items;
      if (token.type !== 'symbol' || (token.text !== ',' && token.text !== ';')) throw this.#unexpected(token);
    }
  }

  #missing(): never {
    throw fail('a member of the list is missing', this.#peek().at);
  }

  #peekOperator(): BinaryOperator | undefined {
    const token = this.#peek();
    if (token.type !== 'symbol') return undefined;
    const synonym = SYNONYMS.get(token.text);
    if (synonym !== undefined) return synonym;
    return isBinaryOperator(token.text) ? token.text : undefined;
  }

  #isSymbol(text: string): boolean {
    const token = this.#peek();
    return token.type === 'symbol' && token.text === text;
  }

  #expect(text: string): void {
    const token = this.#next();
    if (token.type !== 'symbol' || token.text !== text) throw this.#unexpected(token);
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { type: 'end', text: '', at: 0 };
  }

  #next(): Token {
    const token = this.#peek();
    if (token.type !== 'end') this.#position++;
    return token;
  }

  #unexpected(token: Token): HooklineError {
    if (token.type === 'end') return fail('it ends too early', token.at);
    const instead = token.type === 'symbol' ? INSTEAD.get(token.text) : undefined;
    const hint = instead === undefined ? '' : `; write ${instead}`;
    return fail(`there is an unexpected ${JSON.stringify(token.text)}${hint}`, token.at);
  }
}

/** Above every binary operator. */
const SIGN_POWER = 6;

function isBinaryOperator(text: string): text is BinaryOperator {
  return POWERS.has(text);
}
