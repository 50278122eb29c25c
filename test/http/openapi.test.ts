import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { errorCodes, errorSchema, toOpenapi } from '../../src/http/openapi.ts';
import { routes } from '../../src/http/routes/index.ts';

type Json = { [key: string]: Json };

const document = toOpenapi(routes, {
  hooksUrl: 'https://hooks.example.com',
  serverUrl: 'https://hooks.example.com/automation',
  version: '1.2.3',
}) as unknown as Json;
const operations = routes.map((route) => ({
  route,
  operation: document.paths?.[route.path]?.[route.method.toLowerCase()] ?? {},
}));

function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === '$ref' ? [String(inner)] : references(inner)));
}

describe('the OpenAPI document', () => {
  test('says what it is and where the server is', () => {
    expect(document).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Hookline', version: '1.2.3' },
      servers: [{ url: 'https://hooks.example.com/automation' }],
      security: [{ adminToken: [] }, { session: [] }],
    });
  });

  test('is JSON through and through', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  test('has every route, each with a name and summary of its own', () => {
    expect(operations.every(({ operation }) => 'summary' in operation)).toBe(true);
    for (const property of ['name', 'summary'] as const) {
      const all = routes.map((route) => route[property]);
      expect(new Set(all).size).toBe(all.length);
    }
    expect(new Set(routes.map(({ method, path }) => `${method} ${path}`)).size).toBe(routes.length);
  });

  test.each(operations)('$route.method $route.path describes its parameters, replies and errors', ({ route, operation }) => {
    const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    const parameters = operation.parameters as unknown as { name: string; in: string; required: boolean; schema: object }[];
    expect(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name)).toEqual(inPath);
    for (const parameter of parameters) {
      // Of what is not in the path only this cannot be left out.
      const isNeeded = route.name === 'getJobInput' && parameter.name === 'path';
      expect(parameter.required).toBe(parameter.in === 'path' || isNeeded);
      expect(parameter.schema, parameter.name).not.toEqual({});
    }
    const status = route.status ?? 200;
    expect(operation.responses).toHaveProperty(String(status));
    if (status === 204) expect(operation.responses?.['204']).not.toHaveProperty('content');
    else {
      const mediaType = route.isStream ? 'text/event-stream' : 'application/json';
      expect(operation.responses?.[status]?.content?.[mediaType]?.schema).toBeDefined();
    }
    for (const expected of [
      '401',
      '405',
      '500',
      '503',
      ...(route.params ? ['400'] : []),
      ...(route.body ? ['400', '413', '415'] : []),
    ]) {
      expect(operation.responses?.[expected]?.content?.['application/json']?.schema).toEqual({
        $ref: '#/components/schemas/Error',
      });
    }
    if (route.path.includes('{id}')) expect(operation.responses).toHaveProperty('404');
    expect('requestBody' in operation).toBe(route.body !== undefined);
  });

  test('tells of headers, those that are read and those that are sent', () => {
    const publish = document.paths?.['/api/messages']?.post;
    expect(publish?.parameters).toMatchObject([
      { name: 'Idempotency-Key', in: 'header', required: false, schema: { type: 'string', maxLength: 255 } },
    ]);
    expect(publish?.responses?.['201']?.headers).toMatchObject({ 'Idempotent-Replayed': { schema: { type: 'string' } } });
  });

  test('shows no place for secrets in replies, but for those that tell a new one', () => {
    const { Endpoint, EndpointWithSecret, EndpointInput } = document.components?.schemas ?? {};
    expect(EndpointInput).toBeUndefined();
    expect(Endpoint?.properties).not.toHaveProperty('secret');
    expect(EndpointWithSecret?.properties).toHaveProperty('secret');
  });

  test('refers only to components that are there, and uses each of them', () => {
    const used = new Set(references(document));
    const there = Object.keys(document.components?.schemas ?? {}).map((name) => `#/components/schemas/${name}`);
    expect([...used].sort()).toEqual(there.sort());
  });

  test('knows the input of a node apart from its output, and both refer to themselves', () => {
    const { Node, NodeInput } = document.components?.schemas ?? {};
    expect(NodeInput?.required).toEqual(['key', 'type']);
    expect(Node?.required).toEqual(['key', 'type', 'config']);
    expect(references(Node)).toEqual(['#/components/schemas/Retry', '#/components/schemas/Node']);
    expect(references(NodeInput)).toEqual(['#/components/schemas/RetryInput', '#/components/schemas/NodeInput']);
  });

  test('every error reply fits the one error schema', () => {
    expect(errorSchema.safeParse({ error: { code: 'conflict', message: 'x' } }).success).toBe(true);
    expect(errorSchema.safeParse({ error: { code: 'conflict', message: 'x', stack: 'y' } }).success).toBe(false);
    expect(routes.flatMap(errorCodes)).toContain('invalid_workflow');
  });

  test('every schema compiles to JSON Schema without giving up on a part', () => {
    for (const route of routes) {
      for (const schema of [route.params, route.query, route.documentedBody ?? route.body]) {
        if (schema) expect(() => z.toJSONSchema(schema, { io: 'input' }), route.name).not.toThrow();
      }
      if (route.status !== 204) expect(() => z.toJSONSchema(route.response), route.name).not.toThrow();
    }
  });
});
