// Where a one-time link leads: the owner of a new installation, an invited user or one who forgot chooses a password here.

import { Alert, Button, Checkbox, PasswordInput, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation, useNavigate } from 'react-router';
import type { LinkView } from '../../../src/access/model.ts';
import { ApiError } from '../api/request.ts';
import { useAcceptLink, useLink } from '../api/session.ts';
import { FrontDoor } from '../shell/front-door.tsx';
import { errorText } from '../ui/notify.ts';
import { Loading } from '../ui/page.tsx';
import { CodeField } from './second-factor/code-field.tsx';

/** As the server demands (`passwordSchema`). */
const MIN_PASSWORD_LENGTH = 12;

export default function WelcomePage() {
  const { t } = useTranslation();
  const token = useLocation().hash.replace(/^#/, '');
  const link = useLink(token);
  if (token !== '' && link.isPending) return <Loading />;
  if (link.data) return <ChoosePassword token={token} link={link.data} />;
  const isGone = token === '' || (link.error instanceof ApiError && link.error.status === 404);
  return (
    <FrontDoor title={t('link.unusable')} text={isGone ? t('link.unusableText') : errorText(link.error)}>
      <Button component={Link} to="/sign-in" variant="default">
        {t('signIn')}
      </Button>
    </FrontDoor>
  );
}

function ChoosePassword({ token, link }: { token: string; link: LinkView }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const accept = useAcceptLink();
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [revokeTokens, setRevokeTokens] = useState(true);
  const [code, setCode] = useState('');
  const [tried, setTried] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const isSetup = link.purpose === 'setup';
  const isReset = link.purpose === 'reset';
  const tooShort = password.length < MIN_PASSWORD_LENGTH;
  const differs = password !== again;
  const isWeak = accept.error instanceof ApiError && accept.error.code === 'weak_password';
  const isCodeWrong = accept.error instanceof ApiError && accept.error.code === 'wrong_code';
  const tooShortText = tried && tooShort ? t('passwordRule', { count: MIN_PASSWORD_LENGTH }) : undefined;

  // What is wrong with it is read out with the field.
  useEffect(() => {
    if (isWeak) field.current?.focus();
  }, [isWeak]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    setTried(true);
    if (tooShort || differs) return;
    const input = {
      token,
      password,
      ...(isSetup ? { name, email } : {}),
      ...(isReset ? { revokeTokens } : {}),
      ...(link.secondFactor ? { code } : {}),
    };
    accept.mutate(input, { onSuccess: () => void navigate('/workflows', { replace: true }) });
  }

  return (
    <FrontDoor title={t(`link.${link.purpose}`)} text={t(`link.${link.purpose}Text`, { email: link.email ?? '' })}>
      <form onSubmit={submit} noValidate={false}>
        <Stack>
          {accept.isError && !isWeak && !isCodeWrong && (
            <Alert color="red" role="alert">
              {errorText(accept.error)}
            </Alert>
          )}
          {isSetup && (
            <>
              <TextInput
                label={t('yourName')}
                name="name"
                autoComplete="name"
                required
                value={name}
                onChange={(event) => setName(event.currentTarget.value)}
              />
              <TextInput
                label={t('email')}
                type="email"
                name="email"
                autoComplete="username"
                required
                value={email}
                onChange={(event) => setEmail(event.currentTarget.value)}
              />
            </>
          )}
          <PasswordInput
            label={t('newPassword')}
            description={t('passwordRule', { count: MIN_PASSWORD_LENGTH })}
            name="new-password"
            autoComplete="new-password"
            required
            ref={field}
            value={password}
            aria-invalid={isWeak || tooShortText !== undefined}
            error={isWeak ? t('errors.weak_password') : tooShortText}
            onChange={(event) => {
              setPassword(event.currentTarget.value);
              if (isWeak) accept.reset();
            }}
          />
          <PasswordInput
            label={t('passwordAgain')}
            name="password-again"
            autoComplete="new-password"
            required
            value={again}
            error={tried && differs ? t('passwordsDiffer') : undefined}
            onChange={(event) => setAgain(event.currentTarget.value)}
          />
          {link.secondFactor && <CodeField value={code} error={isCodeWrong ? accept.error : null} onChange={setCode} />}
          {isReset && (
            <Checkbox
              label={t('link.revokeTokens')}
              description={t('link.revokeTokensText')}
              checked={revokeTokens}
              onChange={(event) => setRevokeTokens(event.currentTarget.checked)}
            />
          )}
          <Button type="submit" loading={accept.isPending} fullWidth>
            {t('link.go')}
          </Button>
        </Stack>
      </form>
    </FrontDoor>
  );
}
