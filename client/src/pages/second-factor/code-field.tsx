// Where a code is typed: six digits of an app, or a recovery code.

import { TextInput, type TextInputProps } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/request.ts';
import { errorText } from '../../ui/notify.ts';

export interface CodeFieldProps extends Pick<TextInputProps, 'description' | 'autoFocus'> {
  readonly value: string;
  /** What the server said of the last one. */
  readonly error: Error | null;
  /** Whether recovery codes are taken, too. Default true. */
  readonly takesRecoveryCodes?: boolean;
  onChange(code: string): void;
}

export function CodeField({ value, error, takesRecoveryCodes = true, onChange, ...others }: CodeFieldProps) {
  const { t } = useTranslation();
  const field = useRef<HTMLInputElement>(null);
  // What is wrong with it is read out with the field.
  useEffect(() => {
    if (error) field.current?.focus();
  }, [error]);
  return (
    <TextInput
      label={t('secondFactor.code')}
      description={takesRecoveryCodes ? t('secondFactor.codeText') : t('secondFactor.appCodeText')}
      name="code"
      autoComplete="one-time-code"
      inputMode={takesRecoveryCodes ? 'text' : 'numeric'}
      required
      maxLength={40}
      ref={field}
      value={value}
      error={error ? (isWrong(error) ? t('secondFactor.wrong') : errorText(error)) : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
      {...others}
    />
  );
}

function isWrong(error: Error): boolean {
  return error instanceof ApiError && error.code === 'wrong_code';
}
