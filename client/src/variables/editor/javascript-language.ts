// JavaScript in an editor. Loaded when it is first needed.

import { completeFromList, ifNotIn } from '@codemirror/autocomplete';
import { javascript, localCompletionSource, scopeCompletionSource, snippets } from '@codemirror/lang-javascript';
import type { Extension } from '@codemirror/state';
import { lineNumbers } from '@codemirror/view';
import { completions } from './variable-editing.ts';

/** What the sandbox has: the language itself. */
const GLOBALS = { Array, Boolean, Date, JSON, Map, Math, Number, Object, RegExp, Set, String, console: { log: () => undefined } };

export function javascriptLanguage(): Extension {
  const keywords = ifNotIn(['TemplateString', 'String', 'LineComment', 'BlockComment', '.'], completeFromList(snippets));
  return [javascript(), lineNumbers(), completions(localCompletionSource, scopeCompletionSource(GLOBALS), keywords)];
}
