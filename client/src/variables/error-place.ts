// Pure: the place in an expression that an error message names.

/** Where an error is, when its message counts characters and they are those of the text: templates are gone when it is parsed. */
export function placeOfError(message: string, text: string): { readonly from: number; readonly to: number } | undefined {
  const [, counted] = /\b(?:character|char) (\d+)/.exec(message) ?? [];
  if (counted === undefined || text.includes('{{') || text === '') return undefined;
  const at = Math.min(Math.max(Number(counted) - 1, 0), text.length - 1);
  return { from: at, to: at + 1 };
}
