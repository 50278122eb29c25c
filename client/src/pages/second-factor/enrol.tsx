// Sets a second factor up: a key for an app, a first code, and the recovery codes.

import { Button, Code, Group, Stack, Text } from '@mantine/core';
import { type FormEvent, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useBeginSecondFactor, useEnableSecondFactor } from '../../api/second-factor.ts';
import { Copy } from '../../ui/copy.tsx';
import { LoadError, Loading } from '../../ui/page.tsx';
import { QrCode } from '../../ui/qr-code.tsx';
import { CodeField } from './code-field.tsx';
import { RecoveryCodes } from './recovery-codes.tsx';

/** @param onDone the user has seen the recovery codes */
export function Enrol({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const begin = useBeginSecondFactor();
  const enable = useEnableSecondFactor();
  const [code, setCode] = useState('');
  const { mutate } = begin;
  useEffect(() => mutate(), [mutate]);

  if (enable.data) return <RecoveryCodes codes={enable.data.recoveryCodes} onDone={onDone} />;
  if (begin.isError) return <LoadError error={begin.error} onRetry={() => mutate()} />;
  if (!begin.data) return <Loading />;
  const { secret, uri } = begin.data;

  function confirm(event: FormEvent): void {
    event.preventDefault();
    enable.mutate(code, { onError: () => setCode('') });
  }

  return (
    <form onSubmit={confirm}>
      <Stack>
        <Text size="sm">{t('secondFactor.scan')}</Text>
        <Group justify="center">
          <QrCode text={uri} label={t('secondFactor.qr')} />
        </Group>
        <div>
          <Text size="sm" id="second-factor-key">
            {t('secondFactor.orType')}
          </Text>
          <Group gap="xs" wrap="nowrap" mt={4}>
            <Code aria-labelledby="second-factor-key" data-second-factor-key style={{ overflowWrap: 'anywhere' }}>
              {secret.replace(/(.{4})(?=.)/g, '$1 ')}
            </Code>
            <Copy value={secret} label={t('secondFactor.key')} />
          </Group>
        </div>
        <CodeField value={code} error={enable.error} takesRecoveryCodes={false} onChange={setCode} />
        <Group justify="flex-end">
          <Button type="submit" loading={enable.isPending}>
            {t('secondFactor.turnOn')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
