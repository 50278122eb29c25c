// Documents and the built-in types for the tests of the canvas.

import type { PluginList } from '../../../client/src/api/workflows.ts';
import orderNotification from '../../../examples/order-notification.json' with { type: 'json' };
import paymentCallback from '../../../examples/payment-callback.json' with { type: 'json' };
import { type Document, documentSchema, type Node } from '../../../src/engine/model.ts';
import { createRegistry, type NodeDescription } from '../../../src/engine/registry.ts';
import { builtIns } from '../../../src/plugins/index.ts';

export const types: PluginList = createRegistry([builtIns]).describe();
export const nodeTypes: ReadonlyMap<string, NodeDescription> = new Map(types.nodes.map((type) => [type.type, type]));

const EXAMPLES = { 'payment-callback': paymentCallback, 'order-notification': orderNotification };

/** A shipped example's document. */
export function readExample(name: keyof typeof EXAMPLES): Document {
  const { trigger, nodes } = EXAMPLES[name];
  return documentSchema.parse({ trigger, nodes });
}

export function documentOf(...nodes: Node[]): Document {
  return { trigger: { type: 'webhook', config: {} }, nodes };
}

export function step(key: string, config: Record<string, unknown> = { value: 1 }): Node {
  return { key, type: 'variable', config };
}

export function condition(key: string, branches: Record<string, Node[]>): Node {
  const test = { all: [{ left: '{{$context.body.paid}}', operator: 'equal', right: true }] };
  return { key, type: 'condition', config: { engine: 'basic', test }, branches };
}

/** A flow with branches, loops and failure branches, of about `size` nodes. */
export function bigDocument(size: number): Document {
  let count = 0;
  const next = (prefix: string): string => {
    count += 1;
    return `${prefix}${count}`;
  };
  const nodes: Node[] = [];
  while (count < size) {
    const [paid, yes, no, each, call] = [next('paid'), next('yes'), next('no'), next('each'), next('call')];
    nodes.push(condition(paid, { true: [step(yes), step(next('more'))], false: [step(no, { value: `{{$nodes.${paid}}}` })] }), {
      key: each,
      type: 'loop',
      config: { over: '{{$context.body.items}}' },
      branches: {
        body: [
          {
            key: call,
            type: 'http-request',
            config: { url: 'https://example.com' },
            onFailure: 'branch',
            branches: { failure: [step(next('tell'))] },
          },
        ],
      },
    });
  }
  return { trigger: { type: 'webhook', config: {} }, nodes };
}
