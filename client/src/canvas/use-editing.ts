// What can be done with nodes: add, move, duplicate, copy, cut, paste, delete; each as one change that can be undone.

import { type RefObject, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document } from '../../../src/engine/model.ts';
import type { PluginList } from '../api/workflows.ts';
import { useTypeText } from '../form/type-text.ts';
import { notifyError } from '../ui/notify.ts';
import { isGuess, shiftBranch } from './branches.ts';
import {
  addBranch,
  copyNodes,
  duplicateNodes,
  findNode,
  insertNode,
  type ListPlace,
  listAt,
  moveBranch,
  moveNode,
  nodesWithin,
  type Place,
  pasteNodes,
  readNodes,
  removeNodes,
} from './edit.ts';
import type { Layout } from './layout.ts';
import { placeBeside } from './navigate.ts';
import { newNode } from './new-node.ts';
import type { NodeAction } from './node-menu.tsx';
import { TRIGGER } from './paths.ts';
import { addRecent } from './recent-types.ts';

export interface EditingOptions {
  readonly document: Document;
  readonly types: PluginList;
  /** Without it, nodes can be copied only. */
  readonly onChange?: (next: Document, description: string) => void;
  readonly root: RefObject<HTMLElement | null>;
  /** Neighbours that are chosen together: what is done with one of them is done with all. */
  readonly range: readonly string[];
  readonly layout: Layout;
  titleOf(key: string): string;
  /** A branch as people read it. */
  branchName(list: ListPlace): string;
  placeText(place: Place): string;
  onAdded(key: string): void;
  /** @param keys more than one when several were put in */
  onMoved(...keys: readonly string[]): void;
  /** @param next the node that takes its place under the keyboard */
  onRemoved(next: string): void;
  announce(message: string): void;
}

export interface Editing {
  add(type: string, place: Place): void;
  move(key: string, place: Place): void;
  act(action: NodeAction, key: string): void;
  actionsFor(key: string): ReadonlySet<NodeAction>;
  /** Moves a branch to the left or the right, with all that is in it. @param by 1 is to the right */
  moveBranch(list: ListPlace, by: 1 | -1): void;
  canMoveBranch(list: ListPlace, by: 1 | -1): boolean;
  /** Tells which node the copy, cut and paste keys mean. */
  setKey(key: string): void;
  /** The nodes whose removal waits for an answer, since it takes others along. */
  readonly asked: readonly string[] | null;
  answer(isMeant: boolean): void;
}

/** What was copied last in this window, for menus: they may not read the clipboard everywhere. */
let copied: string | null = null;

export function useEditing(options: EditingOptions): Editing {
  const {
    document,
    layout,
    types,
    onChange,
    root,
    range,
    titleOf,
    branchName,
    placeText,
    onAdded,
    onMoved,
    onRemoved,
    announce,
  } = options;
  const { t } = useTranslation('canvas');
  const typeText = useTypeText();
  const [asked, setAsked] = useState<readonly string[] | null>(null);
  const current = useRef<string>(TRIGGER);

  const change = (next: Document, description: string): boolean => {
    if (!onChange || next === document) return false;
    onChange(next, description);
    announce(description);
    return true;
  };

  const add = (type: string, place: Place): void => {
    const description = types.nodes.find((one) => one.type === type);
    const node = newNode(document, type);
    const title = description ? typeText.title('node', description) : type;
    addRecent(type);
    if (change(insertNode(document, place, node), t('done.add', { title }))) onAdded(node.key);
  };

  const move = (key: string, place: Place): void => {
    if (change(moveNode(document, key, place), t('done.move', { title: titleOf(key) }))) onMoved(key);
  };

  const moveBy = (key: string, step: 1 | -1): void => {
    const place = placeBeside(document, layout, key, step);
    if (place === undefined) return;
    const title = titleOf(key);
    const isMoved = change(moveNode(document, key, place), t('done.move', { title }));
    if (!isMoved) return;
    announce(t('done.moveTo', { title, place: placeText(place) }));
    onMoved(key);
  };

  const describe = (key: string | null) => {
    const type = key === null ? undefined : findNode(document, key)?.node.type;
    return types.nodes.find((one) => one.type === type);
  };
  const canMoveBranch = ({ owner, branch }: ListPlace, by: 1 | -1): boolean => {
    const node = owner === null ? undefined : findNode(document, owner)?.node;
    return onChange !== undefined && node !== undefined && shiftBranch(node, describe(owner), branch, by) !== undefined;
  };
  const moveBranchBy = (list: ListPlace, by: 1 | -1): void => {
    const { owner, branch } = list;
    if (owner === null) return;
    const texts = { branch: branchName(list), title: titleOf(owner) };
    const next = moveBranch(document, owner, branch, by, describe(owner));
    change(next, by === 1 ? t('done.branchRight', texts) : t('done.branchLeft', texts));
  };

  const keysOf = (key: string): readonly string[] => (range.includes(key) ? range : findNode(document, key) ? [key] : []);

  const removeNow = (keys: readonly string[]): void => {
    const [first, last] = [findNode(document, keys[0] ?? '')?.place, findNode(document, keys.at(-1) ?? '')?.place];
    if (first === undefined || last === undefined) return;
    const list = listAt(document, first);
    const next = list[last.index + 1] ?? list[first.index - 1];
    if (change(removeNodes(document, keys), doneText('delete', keys))) onRemoved(next?.key ?? first.owner ?? TRIGGER);
  };

  const remove = (keys: readonly string[]): void => {
    const nodes = keys.flatMap((key) => findNode(document, key)?.node ?? []);
    if (nodes.length === 0 || !onChange) return;
    if (nodes.some((node) => nodesWithin(node).length > 1)) setAsked(keys);
    else removeNow(keys);
  };

  const doneText = (what: 'delete' | 'copy' | 'duplicate', keys: readonly string[]): string =>
    keys.length > 1 ? t(`doneMany.${what}`, { count: keys.length }) : t(`done.${what}`, { title: titleOf(keys[0] ?? '') });

  const copyText = (key: string): string | null => {
    const keys = keysOf(key);
    if (keys.length === 0) return null;
    copied = copyNodes(document, keys);
    announce(doneText('copy', keys));
    return copied;
  };

  const paste = (text: string, key: string): void => {
    const place = findNode(document, key)?.place ?? { owner: null, branch: '', index: -1 };
    const pasted = onChange && pasteNodes(document, text, { ...place, index: place.index + 1 }, types.nodes);
    if (!pasted) {
      announce(t('nothingToPaste'));
      return;
    }
    const [first] = pasted.keys;
    if (change(pasted.document, t('done.paste', { count: pasted.keys.length })) && first !== undefined) onMoved(...pasted.keys);
  };

  const act = (action: NodeAction, key: string): void => {
    switch (action) {
      case 'moveUp':
        moveBy(key, -1);
        return;
      case 'moveDown':
        moveBy(key, 1);
        return;
      case 'duplicate': {
        const originals = keysOf(key);
        const { document: next, keys } = duplicateNodes(document, originals, types.nodes);
        if (change(next, doneText('duplicate', originals))) onMoved(...keys);
        return;
      }
      case 'copy':
      case 'cut': {
        const text = copyText(key);
        if (text === null) return;
        writeClipboard(text);
        if (action === 'cut') removeNow(keysOf(key));
        return;
      }
      case 'paste': {
        void readClipboard().then((text) => paste(text ?? '', key));
        return;
      }
      case 'delete':
        remove(keysOf(key));
        return;
      case 'branchLeft':
      case 'branchRight': {
        const place = findNode(document, key)?.place;
        if (place) moveBranchBy(place, action === 'branchRight' ? 1 : -1);
        return;
      }
      case 'addBranch': {
        const names = Object.keys(findNode(document, key)?.node.branches ?? {});
        let number = names.length + 1;
        while (names.includes(`branch${number}`)) number += 1;
        change(addBranch(document, key, `branch${number}`), t('done.addBranch', { title: titleOf(key) }));
        return;
      }
      case 'open':
      case 'add':
      case 'move':
        return;
    }
  };

  const latest = useRef({
    copyText,
    paste,
    removeNow: (key: string) => removeNow(keysOf(key)),
    isEditable: onChange !== undefined,
  });
  useEffect(() => {
    latest.current = { copyText, paste, removeNow: (key) => removeNow(keysOf(key)), isEditable: onChange !== undefined };
  });
  useClipboardKeys(root, current, latest);

  return {
    add,
    move,
    act,
    setKey: (key) => {
      current.current = key;
    },
    actionsFor(key) {
      if (key === TRIGGER) return new Set<NodeAction>(onChange ? ['open', 'add', 'paste'] : ['open']);
      const isRange = range.includes(key);
      if (!onChange) return new Set<NodeAction>(isRange ? ['copy'] : ['open', 'copy']);
      if (isRange) return new Set<NodeAction>(['duplicate', 'copy', 'cut', 'delete']);
      const found = findNode(document, key);
      const actions = new Set<NodeAction>(['open', 'add', 'move', 'duplicate', 'copy', 'cut', 'paste', 'delete']);
      if (placeBeside(document, layout, key, -1)) actions.add('moveUp');
      if (placeBeside(document, layout, key, 1)) actions.add('moveDown');
      if (found && canMoveBranch(found.place, -1)) actions.add('branchLeft');
      if (found && canMoveBranch(found.place, 1)) actions.add('branchRight');
      if (isGuess(describe(key))) actions.add('addBranch');
      return actions;
    },
    moveBranch: moveBranchBy,
    canMoveBranch,
    asked,
    answer(isMeant) {
      setAsked(null);
      if (asked !== null && isMeant) removeNow(asked);
    },
  };
}

function writeClipboard(text: string): void {
  // Without a secure context there is none; then the copy stays in this window.
  if (!('clipboard' in navigator)) return;
  navigator.clipboard.writeText(text).catch(notifyError);
}

async function readClipboard(): Promise<string | null> {
  if (!('clipboard' in navigator)) return copied;
  try {
    const text = await navigator.clipboard.readText();
    return readNodes(text) ? text : copied;
  } catch {
    // Reading may be forbidden; what was copied here is known.
    return copied;
  }
}

interface ClipboardParts {
  copyText(key: string): string | null;
  paste(text: string, key: string): void;
  removeNow(key: string): void;
  readonly isEditable: boolean;
}

/** The browser's own events: they need no permission. They come to the document when nothing is selected. */
function useClipboardKeys(
  root: RefObject<HTMLElement | null>,
  current: RefObject<string>,
  latest: RefObject<ClipboardParts>,
): void {
  useEffect(() => {
    const isMeant = (): boolean => {
      const focused = window.document.activeElement;
      return focused?.getAttribute('role') === 'tree' && root.current?.contains(focused) === true;
    };
    const onCopy = (event: ClipboardEvent): void => {
      if (!isMeant()) return;
      const isCut = event.type === 'cut';
      if (isCut && !latest.current.isEditable) return;
      const text = latest.current.copyText(current.current);
      if (text === null) return;
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
      if (isCut) latest.current.removeNow(current.current);
    };
    const onPaste = (event: ClipboardEvent): void => {
      if (!isMeant() || !latest.current.isEditable) return;
      event.preventDefault();
      latest.current.paste(event.clipboardData?.getData('text/plain') ?? '', current.current);
    };
    window.document.addEventListener('copy', onCopy);
    window.document.addEventListener('cut', onCopy);
    window.document.addEventListener('paste', onPaste);
    return () => {
      window.document.removeEventListener('copy', onCopy);
      window.document.removeEventListener('cut', onCopy);
      window.document.removeEventListener('paste', onPaste);
    };
  }, [root, current, latest]);
}
