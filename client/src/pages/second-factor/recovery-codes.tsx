// New recovery codes, which are shown this once.

import { Alert, Button, Group, Stack, Text } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { Copy } from '../../ui/copy.tsx';
import './recovery-codes.css';

export function RecoveryCodes({ codes, onDone }: { readonly codes: readonly string[]; readonly onDone: () => void }) {
  const { t } = useTranslation();
  const heading = useRef<HTMLParagraphElement>(null);
  // They take the place of the form that had the focus.
  useEffect(() => heading.current?.focus(), []);
  return (
    <Stack>
      <Text size="sm" ref={heading} tabIndex={-1} role="status">
        {t('secondFactor.recoveryText')}
      </Text>
      <ul className="hl-recovery-codes hl-mono" aria-label={t('secondFactor.recovery')}>
        {codes.map((code) => (
          <li key={code} data-recovery-code>
            {code}
          </li>
        ))}
      </ul>
      <Alert color="orange">{t('shownOnce')}</Alert>
      <Group justify="space-between">
        <Copy value={codes.join('\n')} label={t('secondFactor.recovery')} />
        <Button onClick={onDone}>{t('secondFactor.kept')}</Button>
      </Group>
    </Stack>
  );
}
