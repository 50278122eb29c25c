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
      if (entries.size >= maxEntries) {
        for (const oldest of entries.keys()) {
          entries.delete(oldest);
          break;
        }
      }
      entries.set(text, made);
      return made;
    },
    get size() {
      return entries.size;
    },
  };
}
