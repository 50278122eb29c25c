import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createTokenVerifier, TOKEN_SETTING } from '../../src/http/admin-token.ts';

function memorySettings() {
  const values = new Map<string, string>();
  return {
    values,
    get: async (name: string) => values.get(name),
    set: async (name: string, value: string) => void values.set(name, value),
  };
}

describe('admin tokens', () => {
  test('a configured token is the only one that counts', async () => {
    const settings = memorySettings();
    const { generated } = await createTokenVerifier({ settings });
    const { verifier, generated: none } = await createTokenVerifier({ adminToken: 'a-token-of-16-ch', settings });
    expect(none).toBeUndefined();
    expect(verifier.verify('a-token-of-16-ch')).toBe(true);
    expect(verifier.verify('a-token-of-16-cH')).toBe(false);
    expect(verifier.verify(generated ?? '')).toBe(false);
    expect(verifier.verify('')).toBe(false);
  });

  test('a configured token of fewer than 16 characters stops the start', async () => {
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
    expect(second.verifier.verify(token)).toBe(true);
    expect(second.verifier.verify(`${token}x`)).toBe(false);
  });

  test('a damaged stored digest is an error and not a locked door', async () => {
    const settings = memorySettings();
    settings.values.set(TOKEN_SETTING, 'not hex');
    await expect(createTokenVerifier({ settings })).rejects.toMatchObject({ code: 'invalid_configuration' });
  });
});
