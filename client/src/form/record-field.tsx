// Records: values under names that one chooses.

import { Group, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { AddButton, RemoveButton, Section, useFieldLook } from './field-look.tsx';
import { type FieldViewProps, InnerField, useForm } from './form-context.tsx';
import { useItemKeys } from './item-keys.ts';
import { isObject, type JsonSchema } from './json-schema.ts';
import { initialItem, removeProperty, renameProperty, setProperty } from './update.ts';
import { joinPath } from './value-path.ts';

export interface RecordFieldProps extends FieldViewProps {
  readonly item: JsonSchema;
}

export function RecordField(props: RecordFieldProps) {
  const { t } = useTranslation('form');
  const { root } = useForm();
  const { value, onChange, isRequired, item } = props;
  const { look } = useFieldLook(props);
  const record = isObject(value) ? value : isObject(props.schema.default) ? props.schema.default : {};
  const names = Object.keys(record);
  const itemKeys = useItemKeys(names.length);
  const [draft, setDraft] = useState('');
  const isTaken = Object.hasOwn(record, draft);
  const set = (next: Record<string, unknown>): void => onChange(Object.keys(next).length === 0 && !isRequired ? undefined : next);
  const add = (): void => {
    if (draft === '' || isTaken) return;
    itemKeys.append();
    set(setProperty(record, draft, initialItem(item, root)));
    setDraft('');
  };
  return (
    <Section look={look}>
      <Stack gap={8}>
        {names.map((name, index) => (
          <Group key={itemKeys.keys[index]} gap={6} align="flex-end" wrap="nowrap">
            <NameInput
              name={name}
              label={t('entryName', { label: look.label, number: index + 1 })}
              isReadOnly={look.readOnly}
              isTaken={(next) => next !== name && Object.hasOwn(record, next)}
              onRename={(next) => set(renameProperty(record, name, next))}
            />
            <div style={{ flex: 1.4, minWidth: 0 }}>
              <InnerField
                name={name}
                schema={item}
                path={joinPath(props.path, name)}
                texts={[...props.texts, 'values']}
                value={record[name]}
                onChange={(next) => set(setProperty(record, name, next ?? null))}
                isRequired
                label={t('entryValue', { name })}
                isCell
              />
            </div>
            {!look.readOnly && (
              <RemoveButton
                label={t('removeItem', { name })}
                onClick={() => {
                  itemKeys.remove(index);
                  set(removeProperty(record, name));
                }}
              />
            )}
          </Group>
        ))}
        {!look.readOnly && (
          <Group gap={6} align="flex-start" wrap="nowrap">
            <TextInput
              style={{ flex: 1 }}
              aria-label={t('newName', { label: look.label })}
              placeholder={t('newNameHint')}
              value={draft}
              error={isTaken ? t('nameTaken') : undefined}
              onChange={(event) => setDraft(event.currentTarget.value)}
              onKeyDown={(event) => {
                if (event.key !== 'Enter') return;
                event.preventDefault();
                add();
              }}
            />
            <AddButton onClick={add} disabled={draft === '' || isTaken} label={t('addTo', { label: look.label })}>
              {t('add')}
            </AddButton>
          </Group>
        )}
      </Stack>
    </Section>
  );
}

interface NameInputProps {
  readonly name: string;
  readonly label: string;
  readonly isReadOnly: boolean;
  isTaken(name: string): boolean;
  onRename(name: string): void;
}

/** A name counts when one leaves its field: in between it may be that of another entry. */
function NameInput({ name, label, isReadOnly, isTaken, onRename }: NameInputProps) {
  const { t } = useTranslation('form');
  const [draft, setDraft] = useState<string | undefined>(undefined);
  const shown = draft ?? name;
  const commit = (): void => {
    if (shown !== '' && shown !== name && !isTaken(shown)) onRename(shown);
    setDraft(undefined);
  };
  return (
    <TextInput
      style={{ flex: 1 }}
      label={label}
      value={shown}
      readOnly={isReadOnly}
      error={isTaken(shown) ? t('nameTaken') : undefined}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
      }}
    />
  );
}
