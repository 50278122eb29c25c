// How a call is written down.

import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { curlLine, urlWithCredentials } from '../../../../client/src/editor/trigger/curl-line.ts';

const url = 'https://hooks.example.com/hooks/abc';

/** What a shell makes of a line: its words. */
function words(line: string): string[] {
  const text = execFileSync('/bin/sh', ['-c', `set -- ${line}; for word do printf '%s\\0' "$word"; done`], { encoding: 'utf8' });
  return text.split('\0').slice(0, -1);
}

test('a call without a body has no content type', () => {
  expect(curlLine({ url, body: '' })).toBe(`curl -i -X POST '${url}'`);
});

test('a shell takes the line apart as it was meant, whatever is in it', () => {
  const body = JSON.stringify({ text: `it's "quoted", $HOME, \`ls\`, \\ and !` });
  const credentials = { username: "o'neil", password: 'p$ss w*rd"' };
  expect(words(curlLine({ url: `${url}?a=1&b='2'`, body, credentials }))).toEqual([
    'curl',
    '-i',
    '-X',
    'POST',
    `${url}?a=1&b='2'`,
    '-u',
    `o'neil:p$ss w*rd"`,
    '-H',
    'Content-Type: application/json',
    '-d',
    body,
  ]);
});

test('credentials in a URL are encoded so that every parser reads them back', () => {
  const text = urlWithCredentials('http://127.0.0.1:3000/hooks/abc?x=1', 'ann@example.com', "p:a/s?s#w%d !'()*");
  const parsed = new URL(text);
  expect(decodeURIComponent(parsed.username)).toBe('ann@example.com');
  expect(decodeURIComponent(parsed.password)).toBe("p:a/s?s#w%d !'()*");
  expect(parsed.host).toBe('127.0.0.1:3000');
  expect(parsed.pathname + parsed.search).toBe('/hooks/abc?x=1');
  expect(text).not.toMatch(/['()* ]/);
});
