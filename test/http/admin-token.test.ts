import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTokenVerifier, TOKEN_SETTING } from '../../src/http/admin-token.ts';

function memorySettings() {
  const values = new Map<string, string>();
  return {
    values,
    get: async (name: string) => values.get(name),
    async setIfMissing(name: string, value: string) {
      if (!values.has(name)) values.set(name, value);
      return values.get(name) ?? '';
    },
  };
}

const CONFIGURED = 'Vq7mB3xKp9Tz5RwH2nLc8yFj4sGd6aEu';

describe('admin tokens', () => {
  test('a configured token is the only one that counts', async () => {
    const settings = memorySettings();
    const { generated } = await createTokenVerifier({ settings });
    const { verifier, generated: none } = await createTokenVerifier({ adminToken: CONFIGURED, settings });
    expect(none).toBeUndefined();
    expect(await verifier.verify(CONFIGURED)).toBe(true);
    expect(await verifier.verify(CONFIGURED.toLowerCase())).toBe(false);
    expect(await verifier.verify(generated ?? '')).toBe(false);
    expect(await verifier.verify('')).toBe(false);
  });

  test('a weak configured token stops the start, and is not shown', async () => {
    const attempt = createTokenVerifier({ adminToken: 'short', settings: memorySettings() });
    await expect(attempt).rejects.toMatchObject({ code: 'invalid_configuration', message: expect.not.stringContaining('short') });
  });

  test('the first start generates a token and stores only its digest; later starts know it and say nothing', async () => {
    const settings = memorySettings();
    const first = await createTokenVerifier({ settings });
    const token = first.generated ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(settings.values.get(TOKEN_SETTING)).toBe(createHash('sha256').update(token).digest('hex'));
    expect([...settings.values.values()].join()).not.toContain(token);
    const second = await createTokenVerifier({ settings });
    expect(second.generated).toBeUndefined();
    expect(await second.verifier.verify(token)).toBe(true);
    expect(await second.verifier.verify(`${token}x`)).toBe(false);
  });

  test('of processes that start together one generates the token, and all know it', async () => {
    const settings = memorySettings();
    const both = await Promise.all([createTokenVerifier({ settings }), createTokenVerifier({ settings })]);
    const tokens = both.map(({ generated }) => generated).filter((token) => token !== undefined);
    expect(tokens).toHaveLength(1);
    for (const { verifier } of both) expect(await verifier.verify(tokens[0] ?? '')).toBe(true);
  });

  test('a process that may not generate a token learns of it when there is one', async () => {
    const settings = memorySettings();
    const worker = await createTokenVerifier({ settings, mayGenerate: false });
    expect(worker.generated).toBeUndefined();
    expect(await worker.verifier.verify('anything')).toBe(false);
    const { generated } = await createTokenVerifier({ settings });
    expect(await worker.verifier.verify(generated ?? '')).toBe(true);
    expect(await worker.verifier.verify('anything')).toBe(false);
  });

  test('a damaged stored digest is an error and not a locked door', async () => {
    const settings = memorySettings();
    settings.values.set(TOKEN_SETTING, 'not hex');
    await expect(createTokenVerifier({ settings })).rejects.toMatchObject({ code: 'invalid_configuration' });
  });
});
