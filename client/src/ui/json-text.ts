// Pure: text that may be JSON, as bodies of requests and replies are.

/** Undefined when it is not JSON. */
export function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    // Shown as the text that it is.
    return undefined;
  }
}

/** Indented when it is JSON, else as it is. */
export function prettyJson(text: string): string {
  const json = parseJson(text);
  return json === undefined ? text : JSON.stringify(json.value, null, 2);
}

/** On one line when it is JSON, else as it is. */
export function compactJson(text: string): string {
  const json = parseJson(text);
  return json === undefined ? text : JSON.stringify(json.value);
}
