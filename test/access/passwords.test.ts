import { expect, test } from 'vitest';
import { createPasswords } from '../../src/access/passwords.ts';

/** A hundredth of the cost. */
const quick = createPasswords({ ln: 10, r: 8, p: 1 });

test('a password is encoded with its parameters and a salt of its own, and only itself is right', async () => {
  const passwords = createPasswords();
  const [one, two] = await Promise.all([passwords.encode('correct horse battery'), passwords.encode('correct horse battery')]);
  expect(one).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(two);
  expect(await passwords.check(one, 'correct horse battery')).toEqual({ isRight: true, isOutdated: false });
  expect(await passwords.check(one, 'correct horse batterz')).toEqual({ isRight: false, isOutdated: false });
});

test('the same characters are the same password, however they were composed', async () => {
  const encoded = await quick.encode('caf\u00e9 au lait \u2168');
  expect((await quick.check(encoded, 'cafe\u0301 au lait IX')).isRight).toBe(true);
});

test('one that was encoded with other parameters is right, and told to be outdated', async () => {
  const older = await createPasswords({ ln: 9, r: 8, p: 2 }).encode('correct horse battery');
  expect(await quick.check(older, 'correct horse battery')).toEqual({ isRight: true, isOutdated: true });
  expect(await quick.check(older, 'wrong horse battery')).toEqual({ isRight: false, isOutdated: false });
});

test('without a stored password nothing is right, and it takes about as long', async () => {
  const passwords = createPasswords({ ln: 15, r: 8, p: 1 });
  const encoded = await passwords.encode('correct horse battery');
  const time = async (stored: string | null): Promise<number> => {
    const start = process.cpuUsage().user;
    expect((await passwords.check(stored, 'wrong')).isRight).toBe(false);
    return process.cpuUsage(undefined).user - start;
  };
  const least = async (stored: string | null): Promise<number> => {
    const times = [];
    for (let count = 0; count < 5; count += 1) times.push(await time(stored));
    return Math.min(...times);
  };
  const [known, unknown] = [await least(encoded), await least(null)];
  expect(unknown / known).toBeGreaterThan(0.5);
  expect(unknown / known).toBeLessThan(2);
});

test('a crowd is sent away before it takes all memory', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => quick.check(null, 'x')));
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(60 - 2 - 32);
  expect(refused[0]).toMatchObject({ reason: { code: 'too_many_requests', headers: { 'Retry-After': '5' } } });
  expect((await quick.check(null, 'x')).isRight).toBe(false);
});
