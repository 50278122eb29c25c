import { describe, expect, it, test } from 'vitest';
import { admitReply } from '../../src/engine/admit-reply.ts';
import { buildReply, checkReply } from '../../src/engine/reply.ts';
import { readLocationRules } from '../../src/engine/reply-location.ts';

/** What is left of a header that a flow has given. */
function admitted(name: string, value: string, config: object = {}): string | undefined {
  const dropped: string[] = [];
  const rules = readLocationRules({ headers: [], ...config });
  const { headers } = admitReply({ status: 200, headers: { [name]: value }, body: '' }, rules, (header) => dropped.push(header));
  const left = headers[name.toLowerCase()];
  expect(dropped).toEqual(left === undefined ? [name.toLowerCase()] : []);
  return left;
}

const saved = (name: string, value: string, allowedHosts?: string[]) =>
  checkReply({ headers: [{ name, value }], ...(allowedHosts && { allowedHosts }) });

describe('headers that act on more than the reply', () => {
  const refused = [
    ['Clear-Site-Data', '"*"'],
    ['Strict-Transport-Security', 'max-age=0'],
    ['Service-Worker-Allowed', '/'],
    ['Alt-Svc', 'h2="evil.example:443"'],
    ['Content-Security-Policy', "default-src 'self'"],
    ['Content-Security-Policy-Report-Only', "default-src 'self'; report-uri https://evil.example"],
    ['X-Content-Type-Options', 'sniff'],
    ['Cross-Origin-Resource-Policy', 'cross-origin'],
    ['Cross-Origin-Opener-Policy', 'unsafe-none'],
    ['Referrer-Policy', 'unsafe-url'],
    ['Refresh', '0; url=https://evil.example'],
    ['Set-Login', 'logged-out'],
    ['Origin-Agent-Cluster', '?0'],
    ['Public-Key-Pins', 'x'],
    ['NEL', '{}'],
    ['Report-To', '{}'],
    ['Reporting-Endpoints', 'a="https://evil.example"'],
    ['Accept-CH', 'Sec-CH-UA'],
    ['Critical-CH', 'Sec-CH-UA'],
    ['Permissions-Policy', 'camera=*'],
    ['Speculation-Rules', '"/rules.json"'],
    ['SourceMap', '/x'],
    ['Expect-CT', 'max-age=0'],
    ['Sec-Session-Registration', '(ES256)'],
    ['Secure-Session-Registration', '(ES256);path="/x"'],
    ['Use-As-Dictionary', 'match="/*"'],
    ['X-Accel-Redirect', '/internal/'],
    ['X-Sendfile', '/etc/passwd'],
    ['Content-Type', 'multipart/x-mixed-replace; boundary=x'],
    ['Content-Type', ' Multipart/X-Mixed-Replace;boundary=x'],
    ['Content-Type', 'text/html, multipart/x-mixed-replace; boundary=x'],
    ['Login-Status', 'logged-out'],
    ['X-Content-Security-Policy-Report-Only', "default-src 'self'"],
    ['X-WebKit-CSP-Report-Only', "default-src 'self'"],
    ['Cross-Origin-Embedder-Policy-Report-Only', 'require-corp'],
    ['Document-Isolation-Policy-Report-Only', 'isolate-and-require-corp'],
    ['Document-Policy-Report-Only', 'x'],
    ['X-Permitted-Cross-Domain-Policies', 'all'],
    ['X-Sendfile2', '/etc/passwd 0-9'],
    ['X-Sendfile-Temporary', '/etc/passwd'],
    ['X-Lighttpd-Send-Tempfile', '/etc/passwd'],
    ['X-LiteSpeed-Purge', '*'],
    ['X-Reproxy-File', '/etc/passwd'],
  ] as const;

  test.each(refused)('%s: %s is refused when saved, and dropped when rendered', (name, value) => {
    for (const written of [name, name.toUpperCase(), name.toLowerCase()]) {
      expect(saved(written, value)).toMatchObject([{ path: 'headers[0]', code: 'header_not_allowed' }]);
      expect(admitted(written, value)).toBeUndefined();
    }
    if (name !== 'Content-Type') expect(saved(name, '{{$context.query.x}}')).toHaveLength(1);
  });

  test.each([
    ['Content-Type', 'text/html; charset=utf-8'],
    ['Content-Type', 'multipart/form-data; boundary=x-mixed-replace'],
    ['Content-Disposition', 'attachment'],
    ['Cache-Control', 'no-store'],
    ['Vary', 'Origin'],
    ['ETag', '"1"'],
    ['Access-Control-Allow-Origin', '*'],
    ['Access-Control-Allow-Credentials', 'true'],
    ['Access-Control-Expose-Headers', 'X-Total'],
    ['WWW-Authenticate', 'Basic realm="shop"'],
    ['Authentication-Info', 'nextnonce="x"'],
    ['Link', '<https://example.com/?page=2>; rel="next"'],
    ['Retry-After', '5'],
    ['X-Request-Id', '1'],
  ])('%s: %s may be set', (name, value) => {
    expect(saved(name, value)).toEqual([]);
    expect(admitted(name.toLowerCase(), value)).toBe(value);
  });

  it('takes names in any case from a plugin that makes its replies itself', () => {
    const { headers } = admitReply(
      { status: 200, headers: { 'X-Id': '1', 'SET-Cookie': 'hookline_session=x' }, body: '' },
      undefined,
      () => {},
    );
    expect(headers).toEqual({ 'x-id': '1' });
  });
});

describe('cookies', () => {
  const ours = [
    'hookline_session=x',
    'hookline_session=',
    'HOOKLINE_Session=x',
    ' \thookline_session = x; Path=/',
    '\u00a0hookline_session=x',
    '__Host-hookline_session=x; Secure; Path=/',
    '__Secure-hookline_session=x',
    '__Host-Http-hookline_session=x',
    '__http-hookline_other=x',
    'hookline_csrf=x',
    '"hookline_session"=x',
    '=hookline_session=x',
    ' = hookline_session=x',
    'hookline_session',
    'a=b, hookline_session=x',
    'a=b; hookline_session=x',
    'a=b,__Host-hookline_session=x',
    '=x',
    'x',
    '',
  ];

  test.each(ours)('%j is refused when saved, and dropped when rendered', (value) => {
    expect(saved('Set-Cookie', value)).toMatchObject([{ path: 'headers[0]', code: 'cookie_not_allowed' }]);
    expect(admitted('set-cookie', value)).toBeUndefined();
  });

  test.each(['cart=1; Path=/; HttpOnly', '__Host-cart=1; Secure; Path=/', 'session=hookline_x', 'a=b=c'])(
    '%j may be set',
    (value) => {
      expect(saved('Set-Cookie', value)).toEqual([]);
      expect(admitted('set-cookie', value)).toBe(value);
    },
  );

  it('finds its name beside templates, and leaves the rest to the rendered value', () => {
    expect(saved('Set-Cookie', 'hookline_session={{$context.query.x}}')).toHaveLength(1);
    expect(saved('Set-Cookie', 'hookline_{{$context.query.x}}=1')).toHaveLength(1);
    expect(saved('Set-Cookie', '{{$context.query.name}}=1')).toEqual([]);
    expect(saved('Set-Cookie', '{{$context.query.cookie}}')).toMatchObject([{ code: 'cookie_not_allowed' }]);
    expect(saved('Set-Cookie', 'cart={{$context.query.cart}}')).toEqual([]);
  });
});

describe('Location', () => {
  const next = '{{$context.query.next}}';

  test.each([
    '/thanks',
    'thanks',
    '?done=1',
    '#top',
    'https://shop.example.com/thanks',
    'http://shop.example.com:8080',
    `https://shop.example.com/?id=${next}`,
    `https://shop.example.com/${next}`,
    `/${next}`,
    `/thanks/${next}`,
    `thanks/${next}`,
    `?next=${next}`,
  ])('%j can be saved', (value) => {
    expect(saved('Location', value)).toEqual([]);
  });

  test.each([
    next,
    ` ${next}`,
    `${next}/thanks`,
    `https://${next}/`,
    `https://shop.example.com${next}`,
    `https://shop.example.com:${next}/`,
    `https://${next}.example.com/`,
    `https://user:${next}@shop.example.com/`,
    `https:${next}`,
    `https${next}`,
    `java${next}`,
    `//${next}`,
    `/\\\\${next}`,
    `{{$context.query.scheme}}://shop.example.com/`,
  ])('%j needs a list of hosts', (value) => {
    expect(saved('Location', value)).toMatchObject([{ path: 'headers[0]', code: 'location_not_allowed' }]);
    expect(saved('Location', value)[0]?.message).toContain('allowedHosts');
    expect(saved('Location', value, [])).toEqual([]);
    expect(saved('Location', value, ['shop.example.com'])).toEqual([]);
  });

  test.each([
    'javascript:alert(1)',
    'myapp://x',
    'mailto:a@b',
    '//evil.com',
    '/\\evil.com',
    '\\\\evil.com',
    'https:evil',
    'https://',
    'https://u:p@evil.com/',
    'data:text/html,x',
    'https:///evil.com',
    'http:/evil.com',
    '/a\tb',
  ])('%j cannot be saved', (value) => {
    expect(saved('Location', value, ['evil.com'])).toMatchObject([{ path: 'headers[0]', code: 'location_not_allowed' }]);
  });

  it('an entry that is no host is named', () => {
    expect(checkReply({ allowedHosts: ['a.example', 'https://x', '{{$context.query.h}}'] })).toMatchObject([
      { path: 'allowedHosts[1]', code: 'invalid_host' },
      { path: 'allowedHosts[2]', code: 'invalid_host' },
    ]);
  });

  const evil = [
    'https://evil.com/',
    '//evil.com',
    '///evil.com',
    '/\\evil.com',
    '\\/evil.com',
    '\\\\evil.com',
    'https:evil.com',
    'http:evil.com',
    'https:/evil.com',
    'https:\\\\evil.com',
    'HTTPS://evil.com',
    'javascript:alert(1)',
    'data:text/html,<script>',
    'https://shop.example.com@evil.com/',
    'https://user:pw@shop.example.com/',
    'https://shop.example.com.evil.com/',
    'https://shop.example.com:8443/',
    'https://shop.example.com\\@evil.com/',
    '/\t/evil.com',
    '\t//evil.com',
    '/a\r\nset-cookie: a=b',
    '/a\0',
    'https://shop.example.com/\u0141',
    'ftp://shop.example.com/',
    'https://here.invalid/',
    'http://here.invalid/',
    '//here.invalid/',
  ];

  test.each(evil)('%j is dropped when rendered, with and without a list', (value) => {
    const headers = [{ name: 'Location', value: next }];
    expect(admitted('location', value, { headers })).toBeUndefined();
    expect(admitted('location', value, { headers, allowedHosts: ['shop.example.com'] })).toBeUndefined();
  });

  test.each(['/thanks', 'thanks?x=a b', '?a', '/a//b', '/?next=https://evil.com\\', ''])('%j stays here', (value) => {
    expect(admitted('location', value, { headers: [{ name: 'Location', value: next }] })).toBe(value);
  });

  it('leads to hosts that are listed, or written in the same configuration', () => {
    const headers = [
      { name: 'Location', value: next },
      { name: 'LOCATION', value: 'https://written.example/?x={{$context.query.x}}' },
    ];
    expect(admitted('location', 'https://shop.example.com/a?b#c', { headers, allowedHosts: ['*.example.com'] })).toBeDefined();
    expect(admitted('location', 'https://written.example/?x=//evil.com', { headers })).toBeDefined();
    expect(admitted('location', 'http://written.example/', { headers })).toBeUndefined();
    expect(admitted('location', 'https://other.example/', { headers, allowedHosts: 'https://other.example' })).toBeUndefined();
  });

  it('is the own matter of a plugin that makes its replies itself', () => {
    const reply = buildReply({ status: 302, headers: [{ name: 'Location', value: 'https://anywhere.example/' }] });
    expect(admitReply(reply, readLocationRules({ target: 'x' }), () => {})).toBe(reply);
    const broken = { ...reply, headers: { location: '/a\r\nb: c' } };
    expect(admitReply(broken, undefined, () => {}).headers).toEqual({});
  });
});
