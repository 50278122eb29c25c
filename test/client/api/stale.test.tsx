// @vitest-environment jsdom
// A page of what is being deleted does not ask for it again, whatever else is asked again meanwhile.

import { useQuery } from '@tanstack/react-query';
import { act, screen } from '@testing-library/react';
import { expect, test } from 'vitest';
import { refreshQueries, useDeletion } from '../../../client/src/api/stale.ts';
import { createQueries, renderPart } from '../render.tsx';

interface Deletion {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

function createDeletion(): Deletion {
  let resolve = (): void => undefined;
  let reject = (_error: Error): void => undefined;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve: () => resolve(), reject: (error) => reject(error) };
}

/** A page of endpoint `e1` beside the list, and how often each was asked for. */
function openPage(deletion: Deletion) {
  const asked = { list: 0, one: 0, stats: 0, other: 0 };
  const count = (name: keyof typeof asked) => async () => {
    asked[name] += 1;
    return asked[name];
  };
  function Page() {
    useQuery({ queryKey: ['endpoints', {}], queryFn: count('list') });
    useQuery({ queryKey: ['endpoint', 'e1'], queryFn: count('one') });
    useQuery({ queryKey: ['endpoint-stats', 'e1', '24h'], queryFn: count('stats') });
    useQuery({ queryKey: ['endpoint', 'e2'], queryFn: count('other') });
    const remove = useDeletion(
      ['endpoints', 'endpoint', 'endpoint-stats'],
      (_id: string) => deletion.promise,
      (id) => id,
    );
    return (
      <button type="button" onClick={() => remove.mutate('e1')}>
        {remove.status}
      </button>
    );
  }
  const queries = createQueries();
  const { user } = renderPart(<Page />, { queries });
  /** As a change event of the server does. */
  const change = () => act(() => refreshQueries(queries, ['endpoints', 'endpoint', 'endpoint-stats']));
  return { asked, user, change };
}

test('neither while it is deleted nor afterwards, also when changes are told', async () => {
  const deletion = createDeletion();
  const { asked, user, change } = openPage(deletion);
  await change();
  const before = { ...asked };
  await user.click(screen.getByRole('button'));
  await screen.findByText('pending');
  await change();
  expect(asked).toEqual({ ...before, list: before.list + 1, other: before.other + 1 });
  deletion.resolve();
  await screen.findByText('success');
  await change();
  expect({ one: asked.one, stats: asked.stats }).toEqual({ one: before.one, stats: before.stats });
  expect(asked.list).toBeGreaterThan(before.list + 1);
});

test('what could not be deleted is asked again', async () => {
  const deletion = createDeletion();
  const { asked, user, change } = openPage(deletion);
  await change();
  const before = { ...asked };
  await user.click(screen.getByRole('button'));
  await screen.findByText('pending');
  await change();
  expect(asked.one).toBe(before.one);
  deletion.reject(new Error('refused'));
  await screen.findByText('error');
  await change();
  expect(asked.one).toBeGreaterThan(before.one);
  expect(asked.stats).toBeGreaterThan(before.stats);
});
