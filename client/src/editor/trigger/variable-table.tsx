// The list of what the trigger takes from a request: headers, and paths of the query and the body.

import { ActionIcon, Button, Checkbox, Group, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { IconChevronRight, IconPlus, IconTrash } from '@tabler/icons-react';
import { useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Part } from '../../api/trigger.ts';
import type { FieldProblem } from '../../form/schema-form.tsx';
import { ValueInput } from '../../variables/value-input.tsx';
import { isJsonPath, type VariableDraft } from './webhook-draft.ts';

export interface VariableTableProps {
  readonly part: Part;
  readonly variables: readonly VariableDraft[];
  /** With paths such as `body[0].path`. */
  readonly problems: readonly FieldProblem[];
  readonly readOnly: boolean;
  onChange(variables: readonly VariableDraft[]): void;
}

export function VariableTable({ part, variables, problems, readOnly, onChange }: VariableTableProps) {
  const { t } = useTranslation('trigger');
  const container = useRef<HTMLDivElement>(null);

  function add(): void {
    onChange([...variables, { path: '' }]);
    // The new line is there after the next rendering.
    requestAnimationFrame(() => container.current?.querySelector<HTMLInputElement>('[data-last] input')?.focus());
  }

  return (
    <Stack gap={6} ref={container}>
      <Group justify="space-between">
        <Text component="h4" size="sm" fw={650} m={0}>
          {t(`parts.${part}`)}
        </Text>
        {!readOnly && (
          <Button size="compact-xs" variant="subtle" leftSection={<IconPlus size={14} aria-hidden />} onClick={add}>
            {t(`variables.add.${part}`)}
          </Button>
        )}
      </Group>
      {variables.length === 0 ? (
        <Text size="sm" c="dimmed">
          {t(`variables.empty.${part}`)}
        </Text>
      ) : (
        variables.map((variable, index) => (
          <VariableRow
            // Lines have no name of their own; where they stand is who they are.
            key={`${part}-${index.toString()}`}
            part={part}
            variable={variable}
            isLast={index === variables.length - 1}
            place={`${part}[${index}]`}
            problems={problems.filter(({ path }) => path === `${part}[${index}]` || path.startsWith(`${part}[${index}].`))}
            readOnly={readOnly}
            onChange={(next) => onChange(variables.map((other, at) => (at === index ? next : other)))}
            onRemove={() => onChange(variables.filter((_, at) => at !== index))}
          />
        ))
      )}
    </Stack>
  );
}

interface VariableRowProps {
  readonly part: Part;
  readonly variable: VariableDraft;
  readonly isLast: boolean;
  readonly place: string;
  readonly problems: readonly FieldProblem[];
  readonly readOnly: boolean;
  onChange(variable: VariableDraft): void;
  onRemove(): void;
}

function VariableRow({ part, variable, isLast, place, problems, readOnly, onChange, onRemove }: VariableRowProps) {
  const { t } = useTranslation('trigger');
  const needsName = part !== 'headers' && (isJsonPath(variable.path) || variable.name !== undefined);
  const [opened, setOpened] = useState(false);
  const errorAt = (...names: string[]): string | undefined =>
    problems.find(({ path }) => names.some((name) => path === (name === '' ? place : `${place}.${name}`)))?.message;
  const what = variable.path === '' ? t('variables.new') : variable.path;
  return (
    <div className="hl-variable" {...(isLast ? { 'data-last': true } : {})}>
      <div className="hl-variable-line">
        <TextInput
          aria-label={t(part === 'headers' ? 'variables.header' : 'variables.path')}
          placeholder={t(part === 'headers' ? 'variables.header' : 'variables.path')}
          value={variable.path}
          readOnly={readOnly}
          size="xs"
          error={errorAt(part === 'headers' ? 'name' : 'path', '')}
          onChange={(event) => onChange({ ...variable, path: event.currentTarget.value })}
          classNames={{ input: 'hl-mono' }}
          data-field={`${place}.${part === 'headers' ? 'name' : 'path'}`}
        />
        <TextInput
          aria-label={t('variables.aliasOf', { what })}
          placeholder={t('variables.alias')}
          value={variable.alias ?? ''}
          readOnly={readOnly}
          size="xs"
          error={errorAt('alias')}
          onChange={(event) => onChange({ ...variable, alias: event.currentTarget.value })}
          data-field={`${place}.alias`}
        />
        <Tooltip label={t('variables.requiredText')} multiline w={220}>
          <Checkbox
            aria-label={t('variables.requiredOf', { what })}
            label={t('variables.required')}
            checked={variable.required ?? false}
            disabled={readOnly}
            size="xs"
            onChange={(event) => onChange({ ...variable, required: event.currentTarget.checked })}
          />
        </Tooltip>
        <Tooltip label={t('variables.more')}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('variables.moreOf', { what })}
            aria-expanded={opened}
            onClick={() => setOpened(!opened)}
          >
            <IconChevronRight size={15} className={opened ? 'hl-turned' : ''} aria-hidden />
          </ActionIcon>
        </Tooltip>
        {!readOnly && (
          <Tooltip label={t('common:remove')}>
            <ActionIcon variant="subtle" color="gray" aria-label={t('variables.remove', { what })} onClick={onRemove}>
              <IconTrash size={15} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      {(opened || needsName) && (
        <Stack gap="xs" pt={6} pl="sm">
          {needsName && (
            <TextInput
              label={t('variables.name')}
              description={t('variables.nameText')}
              value={variable.name ?? ''}
              readOnly={readOnly}
              size="xs"
              error={errorAt('name')}
              onChange={(event) => onChange({ ...variable, name: event.currentTarget.value })}
              data-field={`${place}.name`}
            />
          )}
          {opened && (
            <ValueInput
              label={t('variables.default')}
              description={t('variables.defaultText')}
              value={variable.default}
              readOnly={readOnly}
              error={errorAt('default')}
              onChange={(value) => onChange({ ...variable, default: value })}
            />
          )}
        </Stack>
      )}
    </div>
  );
}
