// Back to the canvas, when the button that was pressed goes away with what it did: the focus goes on there, and screen readers hear why.

import { type RefObject, useCallback, useEffect, useState } from 'react';
import { waitFor } from './focus-field.ts';

export interface Return {
  /** What is to be heard. */
  readonly message: string;
  /** To the canvas as it is. */
  toCanvas(): void;
  /** To the canvas with the draft on it. @param text says what happened; empty when something else says it */
  toDraft(text: string): void;
}

/**
 * @param body holds the canvas
 * @param hasDraft false while something else is shown, such as an old revision
 */
export function useReturn(body: RefObject<HTMLElement | null>, hasDraft: boolean): Return {
  const [message, setMessage] = useState('');
  const [isWanted, setWanted] = useState(false);
  const toCanvas = useCallback(
    () =>
      // The canvas is one stop of the Tab key, and knows which node was last.
      waitFor(
        () => body.current?.querySelector<HTMLElement>('[role="tree"]') ?? null,
        (tree) => tree.focus({ preventScroll: true }),
      ),
    [body],
  );
  useEffect(() => {
    // The canvas of the draft is another one than that of a revision.
    if (!isWanted || !hasDraft) return;
    setWanted(false);
    toCanvas();
  }, [isWanted, hasDraft, toCanvas]);
  // What is left is said again the next time.
  useEffect(() => {
    if (!hasDraft) setMessage('');
  }, [hasDraft]);
  const toDraft = useCallback((text: string) => {
    setMessage(text);
    setWanted(true);
  }, []);
  return { message, toCanvas, toDraft };
}
