import { describe, expect, test } from 'vitest';
import { createUrlProblem } from '../../src/outbound/endpoint-url.ts';

const strict = createUrlProblem({ allowedTargets: [], ports: '80,443,8000-8999', allowsPlainHttp: false });
const plain = createUrlProblem({ allowedTargets: [], ports: '80,443', allowsPlainHttp: true });
const NOT_ALLOWED = 'this address may not be called; it has to be on the public Internet';

describe('without anything allowed', () => {
  test.each(['https://shop.example/hooks?a=1', 'https://shop.example:8443/', 'https://8.8.8.8/', 'https://[2606:4700::1111]/'])(
    '%s may be tried',
    (url) => {
      expect(strict(url)).toBeUndefined();
    },
  );

  test.each([
    'https://localhost/',
    'https://LOCALHOST./',
    'https://api.localhost/',
    'https://127.0.0.1/',
    'https://0/',
    'https://0.0.0.0/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[fe80::1]/',
    'https://10.0.0.1/',
    'https://192.168.1.1/',
    'https://169.254.169.254/',
    'https://①②⑦.⓪.⓪.①/',
  ])('%s is refused', (url) => {
    expect(strict(url)).toBe(NOT_ALLOWED);
  });

  test.each([
    ['http://shop.example/', 'the URL must begin with https://'],
    ['ftp://shop.example/', 'the URL must begin with https:// or http://'],
    ['https://shop.example:22/', 'port 22 may not be used'],
    ['https://u:p@shop.example/', 'the URL holds credentials (user:password@); give them as authentication instead'],
    ['https://shop.example/\r\nX: y', 'the URL has a space, a line break or a control character'],
    ['https://shop.example/a\0b', 'the URL has a space, a line break or a control character'],
    [' https://shop.example/', 'the URL has a space, a line break or a control character'],
    ['https://shop.example/\ud800', 'the URL has half of a surrogate pair'],
    ['shop.example', 'the URL is not a complete one, such as https://example.com/path'],
  ])('%s: %s', (url, problem) => {
    expect(strict(url)).toBe(problem);
  });
});

test('plain http goes to the public Internet when that is allowed, and nowhere else', () => {
  expect(plain('http://shop.example/')).toBeUndefined();
  expect(plain('http://127.0.0.1/')).toBe(NOT_ALLOWED);
});

test('plain http goes to allowed targets; a name may turn out to be one when addresses are allowed', () => {
  const named = createUrlProblem({ allowedTargets: ['erp.internal', '127.0.0.1:9000'], ports: '80,443', allowsPlainHttp: false });
  expect(named('http://erp.internal/x')).toBeUndefined();
  expect(named('http://127.0.0.1:9000/x')).toBeUndefined();
  expect(named('http://localhost:9000/x')).toBeUndefined();
  expect(named('http://127.0.0.1/x')).toBe(NOT_ALLOWED);
  const block = createUrlProblem({ allowedTargets: ['10.0.0.0/8'], ports: '80,443', allowsPlainHttp: false });
  expect(block('http://10.1.2.3/')).toBeUndefined();
  expect(block('http://erp.corp/')).toBeUndefined();
  expect(block('http://8.8.8.8/')).toBe('the URL must begin with https://');
});
