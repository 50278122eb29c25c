// The signed-in user's second factor: on or off, and what is left of the recovery codes.

import { Badge, Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/request.ts';
import {
  secondFactorQuery,
  useDisableSecondFactor,
  useRefreshSecondFactor,
  useRenewRecoveryCodes,
} from '../../api/second-factor.ts';
import { notifySuccess } from '../../ui/notify.ts';
import { Queried } from '../../ui/queried.tsx';
import { CodeField } from '../second-factor/code-field.tsx';
import { Enrol } from '../second-factor/enrol.tsx';
import { RecoveryCodes } from '../second-factor/recovery-codes.tsx';
import { Section } from './section.tsx';

/** Fewer recovery codes than this are a reason to make new ones. */
const FEW_CODES = 4;

export function SecondFactorSection() {
  const { t } = useTranslation();
  const factor = useQuery(secondFactorQuery);
  const refresh = useRefreshSecondFactor();
  const [dialog, setDialog] = useState<'enrol' | 'codes' | 'off' | null>(null);

  function done(text: string): void {
    setDialog(null);
    void refresh();
    notifySuccess(text);
  }

  return (
    <Section title={t('secondFactor.title')} text={t('secondFactor.text')}>
      <Queried query={factor}>
        {({ enabled, recoveryCodes, required }) => (
          <Stack align="flex-start">
            <Group gap="sm">
              <Badge className="hl-badge" variant="light" color={enabled ? 'teal' : 'gray'} tt="none">
                {enabled ? t('secondFactor.on') : t('secondFactor.off')}
              </Badge>
              {enabled && (
                <Text size="sm" {...(recoveryCodes < FEW_CODES ? { c: 'orange.9', fw: 600 } : { c: 'dimmed' })}>
                  {t('secondFactor.left', { count: recoveryCodes })}
                </Text>
              )}
            </Group>
            {enabled && required && (
              <Text size="sm" c="dimmed">
                {t('secondFactor.requiredText')}
              </Text>
            )}
            <Group>
              {!enabled && <Button onClick={() => setDialog('enrol')}>{t('secondFactor.setUp')}</Button>}
              {enabled && (
                <Button variant="default" onClick={() => setDialog('codes')}>
                  {t('secondFactor.renew')}
                </Button>
              )}
              {enabled && !required && (
                <Button variant="default" onClick={() => setDialog('off')}>
                  {t('secondFactor.turnOff')}
                </Button>
              )}
            </Group>
          </Stack>
        )}
      </Queried>
      <Modal
        opened={dialog === 'enrol'}
        onClose={() => {
          setDialog(null);
          void refresh();
        }}
        title={t('secondFactor.setUp')}
        closeOnClickOutside={false}
      >
        <Enrol onDone={() => done(t('secondFactor.turnedOn'))} />
      </Modal>
      <Modal
        opened={dialog === 'codes'}
        onClose={() => setDialog(null)}
        title={t('secondFactor.renew')}
        closeOnClickOutside={false}
      >
        <Renew onDone={() => done(t('secondFactor.renewed'))} />
      </Modal>
      <Modal opened={dialog === 'off'} onClose={() => setDialog(null)} title={t('secondFactor.turnOff')}>
        <TurnOff onDone={() => done(t('secondFactor.turnedOff'))} />
      </Modal>
    </Section>
  );
}

function Renew({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const renew = useRenewRecoveryCodes();
  const [code, setCode] = useState('');
  if (renew.data) return <RecoveryCodes codes={renew.data.recoveryCodes} onDone={onDone} />;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        renew.mutate(code, { onError: () => setCode('') });
      }}
    >
      <Stack>
        <Text size="sm">{t('secondFactor.renewText')}</Text>
        <CodeField value={code} error={renew.error} onChange={setCode} />
        <Group justify="flex-end">
          <Button type="submit" loading={renew.isPending}>
            {t('secondFactor.renew')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function TurnOff({ onDone }: { readonly onDone: () => void }) {
  const { t } = useTranslation();
  const disable = useDisableSecondFactor();
  const [code, setCode] = useState('');
  const [password, setPassword] = useState('');
  const isPasswordWrong = disable.error instanceof ApiError && disable.error.code === 'forbidden';

  function submit(event: FormEvent): void {
    event.preventDefault();
    disable.mutate({ code, password }, { onSuccess: onDone });
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t('secondFactor.offText')}</Text>
        <PasswordInput
          label={t('password')}
          autoComplete="current-password"
          required
          value={password}
          error={isPasswordWrong ? t('secondFactor.wrongPassword') : undefined}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <CodeField value={code} error={isPasswordWrong ? null : disable.error} onChange={setCode} />
        <Group justify="flex-end">
          <Button type="submit" color="red.9" loading={disable.isPending}>
            {t('secondFactor.turnOff')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
