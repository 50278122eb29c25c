// Which configured admin tokens are refused.

import { randomBytes, randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { adminTokenProblem } from '../../src/access/token-strength.ts';

test.each([
  'short',
  'aaaaaaaaaaaaaaaa',
  'a'.repeat(64),
  'ab'.repeat(32),
  'abcdefgh'.repeat(8),
  'Xk9!pQ2z'.repeat(8),
  'Xk9!pQ2z-Xk9!pQ2z_Xk9!pQ2z+Xk9!pQ2z',
  '0123456789'.repeat(4),
  'abcdefghijklmnopqrstuvwxyz0123456789',
  'qwertyuiopasdfghjklzxcvbnm1234567890',
  'passwordpasswordpasswordpassword',
  'test-admin-token-test-admin-token-0123456789',
  'change-me-change-me-change-me-please',
  'hookline-admin-token-for-production-2026',
  '00000000000000000000000000000000000001',
  '            x            y         z ',
])('%s is refused with what to do', (token) => {
  expect(adminTokenProblem(token)).toMatch(/^must .*openssl rand -hex 32/);
});

test('whatever a generator gives passes', () => {
  for (let n = 0; n < 200; n += 1) {
    const bytes = randomBytes(n % 2 === 0 ? 16 : 32);
    const given = [
      bytes.toString('hex'),
      randomBytes(32).toString('base64'),
      randomBytes(24).toString('base64url'),
      randomUUID(),
    ];
    for (const token of given) expect(adminTokenProblem(token), token).toBeUndefined();
  }
});
