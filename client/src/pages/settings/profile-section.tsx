// The signed-in user's own name and password.

import { Button, Checkbox, Group, PasswordInput, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useChangeProfile } from '../../api/access.ts';
import { ApiError } from '../../api/request.ts';
import { useSession } from '../../api/session.ts';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Notices } from './notices.tsx';
import { OwnSessions } from './own-sessions.tsx';
import { SecondFactorSection } from './second-factor-section.tsx';
import { Section } from './section.tsx';

export function ProfileSection() {
  const { t } = useTranslation('settings');
  const user = useSession().data?.user;
  const change = useChangeProfile();
  const [name, setName] = useState(user?.name ?? '');
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [revokeTokens, setRevokeTokens] = useState(false);
  const isWeak = change.error instanceof ApiError && change.error.code === 'weak_password';
  const field = useRef<HTMLInputElement>(null);

  // What is wrong with it is read out with the field.
  useEffect(() => {
    if (isWeak) field.current?.focus();
  }, [isWeak]);

  function rename(event: FormEvent): void {
    event.preventDefault();
    change.mutate({ name }, { onSuccess: () => notifySuccess(t('saved')), onError: notifyError });
  }

  function changePassword(event: FormEvent): void {
    event.preventDefault();
    change.mutate(
      { password: { current, new: password, revokeTokens } },
      {
        onError(error) {
          const { status, code } = error instanceof ApiError ? error : {};
          // It is said beside the field.
          if (code === 'weak_password') return;
          // Everybody may change their own: what is refused is the present password.
          notifyError(status === 403 ? new Error(t('profile.wrong')) : error);
        },
        onSuccess() {
          setCurrent('');
          setPassword('');
          setRevokeTokens(false);
          notifySuccess(t('profile.passwordChanged'));
        },
      },
    );
  }

  return (
    <Stack gap="xl" maw={760}>
      <Section title={t('profile.title')} text={user?.email}>
        <form onSubmit={rename}>
          <Group align="flex-end">
            <TextInput
              label={t('profile.name')}
              value={name}
              required
              maxLength={100}
              flex={1}
              autoComplete="name"
              onChange={(event) => setName(event.currentTarget.value)}
            />
            <Button type="submit" variant="default" disabled={name.trim() === '' || name === user?.name}>
              {t('common:save')}
            </Button>
          </Group>
        </form>
      </Section>
      <Section title={t('profile.password')} text={t('profile.passwordText')}>
        <form onSubmit={changePassword}>
          <input type="text" name="username" autoComplete="username" value={user?.email ?? ''} readOnly hidden />
          <Stack>
            <PasswordInput
              label={t('profile.current')}
              autoComplete="current-password"
              required
              value={current}
              onChange={(event) => setCurrent(event.currentTarget.value)}
            />
            <PasswordInput
              label={t('profile.new')}
              description={t('common:passwordRule', { count: 12 })}
              autoComplete="new-password"
              required
              minLength={12}
              ref={field}
              value={password}
              aria-invalid={isWeak}
              error={isWeak ? t('common:errors.weak_password') : undefined}
              onChange={(event) => {
                setPassword(event.currentTarget.value);
                if (isWeak) change.reset();
              }}
            />
            <Checkbox
              label={t('profile.revokeTokens')}
              description={t('profile.revokeTokensText')}
              checked={revokeTokens}
              onChange={(event) => setRevokeTokens(event.currentTarget.checked)}
            />
            <Group>
              <Button type="submit" loading={change.isPending}>
                {t('profile.change')}
              </Button>
            </Group>
          </Stack>
        </form>
      </Section>
      <SecondFactorSection />
      <Notices />
      <OwnSessions />
    </Stack>
  );
}
