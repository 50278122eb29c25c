import { expect, it } from 'vitest';
import { roundsOf } from '../../../client/src/variables/execution-rounds.ts';
import { documentSchema } from '../../../src/engine/model.ts';

const step = (key: string) => ({ key, type: 'variable', config: {} });
const { nodes } = documentSchema.parse({
  trigger: { type: 'webhook' },
  nodes: [
    {
      key: 'orders',
      type: 'loop',
      branches: {
        body: [
          {
            key: 'paid',
            type: 'condition',
            branches: { true: [{ key: 'items', type: 'loop', branches: { body: [step('line'), step('note')] } }] },
          },
          step('sent'),
        ],
      },
    },
    { key: 'other', type: 'loop', branches: { body: [step('far')] } },
    step('first'),
    step('alone'),
  ],
});

const job = (path: string, status: 'succeeded' | 'failed' = 'succeeded') => ({
  path,
  key: path.slice(path.lastIndexOf('/') + 1),
  status,
});
const found = (key: string, ...jobs: ReturnType<typeof job>[]) => roundsOf(jobs, nodes, key);

it('are in the order of the loops, with the job of the node itself where it has run', () => {
  const jobs = ['orders[1]/sent', 'orders[10]/sent', 'orders[2]/paid', 'other[0]/far'].map((path) => job(path));
  expect(found('sent', ...jobs)).toEqual([
    { prefix: 'orders[1]/', indices: [1], path: 'orders[1]/sent', status: 'succeeded' },
    { prefix: 'orders[2]/', indices: [2], path: 'orders[2]/paid', status: undefined },
    { prefix: 'orders[10]/', indices: [10], path: 'orders[10]/sent', status: 'succeeded' },
  ]);
});

it('go through loops in loops', () => {
  const jobs = ['orders[0]/paid', 'orders[0]/items[0]/line', 'orders[1]/items[1]/note', 'orders[1]/items[0]/line'];
  const rounds = found('line', ...jobs.map((path) => job(path)), job('orders[1]/items[1]/line', 'failed'));
  expect(rounds.map(({ path, indices, status }) => [path, indices.join(), status])).toEqual([
    ['orders[0]/items[0]/line', '0,0', 'succeeded'],
    ['orders[1]/items[0]/line', '1,0', 'succeeded'],
    ['orders[1]/items[1]/line', '1,1', 'failed'],
  ]);
});

it('are one where no loop is around, and none where nothing beside the node has run', () => {
  expect(found('alone', job('first'), job('orders[0]/sent'))).toEqual([
    { prefix: '', indices: [], path: 'first', status: undefined },
  ]);
  expect(found('alone', job('orders[0]/sent'))).toEqual([]);
  expect(found('nobody', job('first'))).toEqual([]);
});
