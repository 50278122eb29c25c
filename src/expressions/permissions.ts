// The arguments that take from a process for expressions what it has no use for: Node's permission model and V8's switches.

import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Arguments for Node. The process may read the code of this package and the packages beside it, and may do nothing else with
 * files; it starts no processes and no threads, loads no native addons, and opens no debugger.
 * @param entry the compiled file that the process runs
 */
export function permissionArguments(entry: string): string[] {
  const flag = permissionFlag();
  return flag === undefined ? [] : [flag, ...readablePaths(entry).map((path) => `--allow-fs-read=${path}`)];
}

/** Arguments that work whatever runs: compiled code or source. */
export const LANGUAGE_ARGUMENTS: readonly string[] = [
  // Every escape from an expression language has needed `f.constructor('…')`.
  '--disallow-code-generation-from-strings',
  '--disable-proto=delete',
  // That the permission model is experimental on Node 20; what the process writes is shown as the reason of its end.
  '--no-warnings',
];

/** What this Node calls the permission model; undefined when it has none. */
export function permissionFlag(): string | undefined {
  return ['--permission', '--experimental-permission'].find((flag) => process.allowedNodeEnvironmentFlags.has(flag));
}

/** The compiled code and all packages it can resolve, with the files that say what kind of modules they are. */
function readablePaths(entry: string): string[] {
  const code = dirname(dirname(entry));
  const paths = new Set([code]);
  for (let folder = code; ; folder = dirname(folder)) {
    for (const name of ['node_modules', 'package.json']) {
      const path = join(folder, name);
      if (!existsSync(path)) continue;
      paths.add(path);
      paths.add(realpathSync(path));
    }
    if (folder === dirname(folder)) return [...paths];
  }
}
