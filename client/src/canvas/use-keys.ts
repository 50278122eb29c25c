// What each key does on the canvas.

import { type KeyboardEvent, useEffect } from 'react';
import type { Document } from '../../../src/engine/model.ts';
import type { Layout } from './layout.ts';
import { type Direction, neighbourOf } from './navigate.ts';
import type { NodeAction } from './node-menu.tsx';
import { TRIGGER } from './paths.ts';
import type { Editing } from './use-editing.ts';

export interface KeysOptions {
  readonly document: Document;
  readonly layout: Layout;
  readonly active: string;
  readonly isEditable: boolean;
  /** A node is being moved with the keyboard. */
  readonly carried: boolean;
  setActive(key: string): void;
  /** Takes the neighbour above or below into the range that is chosen. */
  extend(step: 1 | -1): void;
  select(key: string): void;
  clear(): void;
  openMenu(key: string): void;
  openPicker(key: string): void;
  pickUp(key: string): void;
  carry(step: 1 | -1): void;
  putDown(isMeant: boolean): void;
  readonly editing: Editing;
  readonly onUndo: (() => void) | undefined;
  readonly onRedo: (() => void) | undefined;
}

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowDown: 'next',
  ArrowUp: 'previous',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  Home: 'first',
  End: 'last',
};

/** With Alt. */
const MOVES: Readonly<Record<string, NodeAction>> = { ArrowUp: 'moveUp', ArrowDown: 'moveDown' };
/** With Alt and Shift: what is moved is the branch around the node. */
const BRANCH_MOVES: Readonly<Record<string, NodeAction>> = { ArrowLeft: 'branchLeft', ArrowRight: 'branchRight' };

export function useKeys(options: KeysOptions): (event: KeyboardEvent) => void {
  const { active, editing } = options;
  useEffect(() => {
    editing.setKey(active);
  }, [active, editing]);

  return (event) => {
    const isDone = options.carried ? carryKey(event, options) : (commandKey(event, options) ?? plainKey(event, options));
    if (isDone !== false) {
      event.preventDefault();
      event.stopPropagation();
    }
  };
}

function carryKey({ key }: KeyboardEvent, { carry, putDown }: KeysOptions): boolean {
  if (key === 'ArrowDown' || key === 'ArrowRight') carry(1);
  else if (key === 'ArrowUp' || key === 'ArrowLeft') carry(-1);
  else if (key === 'Enter' || key === ' ') putDown(true);
  else if (key === 'Escape' || key === 'Tab') putDown(false);
  else return false;
  return key !== 'Tab';
}

/** Undefined when no Ctrl, Cmd or Alt is pressed. */
function commandKey(event: KeyboardEvent, options: KeysOptions): boolean | undefined {
  const { active, editing, isEditable, onUndo, onRedo } = options;
  if (event.altKey) {
    const name = (event.shiftKey ? BRANCH_MOVES : MOVES)[event.key];
    if (name === undefined || !isEditable) return false;
    editing.act(name, active);
    return true;
  }
  if (!event.ctrlKey && !event.metaKey) return undefined;
  if (!isEditable) return false;
  const key = event.key.toLowerCase();
  if (key === 'z' && !event.shiftKey && onUndo) onUndo();
  else if (((key === 'z' && event.shiftKey) || key === 'y') && onRedo) onRedo();
  else if (key === 'd') editing.act('duplicate', active);
  else return false;
  return true;
}

function plainKey(event: KeyboardEvent, options: KeysOptions): boolean {
  const { document, layout, active, isEditable, editing } = options;
  if (event.shiftKey && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    options.extend(event.key === 'ArrowDown' ? 1 : -1);
    return true;
  }
  const direction = DIRECTIONS[event.key];
  if (direction !== undefined) {
    options.setActive(neighbourOf(document, layout, active, direction));
    return true;
  }
  switch (event.key) {
    case 'Enter':
      options.select(active);
      return true;
    case 'Escape':
      options.clear();
      return true;
    case 'F10':
    case 'ContextMenu':
      options.openMenu(active);
      return true;
    case '+':
    case 'Insert':
      options.openPicker(active);
      return isEditable;
    case 'Delete':
    case 'Backspace':
      editing.act('delete', active);
      return isEditable;
    case ' ':
      if (isEditable && active !== TRIGGER) options.pickUp(active);
      return true;
    default:
      return false;
  }
}
