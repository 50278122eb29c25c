import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

describe('samples', () => {
  test.each([
    ['https://shop.example/hook?query[0].a=1&page=2', ['page', 'query']],
    ['?a=1&b=2', ['a', 'b']],
    ['', []],
  ])('the query of %j', async (sample, paths) => {
    const { body } = await api.call('POST', '/api/parse/query', { body: { sample }, status: 200 });
    const found = body.paths.map(({ path }: { path: string }) => path);
    expect(found).toEqual(expect.arrayContaining(paths));
    if (paths.length === 0) expect(found).toEqual([]);
  });

  test('a body lists its paths, containers included, from text or as a value', async () => {
    const sample = { a: 1, b: { c: 2 } };
    const paths = [
      { path: 'a', value: 1 },
      { path: 'b', value: { c: 2 } },
      { path: 'b.c', value: 2 },
    ];
    for (const form of [sample, JSON.stringify(sample)]) {
      expect((await api.call('POST', '/api/parse/body', { body: { sample: form }, status: 200 })).body).toEqual({ paths });
    }
  });

  test('broken JSON is refused with its place', async () => {
    const reply = await api.call('POST', '/api/parse/body', { body: { sample: '{\n"a": oops}' }, status: 400 });
    expect(reply.body.error).toMatchObject({ code: 'invalid_json', message: expect.stringContaining('line 2') });
  });

  test.each([[{}], [{ sample: 1 }], [{ sample: '', more: 1 }], [{ sample: 'x'.repeat(1024 * 1024 + 1) }]])(
    'the query sample %.40j is refused',
    async (body) => {
      await api.call('POST', '/api/parse/query', { body, status: 400 });
    },
  );

  test('a body sample that is missing or too large is refused', async () => {
    await api.call('POST', '/api/parse/body', { body: {}, status: 400 });
    await api.call('POST', '/api/parse/body', { body: { sample: { a: 'x'.repeat(1024 * 1024) } }, status: 400 });
    const many = Object.fromEntries(Array.from({ length: 5001 }, (_, index) => [`k${index}`, 1]));
    await api.call('POST', '/api/parse/body', { body: { sample: many }, status: 400 });
  });
});

test('the plugins are listed, each with the JSON Schema of its configuration', async () => {
  const { body } = await api.call('GET', '/api/plugins', { status: 200 });
  expect(body.triggers.map(({ type }: { type: string }) => type)).toContain('webhook');
  const response = body.nodes.find(({ type }: { type: string }) => type === 'response');
  expect(response).toMatchObject({
    flow: 'ending',
    replies: true,
    config: { type: 'object', properties: { status: expect.anything() } },
  });
});

test('the OpenAPI document is served', async () => {
  const { body } = await api.call('GET', '/api/openapi.json', { status: 200 });
  expect(body).toMatchObject({ openapi: '3.1.0', servers: [{ url: 'https://hooks.example.com' }] });
  expect(Object.keys(body.paths)).toContain('/api/workflows/{id}');
});
