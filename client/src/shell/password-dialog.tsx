// Asks for the password again before something that could give others lasting access; then what was asked for goes on.

import { Alert, Button, Group, Modal, PasswordInput, Stack, Text } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { onPasswordNeeded } from '../api/fresh-password.ts';
import { ApiError } from '../api/request.ts';
import { useConfirmPassword, useSession } from '../api/session.ts';
import { errorText } from '../ui/notify.ts';

export function PasswordDialog() {
  const { t } = useTranslation();
  const email = useSession().data?.user?.email ?? '';
  const confirm = useConfirmPassword();
  const [opened, setOpened] = useState(false);
  const [password, setPassword] = useState('');
  const field = useRef<HTMLInputElement>(null);
  /** Answers whoever has asked. */
  const answer = useRef((_isConfirmed: boolean): void => {});

  useEffect(
    () =>
      onPasswordNeeded(
        () =>
          new Promise((resolve) => {
            answer.current = resolve;
            setOpened(true);
          }),
      ),
    [],
  );

  function close(isConfirmed: boolean): void {
    setOpened(false);
    setPassword('');
    confirm.reset();
    answer.current(isConfirmed);
  }

  function submit(event: FormEvent): void {
    event.preventDefault();
    confirm.mutate(password, { onSuccess: () => close(true), onError: () => field.current?.select() });
  }

  const isWrong = confirm.error instanceof ApiError && confirm.error.status === 403;
  return (
    <Modal opened={opened} onClose={() => close(false)} title={t('freshPassword.title')}>
      <form onSubmit={submit}>
        <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
        <Stack>
          <Text size="sm">{t('freshPassword.text')}</Text>
          {confirm.isError && !isWrong && (
            <Alert color="red" role="alert">
              {errorText(confirm.error)}
            </Alert>
          )}
          <PasswordInput
            data-autofocus
            label={t('freshPassword.label')}
            autoComplete="current-password"
            required
            ref={field}
            value={password}
            aria-invalid={isWrong}
            error={isWrong ? t('freshPassword.wrong') : undefined}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={() => close(false)}>
              {t('cancel')}
            </Button>
            <Button type="submit" loading={confirm.isPending}>
              {t('freshPassword.go')}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
