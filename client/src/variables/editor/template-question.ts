// Pure: whether the text before a cursor asks for a variable.

export interface TemplateQuestion {
  /** Where the text that is replaced begins, from the start of what was given. */
  readonly from: number;
  /** What is looked for. */
  readonly words: string;
}

/**
 * What a text before the cursor asks for; undefined when it asks for nothing. A slash asks only at the start of a word, and
 * not in paths such as `a/b`.
 */
export function templateQuestion(before: string, isExplicit: boolean, hasSlash = true): TemplateQuestion | undefined {
  const open = /(\\*)\{\{([^{}\n]*)$/.exec(before);
  if (open) {
    const [whole, slashes = '', words = ''] = open;
    if (slashes.length % 2 === 0) return { from: before.length - whole.length + slashes.length, words: words.trim() };
  }
  const slash = hasSlash ? /(?:^|\s)\/([\p{L}\d_.-]*)$/u.exec(before) : null;
  if (slash) return { from: before.length - (slash[1] ?? '').length - 1, words: slash[1] ?? '' };
  return isExplicit ? { from: before.length, words: '' } : undefined;
}
