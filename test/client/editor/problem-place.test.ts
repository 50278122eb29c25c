// Where a problem belongs.

import { expect, test } from 'vitest';
import { TRIGGER } from '../../../client/src/canvas/paths.ts';
import { fieldProblems, placeOf, placeProblems, problemsOf } from '../../../client/src/editor/problem-place.ts';
import type { Document, Problem } from '../../../src/engine/model.ts';

const document: Document = {
  trigger: { type: 'webhook', config: {} },
  nodes: [
    {
      key: 'paid',
      type: 'condition',
      config: {},
      branches: { true: [{ key: 'ok', type: 'response', config: {} }], 'not so': [{ key: 'no', type: 'response', config: {} }] },
    },
  ],
};

test.each([
  ['trigger.config.body[0].path', TRIGGER, 'config', 'body[0].path'],
  ['trigger.type', TRIGGER, 'node', 'type'],
  ['trigger', TRIGGER, 'node', ''],
  ['nodes[0].config.test', 'paid', 'config', 'test'],
  ['nodes[0].config', 'paid', 'config', ''],
  ['nodes[0].retry.attempts', 'paid', 'node', 'retry.attempts'],
  ['nodes[0].branches.true[0].config.status', 'ok', 'config', 'status'],
  ['nodes[0].branches["not so"][0].config.headers[1].name', 'no', 'config', 'headers[1].name'],
  ['nodes[0].branches.true', 'paid', 'node', 'branches.true'],
  ['settings.timeoutMs', null, 'settings', 'timeoutMs'],
  ['title', null, 'workflow', 'title'],
  ['', null, 'workflow', ''],
  ['nodes[7].config.x', null, 'workflow', 'nodes[7].config.x'],
])('%s belongs to %s, %s, field "%s"', (path, key, part, field) => {
  expect(placeOf(document, path)).toEqual({ key, part, field });
});

const problem = (path: string, severity: Problem['severity']): Problem => ({
  path,
  code: 'x',
  message: `about ${path}`,
  severity,
});

test('errors come before warnings', () => {
  const placed = placeProblems(document, [problem('nodes[0].config.test', 'warning'), problem('trigger.config.body', 'error')]);
  expect(placed.map(({ problem: { severity } }) => severity)).toEqual(['error', 'warning']);
});

test('a form gets what is below its own configuration', () => {
  const placed = placeProblems(document, [
    problem('nodes[0].config.test', 'error'),
    problem('nodes[0].title', 'error'),
    problem('nodes[0].branches.true[0].config.status', 'warning'),
  ]);
  expect(fieldProblems(placed, 'paid', 'config')).toEqual([
    { path: 'test', message: 'about nodes[0].config.test', severity: 'error' },
  ]);
  expect(fieldProblems(placed, 'ok', 'config').map(({ path }) => path)).toEqual(['status']);
});

test('what a refusal holds is read, and nothing else is taken for problems', () => {
  const problems = [problem('title', 'error')];
  expect(problemsOf({ problems })).toEqual(problems);
  for (const details of [undefined, null, 'x', {}, { problems: 3 }, { problems: [1, {}] }])
    expect(problemsOf(details)).toEqual([]);
});
