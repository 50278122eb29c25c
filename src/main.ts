#!/usr/bin/env node
// The `hookline` command: hands over to the command line in cli/ and turns whatever goes wrong into one sentence and exit code 1.

import { printBug, printError } from './cli/print-error.ts';
import { createProgram } from './cli/program.ts';

function onBug(error: unknown): void {
  printBug(error);
  process.exit(1);
}

process.on('uncaughtException', onBug);
process.on('unhandledRejection', onBug);

try {
  await createProgram().parseAsync();
} catch (error) {
  printError(error);
  process.exit(1);
}
