// Tests of values that go in and never come out.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonSchema } from '../../src/engine/registry.ts';
import { fieldsOf } from '../../src/engine/sealed-places.ts';
import {
  hideWriteOnly,
  isSealed,
  isWriteOnlyPlace,
  keepWriteOnly,
  listWriteOnly,
  openWriteOnly,
  sealWriteOnly,
} from '../../src/engine/write-only.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';

const box = fieldsOf(createSecretBox(Buffer.alloc(32, 1)), 'revisions/w/nodes/a');
const secret = z.string().min(1).meta({ writeOnly: true });
const jsonSchema = (schema: z.ZodType): JsonSchema => z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });

interface Tree {
  pin?: string | undefined;
  kids?: Tree[] | undefined;
}
const treeSchema: z.ZodType<Tree> = z
  .strictObject({
    pin: secret.optional(),
    get kids() {
      return z.array(treeSchema).optional();
    },
  })
  .meta({ id: 'Tree' });

const SCHEMA = jsonSchema(
  z.strictObject({
    label: z.string().optional(),
    token: z.string().optional().meta({ writeOnly: true }),
    auth: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('basic'), username: z.string(), password: secret }),
        z.strictObject({ type: z.literal('none'), password: z.string().optional() }),
      ])
      .optional(),
    headers: z.array(z.strictObject({ name: z.string(), value: secret.optional() })).optional(),
    keys: z.array(secret).optional(),
    either: z.union([z.string(), z.strictObject({ pin: secret })]).optional(),
    byName: z.record(z.string(), z.strictObject({ pin: secret.optional() })).optional(),
    tree: treeSchema.optional(),
    object: z.strictObject({ a: z.number() }).optional().meta({ writeOnly: true }),
    body: z.unknown().optional(),
  }),
);

const CONFIG = {
  label: 'shown',
  token: 'SECRET-1',
  auth: { type: 'basic', username: 'ann', password: 'SECRET-2' },
  headers: [{ name: 'a', value: 'SECRET-3' }, { name: 'b' }],
  keys: ['SECRET-4', 'SECRET-5'],
  either: { pin: 'SECRET-6' },
  byName: { x: { pin: 'SECRET-7' } },
  tree: { pin: 'SECRET-8', kids: [{ kids: [{ pin: 'SECRET-9' }] }] },
  object: { a: 1234567 },
  body: { password: 'not a secret', token: ['shown too'] },
};

const HIDDEN = {
  label: 'shown',
  auth: { type: 'basic', username: 'ann' },
  headers: [{ name: 'a' }, { name: 'b' }],
  keys: [null, null],
  either: {},
  byName: { x: {} },
  tree: { kids: [{ kids: [{}] }] },
  body: { password: 'not a secret', token: ['shown too'] },
};

describe('sealing', () => {
  const sealed = sealWriteOnly(CONFIG, SCHEMA, box);

  it('leaves no write-only value readable, wherever the schema says it is', () => {
    const text = JSON.stringify(sealed);
    expect(text).not.toContain('SECRET');
    expect(text).not.toContain('1234567');
    expect(sealed).toMatchObject({
      label: 'shown',
      body: CONFIG.body,
      auth: { username: 'ann', password: { $sealed: expect.stringMatching(/^v2\./) } },
    });
    expect(isSealed(sealed.token)).toBe(true);
  });

  it('is undone by opening', () => {
    expect(openWriteOnly(sealed, box)).toEqual(CONFIG);
  });

  it('is undone by opening for any texts', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (token, keys) => {
        const config = { token, keys, tree: { kids: [{ pin: token }] } };
        expect(openWriteOnly(sealWriteOnly(config, SCHEMA, box), box)).toEqual(config);
      }),
    );
  });

  it('tells the places of what another key sealed, or throws', () => {
    const other = fieldsOf(createSecretBox(Buffer.alloc(32, 2)), 'revisions/w/nodes/a');
    const places: unknown[] = [];
    const opened = openWriteOnly(sealed, other, (segments) => places.push(segments));
    expect(opened).toEqual(HIDDEN);
    expect(places).toContainEqual(['auth', 'password']);
    expect(places).toContainEqual(['tree', 'kids', 0, 'kids', 0, 'pin']);
    expect(() => openWriteOnly(sealed, other)).toThrow(expect.objectContaining({ code: 'invalid_configuration' }));
  });
});

describe('hiding', () => {
  it('removes write-only values, plain or sealed', () => {
    expect(hideWriteOnly(CONFIG, SCHEMA)).toEqual(HIDDEN);
    expect(hideWriteOnly(sealWriteOnly(CONFIG, SCHEMA, box), SCHEMA)).toEqual(HIDDEN);
  });

  it('removes what is sealed also when the type is gone', () => {
    expect(hideWriteOnly(sealWriteOnly(CONFIG, SCHEMA, box), undefined)).toEqual(HIDDEN);
  });

  it('goes by the member of a union that the constants choose', () => {
    expect(hideWriteOnly({ auth: { type: 'none', password: 'shown' } }, SCHEMA)).toEqual({
      auth: { type: 'none', password: 'shown' },
    });
    // Neither member: better too much hidden than too little.
    expect(hideWriteOnly({ auth: { type: 'gone', password: 'x' } }, SCHEMA)).toEqual({ auth: { type: 'gone' } });
  });

  it('does not change what it is given', () => {
    const before = structuredClone(CONFIG);
    hideWriteOnly(CONFIG, SCHEMA);
    sealWriteOnly(CONFIG, SCHEMA, box);
    expect(CONFIG).toEqual(before);
  });
});

describe('keeping', () => {
  it('makes reading and sending back lose nothing', () => {
    expect(keepWriteOnly(hideWriteOnly(CONFIG, SCHEMA), CONFIG, SCHEMA)).toEqual({ ...CONFIG });
  });

  it('prefers what the edit says', () => {
    const next = { ...HIDDEN, token: 'NEW', auth: { type: 'basic', username: 'bob', password: 'NEW' } };
    expect(keepWriteOnly(next, CONFIG, SCHEMA)).toMatchObject({ token: 'NEW', auth: { username: 'bob', password: 'NEW' } });
  });

  it('keeps a secret when the values around it change', () => {
    const next = { auth: { type: 'basic', username: 'bob' } };
    expect(keepWriteOnly(next, CONFIG, SCHEMA)).toEqual({
      auth: { ...CONFIG.auth, username: 'bob' },
      token: 'SECRET-1',
      object: CONFIG.object,
    });
  });

  it('keeps nothing where the object around it is gone or is another member of the union', () => {
    expect(keepWriteOnly({}, CONFIG, SCHEMA)).toEqual({ token: 'SECRET-1', object: CONFIG.object });
    expect(keepWriteOnly({ auth: { type: 'none' } }, CONFIG, SCHEMA).auth).toEqual({ type: 'none' });
    expect(keepWriteOnly({ either: 'text' }, CONFIG, SCHEMA).either).toBe('text');
  });

  it('takes away what null stands for, wherever the object around it stays', () => {
    const next = {
      ...HIDDEN,
      token: null,
      either: { pin: null },
      byName: { x: { pin: null } },
      headers: [{ name: 'a', value: null }],
    };
    const kept = keepWriteOnly(next, CONFIG, SCHEMA);
    expect(kept).toMatchObject({ either: {}, byName: { x: {} }, headers: [{ name: 'a' }], object: CONFIG.object });
    expect(JSON.stringify(kept)).not.toMatch(/SECRET-[1367]/);
    expect(kept).not.toHaveProperty('token');
    // What was never there is not there either.
    expect(keepWriteOnly({ label: 'x', token: null, tree: { kids: [{ pin: null }] } }, {}, SCHEMA)).toEqual({
      label: 'x',
      tree: { kids: [{}] },
    });
  });

  it('takes null for a value where it is one, and for a secret that stays in a list of them', () => {
    const nullable = jsonSchema(z.strictObject({ pin: z.string().nullable().optional().meta({ writeOnly: true }) }));
    expect(keepWriteOnly({ pin: null }, { pin: 'SECRET' }, nullable)).toEqual({ pin: null });
    expect(keepWriteOnly({ keys: [null, 'NEW'] }, CONFIG, SCHEMA).keys).toEqual(['SECRET-4', 'NEW']);
  });

  const headers = (...list: { name: string; value?: string }[]) => ({ headers: list });

  it('follows elements of lists by content and by name, not by index', () => {
    const previous = headers({ name: 'a', value: '1' }, { name: 'b', value: '2' }, { name: 'c', value: '3' });
    expect(keepWriteOnly(headers({ name: 'c' }, { name: 'new' }, { name: 'a' }), previous, SCHEMA)).toEqual(
      headers({ name: 'c', value: '3' }, { name: 'new' }, { name: 'a', value: '1' }),
    );
  });

  it('never gives the secret of one element to two others', () => {
    const previous = headers({ name: 'a', value: '1' });
    expect(keepWriteOnly(headers({ name: 'a' }, { name: 'a' }), previous, SCHEMA)).toEqual(
      headers({ name: 'a', value: '1' }, { name: 'a' }),
    );
  });

  it('takes anything from outside', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...Object.keys(CONFIG)), fc.jsonValue()), (next) => {
        const kept = keepWriteOnly(JSON.parse(JSON.stringify(next)), CONFIG, SCHEMA);
        const isTaken = (key: string) => next[key] === null && ['token', 'object'].includes(key);
        for (const key of Object.keys(next)) if (!isTaken(key)) expect(kept).toHaveProperty([key]);
      }),
    );
  });
});

describe('listWriteOnly', () => {
  it('names every place that has a value, opened or sealed, and no other', () => {
    const places = [
      'token',
      'auth.password',
      'headers[0].value',
      'keys[0]',
      'keys[1]',
      'either.pin',
      'byName.x.pin',
      'tree.pin',
      'tree.kids[0].kids[0].pin',
      'object',
    ];
    expect(listWriteOnly(CONFIG, SCHEMA)).toEqual(places);
    expect(listWriteOnly(sealWriteOnly(CONFIG, SCHEMA, box), SCHEMA)).toEqual(places);
    expect(listWriteOnly(HIDDEN, SCHEMA)).toEqual([]);
  });
});

describe('isWriteOnlyPlace', () => {
  it('knows places of values that are not there', () => {
    const config = { auth: { type: 'basic', username: 'ann' }, headers: [{ name: 'a' }] };
    expect(isWriteOnlyPlace(SCHEMA, config, ['auth', 'password'])).toBe(true);
    expect(isWriteOnlyPlace(SCHEMA, config, ['auth', 'username'])).toBe(false);
    expect(isWriteOnlyPlace(SCHEMA, config, ['headers', 0, 'value'])).toBe(true);
    expect(isWriteOnlyPlace(SCHEMA, config, ['object', 'a'])).toBe(true);
    expect(isWriteOnlyPlace(SCHEMA, { auth: { type: 'none' } }, ['auth', 'password'])).toBe(false);
    expect(isWriteOnlyPlace(SCHEMA, config, ['nowhere', 'at', 'all'])).toBe(false);
  });
});
