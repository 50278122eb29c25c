import { describe, expect, it } from 'vitest';
import { outputNode } from '../../src/plugins/output/node.ts';
import { runNode } from './node-context.ts';

describe('output', () => {
  it.each([[{ a: [1] }], ['text'], [0], [false], [null]])('makes %j the result of the execution', (value) => {
    expect(runNode(outputNode, { value })).toEqual({ type: 'done', output: value, isResult: true });
  });

  it('gives null for a value that a template does not find', () => {
    expect(runNode(outputNode, { value: undefined })).toMatchObject({ output: null });
  });

  it('refuses what it does not know', () => {
    expect(outputNode.config.safeParse({ value: 1, name: 'x' }).success).toBe(false);
  });
});
