// Tests of the secret box and of the key file.

import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { addKeyToFile, fixedKeys, loadSecretKeys } from '../../src/secrets/secret-keys.ts';

const KEY = Buffer.alloc(32, 7);
const PLACE = 'secrets/CRM/sealed_value';

/** The key of a file, or of the configuration. */
async function loadSecretKey(options: { secretKey?: string; keyFile: string }): Promise<Buffer> {
  const { keyFile: secretKeyFile, ...rest } = options;
  const keys = await loadSecretKeys({ ...rest, secretKeyFile }, LOG);
  return keys.list()[0].bytes;
}

const LOG = {
  error(fields: object): never {
    throw new Error(JSON.stringify(fields));
  },
};

describe('a secret box', () => {
  const box = createSecretBox(KEY);

  it('opens what it sealed, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(box.open(box.seal(text, PLACE), PLACE)).toBe(text);
      }),
    );
  });

  it('seals the same text differently each time, in the versioned form', () => {
    const [first, second] = [box.seal('secret', PLACE), box.seal('secret', PLACE)];
    expect(first).not.toBe(second);
    expect(first).toMatch(/^v2\.[\w-]{8}\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/);
    expect(first).not.toContain('secret');
  });

  it('refuses what another key sealed', () => {
    const other = createSecretBox(Buffer.alloc(32, 8));
    expect(() => other.open(box.seal('secret', PLACE), PLACE)).toThrow(
      expect.objectContaining({ code: 'invalid_configuration' }),
    );
  });

  it('refuses a sealed value that was changed anywhere', () => {
    const sealed = box.seal('a secret of some length', PLACE);
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), (index) => {
        const letter = sealed[index] === 'A' ? 'Q' : 'A';
        const changed = sealed.slice(0, index) + letter + sealed.slice(index + 1);
        let opened: string | undefined;
        try {
          opened = box.open(changed, PLACE);
        } catch (error) {
          expect(error).toBeInstanceOf(HooklineError);
        }
        // The last letter of a base64 part holds bits that mean nothing.
        if (opened !== undefined) expect(opened).toBe('a secret of some length');
      }),
    );
  });

  it('refuses any text that is not a sealed value, and never shows it', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => box.open(text, PLACE)).toThrow(/cannot be read/);
      }),
    );
  });

  it('takes its key as bytes, base64, base64url or hex', () => {
    const sealed = box.seal('secret', PLACE);
    for (const key of [KEY.toString('base64'), KEY.toString('base64url'), KEY.toString('hex'), ` ${KEY.toString('hex')}\n`]) {
      expect(createSecretBox(key).open(sealed, PLACE)).toBe('secret');
    }
  });

  it('refuses a key of another size without repeating it', () => {
    for (const key of [Buffer.alloc(16), 'passphrase', KEY.toString('hex').slice(2)]) {
      const attempt = () => createSecretBox(key);
      expect(attempt).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
      expect(attempt).not.toThrow(/passphrase|0707/);
    }
  });
});

describe('the place of an encrypted value', () => {
  const box = createSecretBox(KEY);

  it('is part of it: in every other row, field or table the value cannot be read', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (place, other) => {
        fc.pre(place !== other);
        expect(() => box.open(box.seal('secret', place), other)).toThrow(/for another place/);
      }),
    );
  });

  it('was no part of it in the format before, which stays readable', () => {
    const old = createSecretBox(KEY, { writesBound: () => false }).seal('secret', PLACE);
    expect(old).toMatch(/^v1\.[\w-]{16}\.[\w-]{22}\.[\w-]+$/);
    expect(box.open(old, PLACE)).toBe('secret');
    expect(box.isCurrent(old)).toBe(false);
    expect(box.isCurrent(box.seal('secret', PLACE))).toBe(true);
  });

  it('reads a value that the commit before this format wrote', () => {
    // createSecretBox(Buffer.alloc(32, 7)).seal('written before') at a225e95.
    const written = 'v1.Qr9iumR-K94nTOVw.dKhlik_BcKPgDJSDQZGoaQ.XvzpIPmOrnh-tcwHN2k';
    expect(box.open(written, PLACE)).toBe('written before');
  });
});

describe('several keys', () => {
  const old = createSecretBox(KEY);
  const box = createSecretBox(fixedKeys(Buffer.alloc(32, 8), KEY));

  it('decrypt what each of them encrypted; the first encrypts', () => {
    const values = [
      old.seal('secret', PLACE),
      createSecretBox(KEY, { writesBound: () => false }).seal('secret', PLACE),
      box.seal('secret', PLACE),
    ];
    expect(values.map((value) => box.open(value, PLACE))).toEqual(['secret', 'secret', 'secret']);
    expect(values.map((value) => box.isCurrent(value))).toEqual([false, false, true]);
    expect(box.keyId()).not.toBe(old.keyId());
    expect(() => old.open(box.seal('secret', PLACE), PLACE)).toThrow(`with the key "${box.keyId()}", which is not configured`);
  });

  it('verify what each of them has signed, and nothing else', () => {
    expect(box.verify('text', old.sign('text'))).toBe(true);
    expect(box.verify('text', box.sign('text'))).toBe(true);
    expect(old.verify('text', box.sign('text'))).toBe(false);
    expect(box.verify('other text', box.sign('text'))).toBe(false);
    expect(box.verify('text', '')).toBe(false);
  });
});

describe('the key of an installation', () => {
  let folder: string;
  let keyFile: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hookline-key-'));
    keyFile = path.join(folder, 'data', 'secret.key');
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('comes from the configuration when it is set there, and then no file is made', async () => {
    expect(await loadSecretKey({ secretKey: KEY.toString('base64'), keyFile })).toEqual(KEY);
    await expect(stat(keyFile)).rejects.toThrow(/ENOENT/);
  });

  it('is made at the first start, readable by its owner only, and is the same at the next start', async () => {
    const key = await loadSecretKey({ keyFile });
    expect(key).toHaveLength(32);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(keyFile))).toEqual(['secret.key']);
    expect(await loadSecretKey({ keyFile })).toEqual(key);
  });

  it('is one and the same for processes that start together', async () => {
    const keys = await Promise.all(Array.from({ length: 8 }, () => loadSecretKey({ keyFile })));
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(await readdir(path.dirname(keyFile))).toEqual(['secret.key']);
  });

  it('is refused when others may read the file, with the command that mends it', async () => {
    await loadSecretKey({ keyFile });
    await chmod(keyFile, 0o644);
    await expect(loadSecretKey({ keyFile })).rejects.toThrow(`chmod 600 ${keyFile}`);
  });

  it('is refused when it is malformed, without repeating it, and the file is left alone', async () => {
    await loadSecretKey({ keyFile });
    await writeFile(keyFile, 'too short');
    await expect(loadSecretKey({ keyFile })).rejects.toThrow(/32 random bytes.*it has 9 characters/);
    expect(await readFile(keyFile, 'utf8')).toBe('too short');
    await expect(loadSecretKey({ secretKey: 'too short', keyFile })).rejects.not.toThrow(/too short/);
  });

  it('says which file cannot be made', async () => {
    await writeFile(path.join(folder, 'data'), 'a file where a folder should be');
    await expect(loadSecretKey({ keyFile })).rejects.toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });

  it('changes with the file, while a process runs: a value of the new key is read immediately', async () => {
    const keys = await loadSecretKeys({ secretKeyFile: keyFile }, LOG);
    const running = createSecretBox(keys);
    const before = running.seal('before', PLACE);
    const id = await addKeyToFile(keyFile);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    expect(await readdir(path.dirname(keyFile))).toEqual(['secret.key']);
    const other = createSecretBox(await loadSecretKeys({ secretKeyFile: keyFile }, LOG));
    expect(other.keyId()).toBe(id);
    expect(running.open(other.seal('after', PLACE), PLACE)).toBe('after');
    expect(running.keyId()).toBe(id);
    expect(running.open(before, PLACE)).toBe('before');
  });

  it('stays as it is when the changed file cannot be read, and says why', async () => {
    const errors: object[] = [];
    const keys = await loadSecretKeys({ secretKeyFile: keyFile }, { error: (fields: object) => errors.push(fields) });
    const id = keys.list()[0].id;
    await writeFile(keyFile, 'too short');
    expect(keys.refresh()).toBe(false);
    expect(keys.list()[0].id).toBe(id);
    expect(errors).toEqual([{ code: 'invalid_configuration', message: expect.stringContaining('must be 32 random bytes') }]);
    await rm(keyFile);
    keys.refresh();
    expect(errors[1]).toMatchObject({ message: expect.stringContaining(`Cannot read the key file ${keyFile}`) });
    expect(keys.list()[0].id).toBe(id);
  });
});
