// Chooses a workflow by its title, however many there are.

import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { workflowQuery, workflowsQuery } from '../api/workflows.ts';

export interface WorkflowSelectProps {
  readonly label: string;
  readonly placeholder?: string;
  readonly description?: string;
  /** Its id. */
  readonly value: string | null;
  readonly onChange: (id: string | null) => void;
  readonly readOnly?: boolean;
}

export function WorkflowSelect({ label, placeholder, description, value, onChange, readOnly = false }: WorkflowSelectProps) {
  const { t } = useTranslation();
  const [search, setSearch] = useState('');
  const [sought] = useDebouncedValue(search, 250);
  const chosen = useQuery({ ...workflowQuery(value ?? ''), enabled: value !== null });
  const isTitle = sought === chosen.data?.title;
  const found = useQuery({
    ...workflowsQuery({ search: isTitle ? '' : sought.trim() }),
    placeholderData: (previous) => previous,
  });
  const options = new Map((found.data?.data ?? []).map(({ id, title }) => [id, title]));
  // What is chosen can be shown although it was not found.
  if (value !== null) options.set(value, chosen.data?.title ?? value);
  return (
    <Select
      label={label}
      description={description}
      placeholder={placeholder}
      data={[...options].map(([id, title]) => ({ value: id, label: title }))}
      value={value}
      onChange={onChange}
      searchable
      clearable
      readOnly={readOnly}
      searchValue={search}
      onSearchChange={setSearch}
      filter={({ options: all }) => all}
      nothingFoundMessage={t('nothingFound')}
      w={{ base: '100%', xs: 240 }}
    />
  );
}
