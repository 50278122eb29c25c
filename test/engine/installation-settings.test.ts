import { expect, test } from 'vitest';
import { createInstallationSettings } from '../../src/engine/installation-settings.ts';

/** Values that processes on one database share. */
function sharedSettings() {
  const values = new Map<string, string>();
  return {
    values,
    get: async (name: string) => values.get(name),
    setAll: async (changed: ReadonlyMap<string, string>) => {
      for (const [name, value] of changed) values.set(name, value);
    },
  };
}

const defaults = { executions: { succeeded: 1_000, failed: 2_000 }, messagesMs: 3_000 };

test('what nobody has changed is as configured, in the process of today', async () => {
  const shared = sharedSettings();
  expect(await createInstallationSettings(shared, defaults).retention()).toEqual({
    executions: { succeeded: 1_000, failed: 2_000, error: null, canceled: null, timed_out: null },
    messagesMs: 3_000,
  });
  const other = createInstallationSettings(shared, { executions: {}, messagesMs: null });
  expect((await other.retention()).executions.succeeded).toBeNull();
});

test('a change holds in other processes at once, and two changes at once are both kept', async () => {
  const shared = sharedSettings();
  const [one, other] = [createInstallationSettings(shared, defaults), createInstallationSettings(shared, defaults)];
  await Promise.all([
    one.change({ executions: { succeeded: null } }),
    other.change({ executions: { failed: 9 }, messagesMs: null }),
  ]);
  for (const settings of [one, other]) {
    expect(await settings.retention()).toMatchObject({ executions: { succeeded: null, failed: 9 }, messagesMs: null });
  }
  await one.change({ executions: { succeeded: 'default' }, messagesMs: 'default' });
  expect(await other.retention()).toMatchObject({ executions: { succeeded: 1_000, failed: 9 }, messagesMs: 3_000 });
});
