// Where users sign in.

import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Navigate, useLocation } from 'react-router';
import { ApiError } from '../api/request.ts';
import { useSession, useSignIn, useSignInWithCode } from '../api/session.ts';
import { FrontDoor } from '../shell/front-door.tsx';
import { errorText } from '../ui/notify.ts';
import { CodeField } from './second-factor/code-field.tsx';

export default function SignInPage() {
  const { t } = useTranslation();
  const location = useLocation();
  const session = useSession();
  const signIn = useSignIn();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  if (session.data?.user) return <Navigate to={comesFrom(location.state)} replace />;
  if (session.data?.needsSetup) return <FrontDoor title={t('setupNeeded')} text={t('setupNeededText')} />;
  if (signIn.data && 'secondFactor' in signIn.data) return <CodeStep onBack={() => signIn.reset()} />;
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

/** The second step, for users with a second factor. */
function CodeStep({ onBack }: { readonly onBack: () => void }) {
  const { t } = useTranslation();
  const signIn = useSignInWithCode();
  const [code, setCode] = useState('');
  const isTooLate = isRefused(signIn.error);
  return (
    <FrontDoor title={t('secondFactor.signInTitle')} text={t('secondFactor.signInText')}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          signIn.mutate(code, { onError: () => setCode('') });
        }}
      >
        <Stack>
          {isTooLate && (
            <Alert color="red" role="alert">
              {t('secondFactor.tooLate')}
            </Alert>
          )}
          <CodeField value={code} error={isTooLate ? null : signIn.error} onChange={setCode} autoFocus />
          <Button type="submit" loading={signIn.isPending} fullWidth>
            {t('signIn')}
          </Button>
          <Button variant="subtle" color="gray" onClick={onBack} fullWidth>
            {t('secondFactor.back')}
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
