// Who may call the trigger URL: everybody who knows it, or only with a user name and a password.

import { Group, PasswordInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { FieldProblem } from '../../form/schema-form.tsx';
import type { CredentialsDraft } from './webhook-draft.ts';

export interface AuthSectionProps {
  readonly credentials: CredentialsDraft;
  /** They have been saved before; the server never shows them again. */
  readonly isSaved: boolean;
  readonly problems: readonly FieldProblem[];
  readonly readOnly: boolean;
  onChange(credentials: CredentialsDraft): void;
}

export function AuthSection({ credentials, isSaved, problems, readOnly, onChange }: AuthSectionProps) {
  const { t } = useTranslation('trigger');
  const placeholder = isSaved ? t('auth.saved') : undefined;
  const errorAt = (path: string): string | undefined => problems.find((problem) => problem.path === path)?.message;
  return (
    <Stack gap="sm">
      <Switch
        label={t('auth.switch')}
        description={t('auth.switchText')}
        checked={credentials.isOn}
        disabled={readOnly}
        onChange={(event) => onChange({ ...credentials, isOn: event.currentTarget.checked })}
      />
      {credentials.isOn && (
        <>
          <Group grow align="flex-start" gap="sm">
            <TextInput
              label={t('auth.username')}
              value={credentials.username}
              placeholder={placeholder}
              readOnly={readOnly}
              autoComplete="off"
              error={errorAt('auth.username') ?? errorAt('auth')}
              onChange={(event) => onChange({ ...credentials, username: event.currentTarget.value })}
              data-field="auth.username"
            />
            <PasswordInput
              label={t('auth.password')}
              value={credentials.password}
              placeholder={placeholder}
              readOnly={readOnly}
              autoComplete="new-password"
              error={errorAt('auth.password')}
              onChange={(event) => onChange({ ...credentials, password: event.currentTarget.value })}
              data-field="auth.password"
            />
          </Group>
          {isSaved && (
            <Text size="xs" c="dimmed">
              {t('auth.savedText')}
            </Text>
          )}
        </>
      )}
    </Stack>
  );
}
