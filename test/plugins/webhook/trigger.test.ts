// The "Webhook event": what it refuses, what it reads, what it answers, and what is wrong with its settings.

import { describe, expect, it } from 'vitest';
import type { HttpTrigger, RequestHead } from '../../../src/engine/plugin.ts';
import { compileTemplate } from '../../../src/engine/template.ts';
import { webhookConfigSchema } from '../../../src/plugins/webhook/schema.ts';
import { webhookTrigger } from '../../../src/plugins/webhook/trigger.ts';
import { makeRun } from '../../engine/running.ts';

function create(config: object): HttpTrigger {
  const tools = { template: (value: unknown) => compileTemplate(value), secret: (text: string) => () => text };
  const trigger = webhookTrigger.create(webhookConfigSchema.parse(config), tools);
  if (!('parse' in trigger)) throw new Error('A webhook is called over HTTP.');
  return trigger;
}

const check = (config: object, mode: 'sync' | 'async' = 'async') =>
  (webhookTrigger.check?.(webhookConfigSchema.parse(config), { mode }) ?? []).map(({ path, code, severity }) =>
    severity === undefined ? `${path} ${code}` : `${path} ${code} ${severity}`,
  );

const headOf = (headers: RequestHead['headers']): RequestHead => ({ method: 'POST', url: '/hooks/k', headers, address: '' });
const stored = (change: { url?: string; headers?: Record<string, string>; body?: string }) => ({
  method: 'POST',
  url: '/hooks/k',
  headers: {},
  body: '',
  address: '',
  ...change,
});

describe('before the body is read', () => {
  it('asks for credentials when some are set, and for none otherwise', () => {
    const guarded = create({ auth: { type: 'basic', username: 'ada', password: 'secret' } });
    expect(() => guarded.admit?.(headOf({}))).toThrow(expect.objectContaining({ code: 'unauthorized' }));
    const authorization = `Basic ${Buffer.from('ada:secret').toString('base64')}`;
    expect(() => guarded.admit?.(headOf({ authorization }))).not.toThrow();
    expect(() => create({}).admit?.(headOf({}))).not.toThrow();
  });

  it('has a limit of 1 MiB unless another is set', () => {
    expect([create({}).maxBodyBytes, create({ maxBodyBytes: 10 }).maxBodyBytes]).toEqual([1024 ** 2, 10]);
  });
});

describe('the media type', () => {
  const verify = (type: string | undefined, body = '{}') =>
    create({}).verify?.({ ...headOf(type === undefined ? {} : { 'content-type': type }), rawBody: Buffer.from(body) });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON ;x=y',
    'application/vnd.api+json',
    'application/cloudevents-batch+json',
  ])('may be %s', (type) => expect(() => verify(type)).not.toThrow());

  it.each([
    undefined,
    '',
    'text/plain',
    'application/jsonx',
    'application/xml',
    'text/json',
    'application/json-patch',
    'x application/json',
  ])('may not be %s', (type) =>
    expect(() => verify(type)).toThrow(expect.objectContaining({ code: 'unsupported_media_type', status: 415 })),
  );

  it('does not matter for an empty body', () => {
    expect(() => verify('text/plain', '')).not.toThrow();
    expect(() => verify(undefined, '')).not.toThrow();
  });
});

describe('reading a request', () => {
  it('gives all parts whole when nothing is named', () => {
    const { context, body } = create({}).parse(stored({ url: '/hooks/k?a[0]=1', headers: { 'x-a': 'b' }, body: '{"n":1}' }));
    expect(context).toEqual({ headers: { 'x-a': 'b' }, query: { a: ['1'] }, body: { n: 1 } });
    expect(body).toEqual({ n: 1 });
  });

  it('gives what is named alone, and the whole body beside it', () => {
    const trigger = create({ headers: [{ name: 'X-A' }], query: [{ path: 'page' }], body: [{ path: 'order.id' }] });
    const request = stored({ url: '/hooks/k?page=2&x=1', headers: { 'x-a': 'b', host: 'h' }, body: '{"order":{"id":7,"x":1}}' });
    const { context, body } = trigger.parse(request);
    expect(context).toEqual({ headers: { 'x-a': 'b' }, query: { page: '2' }, body: { order: { id: 7 } } });
    expect(body).toEqual({ order: { id: 7, x: 1 } });
    expect(trigger.parse(request)).toEqual({ context, body });
  });

  it('takes an empty body for none', () => {
    expect(create({}).parse(stored({})).context).toEqual({ headers: {}, query: {}, body: undefined });
    expect(() => create({ body: [{ path: 'a', required: true }] }).parse(stored({}))).toThrow(
      expect.objectContaining({ code: 'missing_value', status: 422 }),
    );
  });

  it('says where the JSON or the query is wrong', () => {
    expect(() => create({}).parse(stored({ body: '{"a":}' }))).toThrow(
      expect.objectContaining({ code: 'invalid_json', details: { line: 1, column: 6 } }),
    );
    const url = `/hooks/k?a${'[a]'.repeat(11)}=1`;
    expect(() => create({}).parse(stored({ url }))).toThrow(expect.objectContaining({ code: 'invalid_query' }));
  });
});

describe('the reply of an async workflow', () => {
  const replyOf = (response: object | undefined, context: unknown = null) =>
    create(response === undefined ? {} : { response }).reply(makeRun({}, context).scope);

  it('is 200 ok unless something else is set', () => {
    expect(replyOf(undefined)).toEqual({ status: 200, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: 'ok' });
    expect(replyOf({ status: 202 })).toMatchObject({ status: 202, body: 'ok' });
  });

  it('has templates filled in', () => {
    const response = {
      status: '{{$context.status}}',
      headers: [{ name: 'X-Id', value: 'a-{{$context.id}}' }],
      body: { id: '{{$context.id}}' },
    };
    expect(replyOf(response, { status: 201, id: 7 })).toEqual({
      status: 201,
      headers: { 'content-type': 'application/json; charset=utf-8', 'x-id': 'a-7' },
      body: '{"id":7}',
    });
    expect(() => replyOf(response, { status: 999, id: 7 })).toThrow(expect.objectContaining({ code: 'invalid_reply' }));
    expect(() => replyOf(response, { status: 200, id: 'a\r\nSet-Cookie: x=1' })).toThrow(
      expect.objectContaining({ code: 'invalid_reply' }),
    );
  });
});

describe('what is wrong with the settings', () => {
  it('is nothing in good ones', () => {
    expect(check({ headers: [{ name: 'x-a' }], query: [{ path: 'a[0].b' }], body: [{ path: '$.a', name: 'a' }] })).toEqual([]);
  });

  it('is told with its place', () => {
    expect(
      check({
        headers: [{ name: 'X-A' }, { name: 'x-a' }, { name: 'Authorization' }],
        query: [{ path: 'a..b' }, { path: 'c' }, { path: '["c"]' }],
        body: [
          { path: '$.a' },
          { path: '__proto__.a' },
          { path: 'list[5000]', default: 1 },
          { path: 'x', name: 'y' },
          { path: 'y' },
        ],
      }),
    ).toEqual([
      'query[0].path invalid_path',
      'query[2] duplicate',
      'body[0].name name_needed',
      'body[1].path invalid_path',
      'body[2].path invalid_path',
      'body[4] duplicate',
      'headers[1].name duplicate',
      'headers[2].name secret_header warning',
    ]);
  });

  it('is a reply that could never be sent, and one that a sync workflow does not use', () => {
    const response = {
      headers: [
        { name: 'bad name', value: 'x' },
        { name: 'x-a', value: 'a\nb' },
        { name: 'x-b', value: '{{$context.a}}' },
      ],
    };
    expect(check({ response })).toEqual(['response.headers[0] invalid_reply', 'response.headers[1] invalid_reply']);
    expect(check({ response: { body: 'ok' } }, 'sync')).toEqual(['response not_used warning']);
  });

  it.each([
    { auth: { type: 'basic', username: 'a:b', password: 'x' } },
    { auth: { type: 'basic', username: '', password: 'x' } },
    { auth: { type: 'digest', username: 'a', password: 'x' } },
    { headers: [{ name: 'bad name' }] },
    { body: [{ path: 'a', name: 'a.b' }] },
    { maxBodyBytes: 0 },
    { deadlineMs: 0 },
    { response: { status: 99 } },
    { unknown: 1 },
  ])('is refused by the schema: %j', (config) => {
    expect(webhookConfigSchema.safeParse(config).success).toBe(false);
  });
});
