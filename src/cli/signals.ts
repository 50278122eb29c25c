// How a running server ends: gracefully on the first signal, at once on the second, with code 1 on an error nobody caught.

import { constants } from 'node:os';
import { printError } from './print-error.ts';

/** Runs `stop` on the first SIGINT or SIGTERM and exits with 0; a second signal exits at once. */
export function stopOnSignals(stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = (signal: 'SIGINT' | 'SIGTERM'): void => {
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    console.log(`${signal}: stopping. Once more to stop at once.`);
    // Otherwise Node would exit in the middle of a stop that waits for something unreferenced.
    setInterval(() => {}, 1_000_000);
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        printError(error);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
}
