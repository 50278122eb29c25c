// Says a problem in the reader's language, when the server told it with a key that we have words for.

import type { Problem } from '../../../src/engine/model.ts';

type MessageText = NonNullable<Problem['text']>;

type Options = Readonly<Record<string, string | number>>;

/** Of i18next. */
export interface Words {
  exists(key: string, options: Options): boolean;
  t(key: string, options: Options): string;
}

/** The problem with its message in the language of `words`, as it came when there is none. */
export function translateProblem(problem: Problem, words: Words): Problem {
  const message = problem.text === undefined ? undefined : sayText(problem.text, words);
  return message === undefined ? problem : { ...problem, message };
}

/** Undefined when it, or a text inside of it, is not one of ours: plugins may bring keys of their own. */
function sayText({ key, params = {} }: MessageText, words: Words): string | undefined {
  const said: Record<string, string | number> = {};
  for (const [name, value] of Object.entries(params)) {
    const inner = typeof value === 'object' ? sayText(value, words) : value;
    if (inner === undefined) return undefined;
    said[name] = inner;
  }
  const options = { ...said, ns: 'problems' };
  return words.exists(key, options) ? words.t(key, options) : undefined;
}
