// The variable `$resume`: the URL of each node that can be resumed over HTTP.

import type { Resumable } from './compile.ts';
import type { ResumeTarget } from './resume-token.ts';

/** @returns for a loop prefix such as `each[3]/`: by node key the URL of its job in the present round of the loops around it */
export function resumeUrls(
  executionId: string,
  resumables: readonly Resumable[],
  urlOf: (target: ResumeTarget) => string,
): (prefix: string) => Record<string, string> {
  return (prefix) =>
    Object.fromEntries(
      resumables.map(({ key, around }) => [key, urlOf({ executionId, jobPath: commonPrefix(prefix, around) + key })]),
    );
}

/** The leading rounds of a loop prefix that are also around another node. */
function commonPrefix(prefix: string, around: ReadonlySet<string>): string {
  let common = '';
  for (const [round, key = ''] of prefix.matchAll(/([^/[]+)\[\d+\]\//g)) {
    if (!around.has(key)) break;
    common += round;
  }
  return common;
}
