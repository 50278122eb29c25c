// Values that go in and never come out: what is set stays unless it is replaced or removed, and a named secret can stand for it.

import { ActionIcon, Button, Group, Menu, PasswordInput, Pill, Text, TextInput, type TextInputProps } from '@mantine/core';
import { IconKey, IconLock, IconLockOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { secretsQuery } from '../api/access.ts';
import { usePermission } from '../api/session.ts';
import { useFieldLook } from './field-look.tsx';
import type { FieldViewProps } from './form-context.tsx';
import { useStoredSecret } from './stored-secret.ts';

const NAMED = /^\s*\{\{\s*\$secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*$/;

export function SecretField(props: FieldViewProps) {
  const { t } = useTranslation('form');
  const { value, onChange, isRequired, isCell = false } = props;
  const { look } = useFieldLook(props);
  const stored = useStoredSecret(props);
  const [isReplacing, setReplacing] = useState(false);
  const focus = useRef<'remove' | 'undo'>(null);
  const text = typeof value === 'string' ? value : '';
  const isRemoved = value === null && stored !== 'no';
  const isSet = stored === 'yes';
  const named = NAMED.exec(text)?.[1];
  const change = (next: string): void => onChange(next === '' && (!isRequired || isSet) ? undefined : next);
  const { label } = look;
  // The button that was pressed goes away; what undoes it takes the focus.
  const takeFocus = (of: 'remove' | 'undo') => (button: HTMLButtonElement | null) => {
    if (button === null || focus.current !== of) return;
    focus.current = null;
    button.focus();
  };
  const replace = (
    <Button
      size="compact-xs"
      variant="subtle"
      aria-label={t('secret.replaceLabel', { label })}
      onClick={() => {
        setReplacing(true);
        onChange(undefined);
      }}
    >
      {t('secret.replace')}
    </Button>
  );
  const remove = !isRequired && stored !== 'no' && !look.readOnly && (
    <Button
      ref={takeFocus('remove')}
      size="compact-xs"
      variant="subtle"
      aria-label={t('removeItem', { name: label })}
      onClick={() => {
        focus.current = 'undo';
        setReplacing(false);
        onChange(null);
      }}
    >
      {t('common:remove')}
    </Button>
  );
  const fixed = { ...look, required: false, readOnly: true };
  if (isRemoved) {
    return (
      <Fixed
        {...fixed}
        description={isCell ? undefined : [look.description, t('secret.removedText')].filter(Boolean).join(' ')}
        value={t('secret.removed')}
        leftSection={<IconLockOff size={16} aria-hidden />}
        actions={
          !look.readOnly && (
            <Button
              ref={takeFocus('undo')}
              size="compact-xs"
              variant="subtle"
              aria-label={t('secret.undoLabel', { label })}
              onClick={() => {
                focus.current = 'remove';
                onChange(undefined);
              }}
            >
              {t('secret.undo')}
            </Button>
          )
        }
      />
    );
  }
  if (named !== undefined) {
    return (
      <Fixed
        {...fixed}
        required={look.required}
        value={t('secret.named', { name: named })}
        leftSection={<IconKey size={16} aria-hidden />}
        actions={!look.readOnly && replace}
      />
    );
  }
  if (isSet && text === '' && !isReplacing) {
    return (
      <Fixed
        {...fixed}
        value={t('secret.isSet')}
        leftSection={<IconLock size={16} aria-hidden />}
        actions={
          !look.readOnly && (
            <>
              {replace}
              {remove}
            </>
          )
        }
      />
    );
  }
  const keeps = isSet ? t('secret.keep') : stored === 'maybe' ? t('secret.maybe') : undefined;
  return (
    <>
      <PasswordInput
        {...look}
        required={look.required && !isSet}
        description={isCell ? undefined : [look.description, keeps].filter(Boolean).join(' ') || undefined}
        value={text}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ 'aria-label': t('secret.show', { label }) }}
        placeholder={isSet ? t('secret.keepShort') : look.placeholder}
        onChange={(event) => change(event.currentTarget.value)}
        inputContainer={(input) => (
          <Group gap={6} wrap="nowrap">
            <div style={{ flex: 1, minWidth: 0 }}>{input}</div>
            {!look.readOnly && <SecretMenu label={label} onChoose={(name) => onChange(`{{$secrets.${name}}}`)} />}
          </Group>
        )}
      />
      {remove && text === '' && (
        <Group justify="flex-end" mt={4}>
          {remove}
        </Group>
      )}
    </>
  );
}

/** Says what is there without showing it, with what can be done about it. */
function Fixed({ actions, ...props }: TextInputProps & { readonly actions: ReactNode }) {
  return (
    <TextInput
      {...props}
      inputContainer={(input) => (
        <Group gap={2} wrap="nowrap" align="flex-end">
          <div style={{ flex: 1, minWidth: 0 }}>{input}</div>
          <Group gap={2} wrap="nowrap" h={36}>
            {actions}
          </Group>
        </Group>
      )}
    />
  );
}

function SecretMenu({ label, onChoose }: { readonly label: string; readonly onChoose: (name: string) => void }) {
  const { t } = useTranslation('form');
  const mayRead = usePermission('secrets:read');
  const [opened, setOpened] = useState(false);
  const text = t('secret.choose', { label });
  const secrets = useQuery({ ...secretsQuery, enabled: opened && mayRead });
  const names = secrets.data?.data.map(({ name }) => name) ?? [];
  return (
    <Menu opened={opened} onChange={setOpened} position="bottom-end" width={240}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" size="md" aria-label={text} title={text}>
          <IconKey size={16} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('secret.stored')}</Menu.Label>
        {names.map((name) => (
          <Menu.Item key={name} onClick={() => onChoose(name)}>
            <Pill>{name}</Pill>
          </Menu.Item>
        ))}
        {names.length === 0 && (
          <Text size="xs" c="dimmed" px="sm" py={4}>
            {secrets.isFetching ? t('common:loading') : secrets.isError ? t('secret.unreadable') : t('secret.none')}
          </Text>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
