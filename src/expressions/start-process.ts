// Starts a process that evaluates expressions, with as few rights as Node can give it.

import { type ChildProcess, fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LANGUAGE_ARGUMENTS, permissionArguments } from './permissions.ts';

/**
 * The process's code is compiled beside this file. From source (tests, `npm run dev`) Node 20 reads it with tsx, which needs
 * threads and processes itself: then the permission model is off, and only the lockdown of `lockdown.ts` is there.
 * @param memoryMb heap of the process in megabytes
 * @param entry the file it runs, beside this one; default: the worker
 */
export function startProcess(memoryMb: number, entry = workerFile()): ChildProcess {
  const rights = isSource()
    ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href]
    : permissionArguments(entry);
  return fork(entry, [], {
    execArgv: [`--max-old-space-size=${memoryMb}`, ...LANGUAGE_ARGUMENTS, ...rights],
    // Nothing of the server's environment is an expression's business.
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

function isSource(): boolean {
  return import.meta.url.endsWith('.ts');
}

function workerFile(): string {
  return fileURLToPath(new URL(isSource() ? './worker.ts' : './worker.js', import.meta.url));
}
