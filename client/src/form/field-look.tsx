// What every field shows around its input: label, help, what is wrong; and the frame of fields that hold others.

import { ActionIcon, Box, Button, Group, Stack, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconPlus, IconTrash } from '@tabler/icons-react';
import { type ReactNode, useId } from 'react';
import { useTranslation } from 'react-i18next';
import { type FieldTexts, useFieldTexts } from './field-text.ts';
import classes from './form.module.css';
import type { FieldViewProps } from './form-context.tsx';
import { useForm } from './form-context.tsx';
import { sentence } from './sentence.ts';

/** The properties that all inputs take. */
export interface FieldLook {
  readonly label: string;
  readonly description: ReactNode | undefined;
  readonly error: ReactNode | undefined;
  readonly required: boolean;
  readonly readOnly: boolean;
  readonly placeholder: string | undefined;
}

export interface FieldLookResult {
  readonly look: FieldLook;
  readonly texts: FieldTexts;
}

/** @param hint is said behind the help, such as the limits of a number */
export function useFieldLook(props: FieldViewProps, hint?: string): FieldLookResult {
  const form = useForm();
  const texts = useFieldTexts(form.texts);
  const text = texts.field(props.texts, props.name, props.schema);
  const errors = (form.problems.get(props.path) ?? []).filter(({ severity }) => severity === 'error');
  const fallback = props.schema.default;
  const help = [text.help, hint].filter((part) => part !== undefined && part !== '').join(' ');
  return {
    texts,
    look: {
      label: props.label ?? text.label,
      description: props.isCell === true || help === '' ? undefined : help,
      error: errors.length === 0 ? undefined : errors.map(({ message }) => sentence(message)).join(' '),
      required: props.isRequired,
      readOnly: form.isReadOnly,
      placeholder:
        text.placeholder ?? (typeof fallback === 'string' || typeof fallback === 'number' ? String(fallback) : undefined),
    },
  };
}

/** Warnings about a field, below it. */
export function Warnings({ path }: { readonly path: string }) {
  const { t } = useTranslation('form');
  const warnings = (useForm().problems.get(path) ?? []).filter(({ severity }) => severity === 'warning');
  if (warnings.length === 0) return null;
  return (
    <Stack gap={2} mt={4}>
      {warnings.map(({ message }) => (
        <Group key={message} gap={6} wrap="nowrap" align="flex-start">
          <IconAlertTriangle size={14} className={classes.warningIcon} aria-label={t('warning')} />
          <Text size="xs">{sentence(message)}</Text>
        </Group>
      ))}
    </Stack>
  );
}

export interface SectionProps {
  readonly look: FieldLook;
  /** Beside the label: what can be done with the whole. */
  readonly actions?: ReactNode;
  /** In a frame of its own. Default false. */
  readonly isFramed?: boolean;
  readonly children?: ReactNode;
}

/** A field that holds others. */
export function Section({ look, actions, isFramed = false, children }: SectionProps) {
  const id = useId();
  const hasContent = children !== undefined && children !== null && children !== false;
  return (
    // A fieldset's legend cannot stand in one row with its buttons.
    <Box role="group" aria-labelledby={`${id}-label`} aria-describedby={look.description ? `${id}-help` : undefined}>
      <Group justify="space-between" align="flex-start" wrap="nowrap" gap="xs">
        <Box>
          <div className={classes.label} id={`${id}-label`}>
            {look.label}
            {look.required && (
              <Text span className={classes.asterisk} aria-hidden>
                {' *'}
              </Text>
            )}
          </div>
          {look.description !== undefined && (
            <Text size="xs" c="dimmed" id={`${id}-help`}>
              {look.description}
            </Text>
          )}
        </Box>
        {actions}
      </Group>
      {look.error !== undefined && (
        <Text size="xs" c="var(--mantine-color-error)" mt={4}>
          {look.error}
        </Text>
      )}
      {hasContent && (
        <Box mt={8} className={isFramed ? classes.frame : undefined}>
          {children}
        </Box>
      )}
    </Box>
  );
}

export interface AddButtonProps {
  readonly onClick: () => void;
  /** What is shown. */
  readonly children: string;
  /** What is added, for screen readers. Default what is shown. */
  readonly label?: string;
  readonly disabled?: boolean;
}

export function AddButton({ onClick, children, label, disabled = false }: AddButtonProps) {
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<IconPlus size={14} aria-hidden />}
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      className={classes.shrink}
    >
      {children}
    </Button>
  );
}

export interface IconButtonProps {
  readonly label: string;
  readonly onClick: () => void;
  readonly children: ReactNode;
  readonly disabled?: boolean;
}

/** A small button with an icon; says what it does on hover. */
export function IconButton({ label, onClick, children, disabled = false }: IconButtonProps) {
  return (
    <Tooltip label={label}>
      <ActionIcon variant="subtle" color="gray" size="md" onClick={onClick} aria-label={label} disabled={disabled}>
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

export function RemoveButton({ label, onClick }: { readonly label: string; readonly onClick: () => void }) {
  return (
    <IconButton label={label} onClick={onClick}>
      <IconTrash size={16} aria-hidden />
    </IconButton>
  );
}
