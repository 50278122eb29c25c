// Values that stay the same object while they say the same, so that only the fields that changed are drawn again.

import { useLayoutEffect, useMemo, useRef } from 'react';

/** The value of the last render, for handlers that stay the same function. */
export function useLatest<Value>(value: Value): { readonly current: Value } {
  const latest = useRef(value);
  useLayoutEffect(() => {
    latest.current = value;
  });
  return latest;
}

/** A list of texts, the same list while it holds the same. */
export function useStableTexts(texts: readonly string[]): readonly string[] {
  const key = JSON.stringify(texts);
  return useMemo(() => JSON.parse(key) as string[], [key]);
}
