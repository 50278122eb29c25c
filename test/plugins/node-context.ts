// Runs one node as the runner does, without an engine: what it would ask of one is given by the test.

import type { BranchOutcome, NodeContext, NodeResult, NodeType } from '../../src/engine/plugin.ts';

export const NOW = Date.UTC(2026, 0, 31, 12);

export type BranchOptions = Parameters<NodeContext<unknown>['branch']>[1];

export interface Given {
  /** What a branch comes to. */
  branch?(name: string, options: BranchOptions): BranchOutcome | Promise<BranchOutcome>;
  /** The values of expressions, one after the other. */
  values?: unknown[];
  /** Rounds that have begun in an earlier turn. */
  begun?: readonly number[];
}

export function runNode<Config>(type: NodeType<Config>, config: unknown, given: Given = {}): NodeResult | Promise<NodeResult> {
  const no = () => Promise.reject(new Error('not used'));
  const parsed = type.config.parse(config);
  const values = [...(given.values ?? [])];
  const context: NodeContext<Config> = {
    config: parsed,
    scope: {
      $context: {},
      $request: null,
      $nodes: {},
      $scopes: {},
      $system: { now: '' },
      $execution: {},
      $resume: {},
      $secrets: {},
    },
    render: () => parsed,
    signal: new AbortController().signal,
    idempotencyKey: 'execution/node',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    now: () => NOW,
    evaluate: async () => values.shift(),
    runScript: no,
    fetch: no,
    assign() {},
    branch: async (name, options) => given.branch?.(name, options) ?? { status: 'completed' },
    hasBegun: (index) => given.begun?.includes(index) ?? false,
  };
  return type.run(context);
}
