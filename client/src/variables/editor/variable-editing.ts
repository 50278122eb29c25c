// What an editor needs to offer and show the variables of the place it is in.

import { autocompletion, type CompletionSource, completionStatus } from '@codemirror/autocomplete';
import type { Extension } from '@codemirror/state';
import { type EditorView, ViewPlugin } from '@codemirror/view';
import { useLayoutEffect, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { createReferenceReader, type ReferenceReader } from '../reference.ts';
import { typeSign } from '../type-mark.tsx';
import { nameOfVariable } from '../variable-name.ts';
import { useVariables, type VariableSource } from '../variable-source.tsx';
import { buildVariableTree, type VariableEntry } from '../variable-tree.ts';
import { type ChipSettings, chips } from './chips.ts';
import type { Offer, VariableCompletion } from './template-completion.ts';

export interface VariableEditing {
  /** Null outside of an editor. */
  readonly source: VariableSource | null;
  /** The same as long as the editor is there; each asks for what is known when it is asked. */
  readonly tools: VariableTools;
}

export interface VariableTools {
  /** Null outside of an editor. */
  offer(): Offer | null;
  /** Chips for the templates in a text. @param decode how their text is written in the document */
  chipsOf(decode?: ChipSettings['decode']): Extension;
}

export function useVariableEditing(): VariableEditing {
  const { t } = useTranslation('variables');
  const source = useVariables();
  const now = useRef({ source, t });
  useLayoutEffect(() => {
    now.current = { source, t };
  });
  const tools = useMemo<VariableTools>(() => {
    const nameOf = (entry: VariableEntry): string => nameOfVariable(entry, now.current.t);
    return {
      offer: () => (now.current.source === null ? null : { tree: knowledgeOf(now.current.source).tree(), nameOf }),
      chipsOf: (decode) =>
        chips({
          reader: () => (now.current.source === null ? NOTHING_KNOWN : knowledgeOf(now.current.source).reader()),
          problemText(problem) {
            const { t } = now.current;
            return t(`problems.${problem}`);
          },
          lastValue() {
            const { t } = now.current;
            return t('lastValue');
          },
          ...(decode ? { decode } : {}),
        }),
    };
  }, []);
  return { source, tools };
}

const NOTHING_KNOWN = createReferenceReader(null);

interface Knowledge {
  tree(): VariableEntry[];
  reader(): ReferenceReader;
}

/** All fields of a form share what is made of one source, which is made when it is first asked for. */
const known = new WeakMap<VariableSource, Knowledge>();

function knowledgeOf(source: VariableSource): Knowledge {
  let found = known.get(source);
  if (found === undefined) {
    let tree: VariableEntry[] | undefined;
    let reader: ReferenceReader | undefined;
    found = {
      tree: () => (tree ??= buildVariableTree(source)),
      reader: () => (reader ??= createReferenceReader(source)),
    };
    known.set(source, found);
  }
  return found;
}

/** Lists of completions in the look of the tree of variables. */
export function completions(...sources: CompletionSource[]): Extension {
  return [reachableList, listOf(sources)];
}

/** What scrolls has to be reached by keys, although the list is moved through from the editor, which keeps the focus. */
const reachableList = ViewPlugin.define((view) => {
  const request = {
    key: 'reachable list of completions',
    read: ({ contentDOM }: EditorView) => contentDOM.ownerDocument.getElementById(contentDOM.getAttribute('aria-controls') ?? ''),
    write(list: HTMLElement | null) {
      if (list !== null) list.tabIndex = 0;
    },
  };
  return {
    update({ state }) {
      // The list is made anew whenever other offers are in it.
      if (completionStatus(state) === 'active') view.requestMeasure(request);
    },
  };
});

function listOf(sources: CompletionSource[]): Extension {
  return autocompletion({
    override: sources,
    // The editors have those keys already, but for Escape.
    defaultKeymap: false,
    icons: false,
    maxRenderedOptions: 60,
    // Enter right after typing must not take what just appeared below the fingers.
    interactionDelay: 75,
    addToOptions: [
      {
        position: 20,
        render(completion) {
          const sign = document.createElement('span');
          sign.className = 'hl-option-sign';
          sign.setAttribute('aria-hidden', 'true');
          const { types } = completion as VariableCompletion;
          sign.textContent = types === undefined ? 'ƒ' : typeSign(types);
          return sign;
        },
      },
    ],
  });
}
