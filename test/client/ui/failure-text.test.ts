// What is said of a failure: our own sentence for what is common, the server's for the rest.

import i18next from 'i18next';
import { beforeAll, expect, test } from 'vitest';
import common from '../../../client/src/locales/nl/common.json' with { type: 'json' };
import { failureText } from '../../../client/src/ui/failure-text.ts';

beforeAll(async () => {
  await i18next.init({ lng: 'nl', ns: ['common'], resources: { nl: { common } }, interpolation: { escapeValue: false } });
});

test('a status comes from the answer, the details or the sentence', () => {
  const message = '127.0.0.1 answered with status 503.';
  const said = 'De ontvanger antwoordde met status 503.';
  expect(failureText({ code: 'unexpected_status', message }, 503)).toBe(said);
  expect(failureText({ code: 'unexpected_status', message: 'No.', details: { status: 503 } })).toBe(said);
  expect(failureText({ code: 'unexpected_status', message })).toBe(said);
});

test('without a status the server says it', () => {
  expect(failureText({ code: 'unexpected_status', message: 'No.' })).toBe('No.');
});

test('what is not common is said as the server says it', () => {
  expect(failureText({ code: 'script_failed', message: 'x is not defined.' })).toBe('x is not defined.');
});
