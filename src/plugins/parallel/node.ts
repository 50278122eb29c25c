// Parallel branches: run side by side; all, any or the first of them decide how the flow goes on.

import { BranchFailedError } from '../../engine/branch-failed-error.ts';
import { type BranchOutcome, defineNode, type NodeContext, type NodeResult } from '../../engine/plugin.ts';
import { type ParallelConfig, parallelConfigSchema } from './schema.ts';

interface Branch {
  readonly key: string;
  readonly outcome: Promise<BranchOutcome>;
  stop(): void;
}

export const parallelNode = defineNode<ParallelConfig>({
  type: 'parallel',
  title: 'Parallel branches',
  description: 'Runs its branches side by side, and goes on when all of them, any of them or the first of them is done.',
  config: parallelConfigSchema,
  branches: ({ branches }) => branches.map(({ key }) => key),
  async run(context) {
    const { mode } = context.config;
    const branches = context.config.branches.map(({ key }) => start(context, key));
    try {
      return await decide(branches, mode);
    } finally {
      for (const { stop } of branches) stop();
    }
  },
});

function start(context: NodeContext<ParallelConfig>, key: string): Branch {
  const controller = new AbortController();
  const outcome = context.branch(key, { signal: controller.signal });
  return { key, outcome, stop: () => controller.abort() };
}

/** The result as soon as it is certain; branches that are then on their way are stopped. @throws BranchFailedError */
function decide(branches: readonly Branch[], mode: ParallelConfig['mode']): Promise<NodeResult> {
  return new Promise((resolve, reject) => {
    let left = branches.length;
    let isWaiting = false;
    let isStopped = false;
    let failure: BranchFailedError | undefined;

    const settle = (key: string, outcome: BranchOutcome): void => {
      left -= 1;
      if (outcome.status === 'waiting') isWaiting = true;
      if (outcome.status === 'stopped') isStopped = true;
      if (outcome.status === 'failed') {
        failure ??= new BranchFailedError(outcome.error);
        if (mode !== 'any') reject(failure);
      }
      if (outcome.status === 'completed' && mode !== 'all') resolve({ type: 'done', output: { branch: key } });
      if (left > 0) return;
      // What is returned for an execution that has ended counts for nothing.
      if (isStopped) resolve({ type: 'done' });
      else if (isWaiting) resolve({ type: 'suspend' });
      else if (failure) reject(failure);
      else resolve({ type: 'done', output: { branches: branches.map((branch) => branch.key) } });
    };
    for (const { key, outcome } of branches) outcome.then((value) => settle(key, value), reject);
  });
}
