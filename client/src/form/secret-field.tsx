// Values that go in and never come out: what is set stays unless it is replaced, and a named secret can stand for it.

import { ActionIcon, Button, Group, Menu, PasswordInput, Pill, Text, TextInput } from '@mantine/core';
import { IconKey, IconLock } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { secretsQuery } from '../api/access.ts';
import { usePermission } from '../api/session.ts';
import { useFieldLook } from './field-look.tsx';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { isObject } from './json-schema.ts';
import { splitPath, valueAt } from './value-path.ts';

const NAMED = /^\s*\{\{\s*\$secrets\.([A-Za-z_][A-Za-z0-9_]*)\s*\}\}\s*$/;

export function SecretField(props: FieldViewProps) {
  const { t } = useTranslation('form');
  const { value, onChange, isRequired, isCell = false } = props;
  const { look } = useFieldLook(props);
  const isAround = useIsAround(props);
  const isSet = isAround && isRequired;
  const [isReplacing, setReplacing] = useState(false);
  const text = typeof value === 'string' ? value : '';
  const named = NAMED.exec(text)?.[1];
  const change = (next: string): void => onChange(next === '' && (!isRequired || isSet) ? undefined : next);
  const replace = (label: string) => (
    <Button
      size="compact-xs"
      variant="subtle"
      aria-label={t('secret.replaceLabel', { label: look.label })}
      onClick={() => {
        setReplacing(true);
        onChange(undefined);
      }}
    >
      {label}
    </Button>
  );
  if (named !== undefined) {
    return (
      <TextInput
        {...look}
        readOnly
        value={t('secret.named', { name: named })}
        leftSection={<IconKey size={16} aria-hidden />}
        rightSection={look.readOnly ? null : replace(t('secret.replace'))}
        rightSectionWidth={look.readOnly ? undefined : 90}
      />
    );
  }
  if (isSet && text === '' && !isReplacing) {
    return (
      <TextInput
        {...look}
        required={false}
        readOnly
        value={t('secret.isSet')}
        leftSection={<IconLock size={16} aria-hidden />}
        rightSection={look.readOnly ? null : replace(t('secret.replace'))}
        rightSectionWidth={look.readOnly ? undefined : 90}
      />
    );
  }
  const keeps = isSet ? t('secret.keep') : isAround ? t('secret.maybe') : undefined;
  return (
    <PasswordInput
      {...look}
      required={look.required && !isSet}
      description={isCell ? undefined : [look.description, keeps].filter(Boolean).join(' ') || undefined}
      value={text}
      autoComplete="new-password"
      visibilityToggleButtonProps={{ 'aria-label': t('secret.show', { label: look.label }) }}
      placeholder={isSet ? t('secret.keepShort') : look.placeholder}
      onChange={(event) => change(event.currentTarget.value)}
      inputContainer={(input) => (
        <Group gap={6} wrap="nowrap">
          <div style={{ flex: 1, minWidth: 0 }}>{input}</div>
          {!look.readOnly && <SecretMenu label={look.label} onChoose={(name) => onChange(`{{$secrets.${name}}}`)} />}
        </Group>
      )}
    />
  );
}

/**
 * Whether the server may have a value that it does not show: the object around it was there when the form was opened, and
 * nobody says that the value is missing. What is required is then set.
 */
function useIsAround({ path }: FieldViewProps): boolean {
  const { initial, problems } = useForm();
  if ((problems.get(path)?.length ?? 0) > 0) return false;
  const segments = splitPath(path);
  const name = segments.at(-1);
  const around = valueAt(initial, segments.slice(0, -1));
  return isObject(around) && Object.keys(around).length > 0 && typeof name === 'string' && !Object.hasOwn(around, name);
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
