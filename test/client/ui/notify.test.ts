// What people read when something fails: our own sentence where there is one, else the server's to the letter.

import i18next from 'i18next';
import { beforeAll, expect, it } from 'vitest';
import { ApiError } from '../../../client/src/api/request.ts';
import english from '../../../client/src/locales/en/common.json' with { type: 'json' };
import dutch from '../../../client/src/locales/nl/common.json' with { type: 'json' };
import { errorText } from '../../../client/src/ui/notify.ts';

beforeAll(async () => {
  await i18next.init({
    lng: 'nl',
    fallbackLng: false,
    resources: { en: { common: english }, nl: { common: dutch } },
    interpolation: { escapeValue: false },
  });
});

it('says what often happens in the reader’s language', () => {
  expect(errorText(new ApiError(404, 'secret_not_found', 'There is no such secret.'))).toBe('Dit geheim bestaat niet meer.');
});

it('leaves the braces of a template in the server’s sentence', () => {
  const message = 'The template {{$contxt.a}} is wrong: there is no variable "$contxt"';
  expect(errorText(new ApiError(422, 'invalid_template', message))).toBe(message);
});
