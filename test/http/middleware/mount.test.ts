import fc from 'fast-check';
import Koa from 'koa';
import request from 'supertest';
import { describe, expect, test } from 'vitest';
import { mount, normalizePrefix, ownPath } from '../../../src/http/middleware/mount.ts';

describe('the prefix', () => {
  test.each([
    ['', ''],
    ['/', ''],
    ['automation', '/automation'],
    ['/automation/', '/automation'],
    ['/a/b.c', '/a/b.c'],
  ])('%j becomes %j', (given, normal) => {
    expect(normalizePrefix(given)).toBe(normal);
  });

  test.each(['/a b', '/a?b', '/a//b', '/:id', '/ü'])('%j is refused', (given) => {
    expect(() => normalizePrefix(given)).toThrow(TypeError);
  });
});

describe('our paths', () => {
  test.each(['/hooks', '/hooks/abc', '/api', '/api/workflows', '/healthz', '/readyz', '/metrics', '/api/'])(
    '%s is ours',
    (path) => {
      expect(ownPath(path, '')).toBe(path);
      expect(ownPath(`/x${path}`, '/x')).toBe(path);
    },
  );

  test.each(['/', '', '/hooksy', '/apis/x', '/healthz2', '/login', '/x', '//api'])('%j is the host’s', (path) => {
    expect(ownPath(path, '')).toBeUndefined();
  });

  test.each(['/api', '/xapi', '/x', '/xy/api', '/x/y/api', '/X/api'])('%j is the host’s when the prefix is /x', (path) => {
    expect(ownPath(path, '/x')).toBeUndefined();
  });

  test('whatever is ours begins with the prefix and one of our names', () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const own = ownPath(`/x${path}`, '/x');
        expect(own === undefined || /^\/(hooks|api|healthz|readyz|metrics)(\/|$)/.test(own)).toBe(true);
      }),
    );
  });
});

describe('a host app', () => {
  test('gets what is not ours, sees the paths as they came, and keeps its own errors', async () => {
    const seen: string[] = [];
    const host = new Koa();
    host.silent = true;
    host.use(async (ctx, next) => {
      await next();
      seen.push(ctx.path);
    });
    host.use(
      mount('/automation', (ctx) => {
        ctx.body = `${ctx.path} ${ctx.originalUrl} ${ctx.querystring}`;
      }),
    );
    host.use((ctx) => {
      if (ctx.path === '/broken') throw new Error('the host’s own');
      ctx.body = `host ${ctx.path}`;
    });
    const server = request(host.callback());
    expect((await server.get('/automation/api/x?a=1')).text).toBe('/api/x /automation/api/x?a=1 a=1');
    expect((await server.get('/automation/login')).text).toBe('host /automation/login');
    expect((await server.get('/api/x')).text).toBe('host /api/x');
    expect((await server.get('/broken')).text).toBe('Internal Server Error');
    expect(seen).toEqual(['/automation/api/x', '/automation/login', '/api/x']);
  });
});
