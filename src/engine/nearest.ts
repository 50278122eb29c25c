// Finds the known names that are most like a mistyped one, for messages such as: did you mean "condition"?

/** Longer names are not compared: nobody mistypes them by a letter, and the work grows with the square of the length. */
const MAX_LENGTH = 100;

/**
 * The known names within a third of the name's length in single-letter edits, closest first.
 * @param limit how many at most; default 3
 */
export function nearestNames(name: string, known: Iterable<string>, limit = 3): string[] {
  if (name.length > MAX_LENGTH) return [];
  const typed = name.toLowerCase();
  const found: { candidate: string; distance: number }[] = [];
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    const allowed = Math.max(1, Math.floor(Math.max(typed.length, lower.length) / 3));
    const distance =
      lower.length > 2 && typed.length > 2 && (lower.includes(typed) || typed.includes(lower)) ? 1 : edits(typed, lower);
    // Names with no letter in common are no mistyping of each other, however short they are.
    if (distance <= allowed && distance < Math.min(typed.length, lower.length)) found.push({ candidate, distance });
  }
  found.sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1));
  return found.slice(0, limit).map(({ candidate }) => candidate);
}

/** Most mistyped names of one document that are compared with all known ones. */
const MAX_COMPARED = 100;

/** `nearestNames` for many names: each is compared once, and after the first hundred there are no more suggestions. */
export function createNearestNames(known: () => Iterable<string>): (name: string) => string[] {
  const found = new Map<string, string[]>();
  return (name) => {
    let nearest = found.get(name);
    if (nearest === undefined) {
      nearest = found.size < MAX_COMPARED ? nearestNames(name, known()) : [];
      if (found.size < MAX_COMPARED) found.set(name, nearest);
    }
    return nearest;
  };
}

/** How many letters must be added, removed, replaced or swapped with their neighbour (optimal string alignment). */
function edits(a: string, b: string): number {
  if (b.length > MAX_LENGTH) return Number.POSITIVE_INFINITY;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 0; i < a.length; i++) {
    const row = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = (previous[j] ?? 0) + (a[i] === b[j] ? 0 : 1);
      const isSwap = i > 0 && j > 0 && a[i] === b[j - 1] && a[i - 1] === b[j];
      const swapped = isSwap ? (beforePrevious[j - 1] ?? 0) + 1 : replaced;
      row.push(Math.min(replaced, swapped, (previous[j + 1] ?? 0) + 1, (row[j] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous[b.length] ?? 0;
}
