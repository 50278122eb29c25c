// JSON in an editor: colours, where it is wrong, and templates inside its texts. Loaded when it is first needed.

import { json, jsonParseLinter } from '@codemirror/lang-json';
import { linter } from '@codemirror/lint';
import type { EditorState, Extension } from '@codemirror/state';
import type { Chip } from './chips.ts';

export function jsonLanguage(): Extension {
  const parse = jsonParseLinter();
  // Nothing is no mistake: the field may be left empty.
  return [json(), linter((view) => (view.state.sliceDoc().trim() === '' ? [] : parse(view)), { delay: 400 })];
}

/** What a template inside a JSON text says; null when its braces are escaped. */
export function decodeInJson({ from, source }: Chip, document: string): string | null {
  let slashes = 0;
  while (document[from - 1 - slashes] === '\\') slashes += 1;
  if ((slashes / 2) % 2 === 1) return null;
  try {
    return String(JSON.parse(`"${source}"`));
  } catch {
    // Not inside a text, or half-written: the linter says so.
    return source;
  }
}

/** A template as it is written at a place of a JSON document: a text of its own, or inside one. */
export function encodeInJson(template: string, state: EditorState, position: number): string {
  const written = JSON.stringify(template);
  const line = state.doc.lineAt(position);
  return isInText(line.text.slice(0, position - line.from)) ? written.slice(1, -1) : written;
}

/** Whether what follows is inside a text, be it closed or not yet. Texts of JSON never go over the end of a line. */
function isInText(before: string): boolean {
  let isInside = false;
  for (let index = 0; index < before.length; index += 1) {
    if (before[index] === '"') isInside = !isInside;
    else if (isInside && before[index] === '\\') index += 1;
  }
  return isInside;
}
