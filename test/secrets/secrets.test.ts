// The secret service: values in memory, dropped when another process has changed them.

import { expect, it } from 'vitest';
import { createLocalBus } from '../../src/cluster/bus.ts';
import type { SecretStore, StoredSecret } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { createSecretService } from '../../src/secrets/secrets.ts';
import { keepLog } from '../engine/running.ts';

const KEY = '0123456789abcdef'.repeat(4);
const VALUE = 'value of the secret';

/** A store that two services share, as processes share a database; it counts how often it is read. */
function shared() {
  const rows = new Map<string, StoredSecret>();
  const state = { reads: 0, fails: false, knowsHosts: true };
  const store: SecretStore = {
    async list() {
      state.reads += 1;
      if (state.fails) throw new HooklineError('storage_unavailable', 'Not now.');
      return [...rows.values()];
    },
    get: async (name) => rows.get(name),
    async insert(secret) {
      rows.set(secret.name, secret);
    },
    async update(name, { sealedValue, allowedHosts, ...change }) {
      const row = rows.get(name);
      if (!row) return false;
      rows.set(name, {
        ...row,
        ...change,
        description: change.description ?? row.description,
        sealedValue: sealedValue ?? row.sealedValue,
        allowedHosts: allowedHosts === undefined ? row.allowedHosts : allowedHosts,
      });
      return true;
    },
    delete: async (name) => rows.delete(name),
  };
  const log = keepLog();
  const service = (key = KEY) => {
    const bus = createLocalBus(log);
    const secretBox = createSecretBox(key);
    const knowsHosts = () => state.knowsHosts;
    const secrets = createSecretService({ store, secretBox, bus, log, now: () => 1, knowsHosts, users: async () => new Map() });
    return { bus, secrets };
  };
  return { state, log, service, rows };
}

it('reads them once, and again when another process says that they have changed', async () => {
  const { state, service } = shared();
  const here = service();
  const there = service();
  await here.secrets.create({ name: 'KEY', value: VALUE }, 'ada');
  await there.secrets.vault.refresh();
  expect(there.secrets.vault.current().values.KEY).toBe(VALUE);
  const before = state.reads;
  expect(there.secrets.vault.refresh()).toBeUndefined();
  expect(state.reads).toBe(before);

  await here.secrets.update('KEY', { value: 'another value' }, 'bob');
  there.bus.deliver({ type: 'secrets-changed' });
  await there.secrets.vault.refresh();
  expect(there.secrets.vault.current().values.KEY).toBe('another value');
  there.bus.deliver({ type: 'messages-missed' });
  expect(there.secrets.vault.refresh()).toBeInstanceOf(Promise);
  there.secrets.close();
  there.bus.deliver({ type: 'secrets-changed' });
});

it('reads them once more for a name that it has not heard of yet, and once for one that there is not', async () => {
  const { state, service } = shared();
  const here = service();
  const there = service();
  await there.secrets.vault.refresh();
  await here.secrets.create({ name: 'KEY', value: VALUE }, 'ada');
  await there.secrets.vault.refresh(new Set(['KEY']));
  expect(there.secrets.vault.current().values.KEY).toBe(VALUE);
  await there.secrets.vault.refresh(new Set(['KEY', 'OTHER']));
  const before = state.reads;
  expect(there.secrets.vault.refresh(new Set(['KEY', 'OTHER']))).toBeUndefined();
  expect(state.reads).toBe(before);
});

it('tells who needs them that they cannot be read, and keeps what was known', async () => {
  const { state, service } = shared();
  const { secrets, bus } = service();
  await secrets.create({ name: 'KEY', value: VALUE }, 'ada');
  state.fails = true;
  bus.deliver({ type: 'secrets-changed' });
  await expect(secrets.vault.refresh()).rejects.toMatchObject({ code: 'storage_unavailable' });
  expect(secrets.vault.current().values.KEY).toBe(VALUE);
  state.fails = false;
  await secrets.vault.refresh();
  expect(secrets.vault.refresh()).toBeUndefined();
});

it('leaves out what the present key does not open, and says so', async () => {
  const { log, service } = shared();
  await service().secrets.create({ name: 'KEY', value: VALUE }, 'ada');
  const other = service('fedcba9876543210'.repeat(4));
  await other.secrets.vault.refresh();
  expect({ ...other.secrets.vault.current().values }).toEqual({});
  expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
  expect(JSON.stringify(log.lines)).not.toContain(VALUE);
});

it('stores no value that it could not keep out of logs', async () => {
  const { service, rows } = shared();
  const { secrets } = service();
  for (const value of ['1234567', '\\'.repeat(30), 'x'.repeat(10_001), 'with \0 inside it', `half \ud800 of a character`]) {
    await expect(secrets.create({ name: 'KEY', value }, 'ada')).rejects.toMatchObject({ code: 'invalid_request' });
  }
  expect(rows.size).toBe(0);
  await secrets.create({ name: 'KEY', value: VALUE }, 'ada');
  expect(rows.get('KEY')?.sealedValue).not.toContain(VALUE);
  expect(JSON.stringify(await secrets.list())).not.toMatch(/value|sealed/i);
});

it('stores no allowed hosts while a process is running that would send the secret everywhere', async () => {
  const { state, service, rows } = shared();
  const { secrets } = service();
  state.knowsHosts = false;
  const allowedHosts = ['api.example.com'];
  const refusal = { code: 'conflict', message: expect.stringContaining('older version') };
  await expect(secrets.create({ name: 'BOUND', value: VALUE, allowedHosts }, 'ada')).rejects.toMatchObject(refusal);
  expect(rows.size).toBe(0);
  await secrets.create({ name: 'FREE', value: VALUE, allowedHosts: null }, 'ada');
  await expect(secrets.update('FREE', { value: VALUE, allowedHosts }, 'ada')).rejects.toMatchObject(refusal);
  await secrets.update('FREE', { description: 'Other', allowedHosts: null }, 'ada');
  expect(rows.get('FREE')).toMatchObject({ description: 'Other', allowedHosts: null });
  state.knowsHosts = true;
  expect(await secrets.create({ name: 'BOUND', value: VALUE, allowedHosts }, 'ada')).toMatchObject({ allowedHosts });
});
