// Where users sign in.

import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation } from 'react-router';
import { ApiError } from '../api/request.ts';
import { useSession, useSignIn } from '../api/session.ts';
import { FrontDoor } from '../shell/front-door.tsx';
import { errorText } from '../ui/notify.ts';

export default function SignInPage() {
  const { t } = useTranslation();
  const location = useLocation();
  const session = useSession();
  const signIn = useSignIn();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  if (session.data?.user) return <Navigate to={comesFrom(location.state)} replace />;
  if (session.data?.needsSetup) return <FrontDoor title={t('setupNeeded')} text={t('setupNeededText')} />;
  return (
    <FrontDoor title={t('signIn')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate({ email, password });
        }}
      >
        <Stack>
          {signIn.isError && (
            <Alert color="red" role="alert">
              {isRefused(signIn.error) ? t('signInRefused') : errorText(signIn.error)}
            </Alert>
          )}
          <TextInput
            label={t('email')}
            type="email"
            name="email"
            autoComplete="username"
            required
            value={email}
            onChange={(event) => setEmail(event.currentTarget.value)}
            autoFocus
          />
          <PasswordInput
            label={t('password')}
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            {t('signIn')}
          </Button>
        </Stack>
      </form>
    </FrontDoor>
  );
}

function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

/** The page that somebody wanted before they were asked to sign in. */
function comesFrom(state: unknown): string {
  if (typeof state === 'object' && state !== null && 'from' in state && typeof state.from === 'string') return state.from;
  return '/workflows';
}
