// How a control node says that it fails because a node inside one of its branches failed.

import type { Failure } from './model.ts';

/** Thrown by control nodes: the execution then shows the failure of the inner node, with that node's place. */
export class BranchFailedError extends Error {
  override readonly name = 'BranchFailedError';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}
