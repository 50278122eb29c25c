import { describe, expect, it } from 'vitest';
import { findUnanswered, nodeOfProblem, problemsByNode, TRIGGER } from '../../../client/src/canvas/paths.ts';
import { condition, documentOf, nodeTypes, readExample, step } from './support.ts';

const answer = { key: 'answer', type: 'response', config: { status: 200 } };

describe('problems', () => {
  const document = documentOf(condition('paid', { true: [step('yes')], 'a.b': [step('odd')] }), answer);

  it('belong to the innermost node that their path names', () => {
    expect(nodeOfProblem(document, 'nodes[0].branches.true[0].config.value')).toBe('yes');
    expect(nodeOfProblem(document, 'nodes[0].branches["a.b"][0].config')).toBe('odd');
    expect(nodeOfProblem(document, 'nodes[0].branches.other')).toBe('paid');
    expect(nodeOfProblem(document, 'trigger.config.body[0]')).toBe(TRIGGER);
    expect(nodeOfProblem(document, 'settings.concurrency')).toBeNull();
    expect(nodeOfProblem(document, 'nodes')).toBeNull();
    expect(nodeOfProblem(document, 'nodes[7].config')).toBeNull();
  });

  it('are gathered by node', () => {
    const problem = (path: string) => ({ path, code: 'x', message: 'x', severity: 'error' as const });
    const found = problemsByNode(document, [
      problem('nodes[1].config.status'),
      problem('nodes[1].key'),
      problem('trigger'),
      problem('nodes'),
    ]);
    expect(found.get('answer')).toHaveLength(2);
    expect(found.get(TRIGGER)).toHaveLength(1);
    expect(found.get(null)).toHaveLength(1);
  });
});

describe('ways without a response', () => {
  it('are none in the payment callback', () => {
    expect(findUnanswered(readExample('payment-callback'), nodeTypes)).toEqual({
      openLists: [],
      silentNodes: [],
      unreachable: [],
    });
  });

  it('are found at the end of a branch, of the flow, and at an end node', () => {
    const open = findUnanswered(documentOf(condition('paid', { true: [answer], false: [step('no')] })), nodeTypes);
    expect(open.openLists).toEqual([{ owner: 'paid', branch: 'false' }]);
    expect(findUnanswered(documentOf(step('only')), nodeTypes).openLists).toEqual([{ owner: null, branch: '' }]);
    expect(findUnanswered(documentOf({ key: 'stop', type: 'end', config: {} }), nodeTypes).silentNodes).toEqual(['stop']);
    expect(findUnanswered(documentOf(answer, step('never')), nodeTypes).unreachable).toEqual(['never']);
  });

  it('are not guessed while a type is unknown', () => {
    expect(findUnanswered(documentOf({ key: 'a', type: 'from-elsewhere', config: {} }), nodeTypes).openLists).toEqual([]);
  });
});
