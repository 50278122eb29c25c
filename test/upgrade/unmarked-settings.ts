// Finds what a version takes in configurations that the version before refuses, and that is not marked as newer.

type Json = ReturnType<typeof JSON.parse>;

const isObject = (value: Json): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The constants that tell the members of a union apart. */
function nameOf(member: Json, index: number): string {
  const constants = Object.values<Json>(member?.properties ?? {}).filter((property) => property?.const !== undefined);
  return constants.length > 0 ? JSON.stringify(constants.map((property) => property.const)) : String(index);
}

/**
 * Compares the JSON Schemas of one configuration.
 * @returns places of settings, kinds and values that came later without `.meta({ sinceMigration })`
 */
export function findUnmarked(next: Json, before: Json, path: string): string[] {
  if (!isObject(next) || typeof next.sinceMigration === 'string') return [];
  if (before === undefined) return [path];
  const found: string[] = [];
  for (const [name, property] of Object.entries<Json>(next.properties ?? {})) {
    found.push(...findUnmarked(property, before.properties?.[name], `${path}.${name}`));
  }
  if (isObject(next.items)) found.push(...findUnmarked(next.items, before.items, `${path}[]`));
  for (const union of ['anyOf', 'oneOf', 'allOf']) {
    const members = new Map<string, Json>(
      (before[union] ?? []).map((member: Json, index: number) => [nameOf(member, index), member]),
    );
    for (const [index, member] of (next[union] ?? []).entries()) {
      const name = nameOf(member, index);
      found.push(...findUnmarked(member, members.get(name), `${path}(${name})`));
    }
  }
  for (const name of Object.keys(next.$defs ?? {})) {
    found.push(...findUnmarked(next.$defs[name], before.$defs?.[name], `${path}#${name}`));
  }
  const values: readonly unknown[] = before.enum ?? [];
  for (const value of next.enum ?? []) if (!values.includes(value)) found.push(`${path}=${JSON.stringify(value)}`);
  return found;
}
