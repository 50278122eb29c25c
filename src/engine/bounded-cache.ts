// A map from text to what was compiled from it, which forgets the oldest entry when it is full.

export interface BoundedCache<Value> {
  /** The value made for this text, made now if it is not kept. What `make` throws is thrown and nothing is kept. */
  get(text: string): Value;
  readonly size: number;
}

/** `maxEntries` bounds the memory: texts may come from requests, so nothing else does. */
export function createBoundedCache<Value>(maxEntries: number, make: (text: string) => Value): BoundedCache<Value> {
  const entries = new Map<string, Value>();
  return {
    get(text) {
      const known = entries.get(text);
      if (known !== undefined) return known;
      const made = make(text);
      setBounded(entries, text, made, maxEntries);
      return made;
    },
    get size() {
      return entries.size;
    },
  };
}

/** Adds to a map and forgets its oldest entry when it is full. */
export function setBounded<Value>(entries: Map<string, Value>, key: string, value: Value, maxEntries: number): void {
  if (entries.size >= maxEntries && !entries.has(key)) {
    for (const oldest of entries.keys()) {
      entries.delete(oldest);
      break;
    }
  }
  entries.set(key, value);
}
