// The form of a new endpoint: where, what for, and whose format.

import { Alert, Button, Group, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { eventTypesQuery, useCreateEndpoint } from '../../api/outbound.ts';
import { problemTexts } from './problem-texts.ts';

/** As the server knows them (`src/outbound/presets.ts`). */
const PRESETS = ['standard', 'dastra', 'logto', 'github', 'stripe', 'shopify'] as const;
type Preset = (typeof PRESETS)[number];

export function NewEndpoint({ onDone }: { readonly onDone: (endpoint: { id: string; secret: string }) => void }) {
  const { t } = useTranslation('outbound');
  const create = useCreateEndpoint();
  const catalogue = useQuery(eventTypesQuery);
  const [url, setUrl] = useState('');
  const [description, setDescription] = useState('');
  const [preset, setPreset] = useState<Preset>('standard');
  const [eventTypes, setEventTypes] = useState<string[]>([]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    create.mutate(
      { url, description, preset, ...(eventTypes.length === 0 ? {} : { eventTypes }) },
      { onSuccess: ({ id, secret }) => onDone({ id, secret }) },
    );
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        {create.isError && (
          <Alert color="red" role="alert" title={t('notSaved')}>
            {problemTexts(create.error).map((text) => (
              <div key={text}>{text}</div>
            ))}
          </Alert>
        )}
        <TextInput
          label={t('url')}
          description={t('urlText')}
          placeholder="https://example.com/webhooks"
          type="url"
          required
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t('endpointDescription')}
          maxLength={1000}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TagsInput
          label={t('events')}
          description={t('eventsText')}
          placeholder={eventTypes.length === 0 ? t('allEvents') : undefined}
          data={(catalogue.data?.data ?? []).map(({ name }) => name)}
          value={eventTypes}
          onChange={setEventTypes}
        />
        <Select
          label={t('preset')}
          description={t('presetText')}
          data={PRESETS.map((value) => ({ value, label: t(`presets.${value}`) }))}
          value={preset}
          allowDeselect={false}
          onChange={(value) => value !== null && setPreset(value as Preset)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending}>
            {t('createEndpoint')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
