// The editor's keys: save, undo, redo; and whether the last thing that was done was done with a key.

import { useCallback, useEffect, useRef } from 'react';

export interface EditorKeys {
  onSave(): void;
  onUndo(): void;
  onRedo(): void;
}

/** Ctrl or Cmd with S, Z, Shift+Z and Y. In a field, undo is the field's own. */
export function useEditorKeys({ onSave, onUndo, onRedo }: EditorKeys): void {
  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if ((!event.ctrlKey && !event.metaKey) || event.altKey || event.defaultPrevented) return;
      const key = event.key.toLowerCase();
      if (key === 's') {
        event.preventDefault();
        onSave();
      } else if ((key === 'z' || key === 'y') && !isField(event.target)) {
        event.preventDefault();
        if (key === 'y' || event.shiftKey) onRedo();
        else onUndo();
      }
    }
    window.addEventListener('keydown', onKeyDown);
    return () => window.removeEventListener('keydown', onKeyDown);
  }, [onSave, onUndo, onRedo]);
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select, .cm-editor') !== null)
  );
}

/** Says whether a key was pressed after the pointer was last used. */
export function useLastInput(): () => boolean {
  const wasKey = useRef(false);
  useEffect(() => {
    const onKey = (): void => {
      wasKey.current = true;
    };
    const onPointer = (): void => {
      wasKey.current = false;
    };
    window.addEventListener('keydown', onKey, true);
    window.addEventListener('pointerdown', onPointer, true);
    return () => {
      window.removeEventListener('keydown', onKey, true);
      window.removeEventListener('pointerdown', onPointer, true);
    };
  }, []);
  return useCallback(() => wasKey.current, []);
}
