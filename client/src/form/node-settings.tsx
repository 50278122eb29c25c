// What every node has besides its configuration: its title and key, and what happens when it fails.

import { Divider, Stack, TextInput, Title } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Document, type Mode, type Node, nodeKeySchema } from '../../../src/engine/model.ts';
import { isObject } from './json-schema.ts';
import { type FieldProblem, Fields } from './schema-form.tsx';
import { ADVANCED_NODE_SETTINGS, nodeSettingsSchema } from './settings-schema.ts';

export interface NodeSettingsProps {
  readonly node: Node;
  /** Where its key must be the only one of its name. */
  readonly document: Document;
  readonly mode: Mode;
  /** Paths below the node: `retry.attempts`. */
  readonly problems: readonly FieldProblem[];
  readonly readOnly?: boolean;
  /** What changes; undefined takes a property away. */
  onChange(change: Pick<Node, 'title' | 'retry' | 'onFailure'>): void;
  /** Called with a key that is valid and free. */
  onRename(key: string): void;
}

const TEXTS: readonly string[] = ['settings', 'node'];
const NONE: readonly string[] = [];
/** Tries that a retry begins with. */
const FIRST_ATTEMPTS = 3;

export function NodeSettings({ node, document, problems, readOnly = false, onChange, onRename }: NodeSettingsProps) {
  const { t } = useTranslation('form');
  const { title, retry, onFailure } = node;
  const errorOf = (path: string): string | undefined =>
    problems.filter((problem) => problem.path === path).map(({ message }) => message)[0];
  const value = { ...(onFailure === undefined ? {} : { onFailure }), ...(retry === undefined ? {} : { retry }) };
  return (
    <Stack gap="md">
      <Divider />
      <Title order={3} size="h5">
        {t('node.heading')}
      </Title>
      <TextInput
        label={t('node.title')}
        description={t('node.titleHelp')}
        value={title ?? ''}
        maxLength={200}
        readOnly={readOnly}
        error={errorOf('title')}
        onChange={(event) => onChange({ title: event.currentTarget.value === '' ? undefined : event.currentTarget.value })}
      />
      <KeyInput
        // Another node, or another name for it, begins with what it is called.
        key={node.key}
        value={node.key}
        error={errorOf('key')}
        readOnly={readOnly}
        isTaken={(key) => key !== node.key && hasKey(document.nodes, key)}
        onRename={onRename}
      />
      <Title order={3} size="h5" mt="xs">
        {t('node.failure')}
      </Title>
      <Fields
        key={`failure of ${node.key}`}
        texts={TEXTS}
        schema={nodeSettingsSchema}
        value={value}
        problems={problems.filter(({ path }) => path !== 'title' && path !== 'key')}
        expressions={NONE}
        scripts={NONE}
        hasTemplates={false}
        readOnly={readOnly}
        advanced={ADVANCED_NODE_SETTINGS}
        onChange={(next) => onChange(changeOf(next, retry))}
      />
    </Stack>
  );
}

/** The form's value as a change of the node. A retry that has just been added tries a few times. */
function changeOf(value: Record<string, unknown>, before: Node['retry']): Pick<Node, 'retry' | 'onFailure'> {
  const { retry, onFailure } = value;
  const isNew = before === undefined && isObject(retry) && retry.attempts === undefined;
  return {
    // The server says what is wrong with it; half-filled forms are drafts.
    retry: (isNew ? { ...retry, attempts: FIRST_ATTEMPTS } : retry) as Node['retry'],
    onFailure: onFailure as Node['onFailure'],
  };
}

function hasKey(nodes: readonly Node[], key: string): boolean {
  return nodes.some((node) => node.key === key || Object.values(node.branches ?? {}).some((branch) => hasKey(branch, key)));
}

interface KeyInputProps {
  readonly value: string;
  readonly error: string | undefined;
  readonly readOnly: boolean;
  isTaken(key: string): boolean;
  onRename(key: string): void;
}

/** A key counts when one leaves its field: each letter would rewrite every variable that names it. */
function KeyInput({ value, error, readOnly, isTaken, onRename }: KeyInputProps) {
  const { t } = useTranslation('form');
  const [draft, setDraft] = useState(value);
  const fault = !nodeKeySchema.safeParse(draft).success ? t('node.keyInvalid') : isTaken(draft) ? t('node.keyTaken') : undefined;
  const commit = (): void => {
    if (fault !== undefined) setDraft(value);
    else if (draft !== value) onRename(draft);
  };
  return (
    <TextInput
      label={t('node.key')}
      description={t('node.keyHelp')}
      value={draft}
      readOnly={readOnly}
      spellCheck={false}
      error={fault ?? error}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') commit();
      }}
    />
  );
}
