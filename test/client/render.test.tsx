// @vitest-environment jsdom
// The fixture itself: parts are drawn with the texts of the chosen language, and a missing text is noticed.

import { Button, Select } from '@mantine/core';
import { screen } from '@testing-library/react';
import { useTranslation } from 'react-i18next';
import { expect, test, vi } from 'vitest';
import { createTexts, renderPart } from './render.tsx';

function Save({ onSave }: { readonly onSave: () => void }) {
  const { t } = useTranslation();
  return (
    <>
      <Button onClick={onSave}>{t('save')}</Button>
      <Select label={t('language')} data={['x', 'y']} />
    </>
  );
}

test('a part is drawn in the chosen language and can be used', async () => {
  const onSave = vi.fn();
  const { user } = renderPart(<Save onSave={onSave} />, { language: 'nl' });
  await user.click(screen.getByRole('button', { name: 'Opslaan' }));
  expect(onSave).toHaveBeenCalledOnce();
  await user.click(screen.getByRole('combobox', { name: 'Taal' }));
  await user.click(await screen.findByRole('option', { name: 'y' }));
  expect(screen.getByRole('combobox', { name: 'Taal' })).toHaveProperty('value', 'y');
});

test('a text that does not exist is an error', () => {
  expect(() => createTexts('fr').t('there is no such key')).toThrow('There is no text common:there is no such key in fr.');
});
