// @vitest-environment jsdom
// The list of problems, and where the focus goes from it.

import { act, fireEvent, screen } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { focusField } from '../../../client/src/editor/focus-field.ts';
import { ProblemList } from '../../../client/src/editor/problem-list.tsx';
import { renderPart } from '../render.tsx';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const problem = {
  path: 'nodes[0].config.status',
  message: 'must be at least 200',
  severity: 'error',
  code: 'too_small',
} as const;
const placed = [{ problem, place: { part: 'node', key: 'no', field: 'status' } }] as const;
const document = { trigger: { type: 'webhook', config: {} }, nodes: [] };

function renderList() {
  const body = globalThis.document.body;
  const { container } = renderPart(
    <ProblemList
      problems={{ problems: [problem], placed: [...placed], isChecking: false, isUnknown: false }}
      document={document}
      openFor={null}
      onChoose={() => focusField(() => body, 'status')}
    />,
  );
  fireEvent.click(screen.getByRole('button', { name: /1 problem/ }));
  pass(1_000);
  return container;
}

const pass = (ms: number): void => act(() => void vi.advanceTimersByTime(ms));
const problemButton = (): HTMLElement => screen.getByRole('button', { name: /Must be at least 200/ });

function addField(container: HTMLElement): HTMLInputElement {
  const field = globalThis.document.createElement('input');
  field.dataset.field = 'status';
  container.append(field);
  return field;
}

test('the field of a problem keeps the focus that it was given', () => {
  const field = addField(renderList());
  fireEvent.click(problemButton());
  pass(1_000);
  expect(globalThis.document.activeElement).toBe(field);
});

test('a form that is slow to come gets the focus all the same', () => {
  const container = renderList();
  fireEvent.click(problemButton());
  pass(5_000);
  const field = addField(container);
  pass(100);
  expect(globalThis.document.activeElement).toBe(field);
});

test('a form that comes when the user has gone on does not take the focus', () => {
  const container = renderList();
  fireEvent.click(problemButton());
  pass(5_000);
  fireEvent.keyDown(globalThis.document.body, { key: 'Tab' });
  const field = addField(container);
  pass(100);
  expect(globalThis.document.activeElement).not.toBe(field);
});

test('Escape leads back to the button', () => {
  renderList();
  problemButton().focus();
  fireEvent.keyDown(problemButton(), { key: 'Escape' });
  pass(1_000);
  expect(globalThis.document.activeElement).toBe(screen.getByRole('button', { name: /1 problem/ }));
});
