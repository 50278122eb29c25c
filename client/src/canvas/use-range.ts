// Neighbours that are chosen together: from where Shift was first pressed to the node that has the keyboard.

import { useMemo, useState } from 'react';
import type { Document } from '../../../src/engine/model.ts';
import { rangeEnd, rangeOf } from './navigate.ts';

export interface Range {
  /** Keys in their order; empty while fewer than two are chosen. */
  readonly keys: readonly string[];
  /** Where the range begins, or would begin. */
  readonly from: string;
  /** Sets where it begins; null chooses no range. */
  begin(key: string | null): void;
  /** The node that would end it one further up or down. */
  endBeside(step: 1 | -1): string;
}

const NONE: readonly string[] = [];

export function useRange(document: Document, active: string): Range {
  const [anchor, begin] = useState<string | null>(null);
  const keys = useMemo(() => {
    const among = anchor === null ? NONE : rangeOf(document, anchor, active);
    return among.length > 1 ? among : NONE;
  }, [document, anchor, active]);
  const from = anchor ?? active;
  return { keys, from, begin, endBeside: (step) => rangeEnd(document, from, active, step) };
}
