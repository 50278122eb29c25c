// Colours for the expression languages: enough to tell texts, numbers, functions and variables apart.

import { StreamLanguage, type StreamParser } from '@codemirror/language';
import type { Extension } from '@codemirror/state';
import type { ExpressionEngine } from '../../../../src/engine/plugin.ts';

interface Words {
  readonly keywords: ReadonlySet<string>;
  /** What variables look like. */
  readonly variable?: RegExp;
  /** Quoted names, not texts. */
  readonly quotedName?: RegExp;
  readonly comment?: RegExp;
}

const WORDS: Readonly<Partial<Record<ExpressionEngine, Words>>> = {
  jsonata: {
    keywords: new Set(['and', 'or', 'in', 'true', 'false', 'null', 'function']),
    variable: /^\$[A-Za-z_]\w*|^\$\$?/,
    quotedName: /^`[^`]*`?/,
    comment: /^\/\*.*?(\*\/|$)/,
  },
  mathjs: { keywords: new Set(['and', 'or', 'not', 'xor', 'mod', 'to', 'in', 'true', 'false', 'null', 'end']), comment: /^#.*/ },
  formula: { keywords: new Set(['TRUE', 'FALSE', 'true', 'false']) },
  jmespath: {
    keywords: new Set(['let', 'in', 'true', 'false', 'null']),
    variable: /^\$\w*|^@|^&/,
    quotedName: /^"(?:[^"\\]|\\.)*"?/,
  },
  jsonpath: { keywords: new Set(), variable: /^\$|^@/ },
};

const STRING = /^"(?:[^"\\]|\\.)*"?|^'(?:[^'\\]|\\.)*'?|^`[^`]*`?/;
const NUMBER = /^\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/;
const TEMPLATE = /^\{\{.*?\}\}/;
const NAME = /^[\p{L}_][\p{L}\d_]*(?:\.[A-Z][A-Z\d]*)?(?=\s*\()|^[\p{L}_][\p{L}\d_]*/u;

/** The token names are those of CodeMirror's stream parsers, which are tags of @lezer/highlight. */
function parser(words: Words): StreamParser<null> {
  return {
    startState: () => null,
    token(stream) {
      if (stream.eatSpace()) return null;
      if (words.comment && stream.match(words.comment)) return 'comment';
      if (stream.match(TEMPLATE)) return 'variableName.special';
      if (words.quotedName && stream.match(words.quotedName)) return 'propertyName';
      if (words.variable && stream.match(words.variable)) {
        return stream.peek() === '(' ? 'typeName' : 'variableName.special';
      }
      if (stream.match(STRING)) return 'string';
      if (stream.match(NUMBER)) return 'number';
      if (stream.match(NAME)) {
        const word = stream.current();
        if (words.keywords.has(word)) return 'keyword';
        return /^\s*\(/.test(stream.string.slice(stream.pos)) ? 'typeName' : 'propertyName';
      }
      stream.next();
      return null;
    },
  };
}

export function expressionLanguage(engine: ExpressionEngine): Extension {
  const words = WORDS[engine];
  return words === undefined ? [] : StreamLanguage.define(parser(words));
}
