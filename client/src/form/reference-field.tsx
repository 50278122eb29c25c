// Texts that name something which exists: one chooses it from a list. A schema says so with `reference`.

import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Node } from '../../../src/engine/model.ts';
import { workflowQuery, workflowsQuery } from '../api/workflows.ts';
import { TemplateInput } from '../variables/template-input.tsx';
import { useVariables } from '../variables/variable-source.tsx';
import { type FieldLook, useFieldLook } from './field-look.tsx';
import { type FieldViewProps, useForm } from './form-context.tsx';

export interface ReferenceFieldProps extends FieldViewProps {
  /** What it names: `workflow` by id, or a `variable` node by key. */
  readonly to: string;
}

export function ReferenceField({ to, ...props }: ReferenceFieldProps) {
  const { look } = useFieldLook(props);
  const { hasTemplates } = useForm();
  const text = typeof props.value === 'string' ? props.value : '';
  const change = (next: string | null): void => props.onChange(next === null || next === '' ? undefined : next);
  const select = { look, value: text === '' ? null : text, onChange: change };
  // Which one may be decided when it runs.
  if (text.includes('{{')) return <TemplateInput {...look} value={text} onChange={change} />;
  if (to === 'workflow') return <WorkflowSelect {...select} />;
  if (to === 'variable') return <VariableSelect {...select} />;
  return hasTemplates ? <TemplateInput {...look} value={text} onChange={change} /> : null;
}

export interface ReferenceSelectProps {
  readonly look: FieldLook;
  /** Null: none. */
  readonly value: string | null;
  readonly onChange: (value: string | null) => void;
}

/** A workflow, found by its title. */
export function WorkflowSelect({ look, value, onChange }: ReferenceSelectProps) {
  const { t } = useTranslation('form');
  const [search, setSearch] = useState('');
  const [asked] = useDebouncedValue(search, 250);
  const current = useQuery({ ...workflowQuery(value ?? ''), enabled: value !== null, retry: false });
  // What is shown as the choice is no question.
  const list = useQuery(workflowsQuery(asked === '' || asked === current.data?.title ? {} : { search: asked }));
  const options = new Map((list.data?.data ?? []).map(({ id, title }) => [id, title]));
  if (value !== null) options.set(value, current.data?.title ?? options.get(value) ?? t('unknownWorkflow', { id: value }));
  return (
    <Select
      {...look}
      placeholder={t('chooseWorkflow')}
      data={Array.from(options, ([id, title]) => ({ value: id, label: title }))}
      value={value}
      onChange={onChange}
      searchable
      onSearchChange={setSearch}
      clearable={!look.readOnly && !look.required}
      error={look.error ?? (list.isError ? t('workflowsUnreadable') : undefined)}
      nothingFoundMessage={list.isFetching ? t('common:loading') : t('nothingFound')}
    />
  );
}

/** The key of a variable node of this workflow. */
function VariableSelect({ look, value, onChange }: ReferenceSelectProps) {
  const { t } = useTranslation('form');
  const variables = useVariables();
  const found = variables ? variableNodes(variables.document.nodes) : [];
  const options = new Map(
    found
      .filter(({ key }) => key !== variables?.nodeKey)
      .map(({ key, title }): [string, string] => [key, title === undefined ? key : `${title} (${key})`]),
  );
  if (value !== null && !options.has(value)) options.set(value, value);
  return (
    <Select
      {...look}
      placeholder={t('newVariable')}
      data={Array.from(options, ([key, label]) => ({ value: key, label }))}
      value={value}
      onChange={onChange}
      clearable={!look.readOnly}
      nothingFoundMessage={t('nothingFound')}
    />
  );
}

/** Nodes that declare a variable, in the order of the flow. */
function variableNodes(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [
    ...(node.type === 'variable' && node.config.assign === undefined ? [node] : []),
    ...variableNodes(Object.values(node.branches ?? {}).flat()),
  ]);
}
