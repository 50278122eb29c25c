// Bounds a map that strangers can make grow.

/** Sets a value as the latest one. Beyond `max` entries the one that was set the longest time ago is deleted. */
export function keepLatest<Value>(map: Map<string, Value>, key: string, value: Value, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    break;
  }
}
