// The settings of an endpoint: what matters most in front, everything else drawn from the server's schema.

import { Alert, Button, Group, Stack, TagsInput, TextInput, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { z } from 'zod';
import { endpointConfigSchema } from '../../../../src/engine/outbound-model.ts';
import { type EndpointJson, eventTypesQuery, useUpdateEndpoint } from '../../api/outbound.ts';
import { ApiError } from '../../api/request.ts';
import { usePermission } from '../../api/session.ts';
import { type FieldProblem, Fields } from '../../form/schema-form.tsx';
import { notifySuccess } from '../../ui/notify.ts';
import { problemTexts } from './problem-texts.ts';

/** Drawn by hand. */
const IN_FRONT = ['url', 'description', 'eventTypes'];

type Config = Record<string, unknown>;

/** Where the names of its fields are. */
const TEXTS = ['endpoint'];

/** What the server lets change: the configuration without what only tells how the endpoint stands. */
function configOf(endpoint: EndpointJson): Config {
  const names = Object.keys(endpointConfigSchema.shape);
  return Object.fromEntries(Object.entries(endpoint).filter(([name, value]) => names.includes(name) && value !== undefined));
}

/** Only what differs, so that write-only values that were not touched are not sent. What was taken away is null. */
export function changedFields(before: Config, after: Config): Config {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(changed.map((name) => [name, after[name] ?? null]));
}

export default function EndpointForm({ endpoint }: { readonly endpoint: EndpointJson }) {
  const { t } = useTranslation('outbound');
  const canWrite = usePermission('outbound:write');
  const catalogue = useQuery(eventTypesQuery);
  const update = useUpdateEndpoint(endpoint.id);
  const before = useMemo(() => configOf(endpoint), [endpoint]);
  const schema = useMemo(() => z.toJSONSchema(endpointConfigSchema, { io: 'input', unrepresentable: 'any' }), []);
  const [config, setConfig] = useState(before);
  const changes = changedFields(before, config);
  const isDirty = Object.keys(changes).length > 0;
  const set = (name: string, value: unknown): void => setConfig({ ...config, [name]: value });

  function submit(event: FormEvent): void {
    event.preventDefault();
    update.mutate(changes, { onSuccess: () => notifySuccess(t('endpointSaved')) });
  }

  return (
    <form onSubmit={submit}>
      <Stack maw={680} className="hl-card" p="md">
        {update.isError && (
          <Alert color="red" role="alert" title={t('notSaved')}>
            {problemTexts(update.error).map((text) => (
              <div key={text}>{text}</div>
            ))}
          </Alert>
        )}
        <TextInput
          label={t('url')}
          type="url"
          required
          readOnly={!canWrite}
          value={String(config.url ?? '')}
          onChange={(event) => set('url', event.currentTarget.value)}
        />
        <TextInput
          label={t('endpointDescription')}
          readOnly={!canWrite}
          value={String(config.description ?? '')}
          onChange={(event) => set('description', event.currentTarget.value)}
        />
        <TagsInput
          label={t('events')}
          description={t('eventsEditText')}
          readOnly={!canWrite}
          data={['*', ...(catalogue.data?.data ?? []).map(({ name }) => name)]}
          value={Array.isArray(config.eventTypes) ? config.eventTypes.map(String) : []}
          onChange={(types) => set('eventTypes', types)}
        />
        <Title order={3}>{t('moreSettings')}</Title>
        <Fields
          texts={TEXTS}
          hasTemplates={false}
          schema={schema}
          value={config}
          onChange={setConfig}
          problems={problemsOf(update.error)}
          expressions={[]}
          scripts={[]}
          readOnly={!canWrite}
          skip={IN_FRONT}
        />
        {canWrite && (
          <Group justify="flex-end">
            <Button variant="default" disabled={!isDirty} onClick={() => setConfig(before)}>
              {t('discard')}
            </Button>
            <Button type="submit" disabled={!isDirty} loading={update.isPending}>
              {t('common:save')}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}

/** What the server says of single fields. */
function problemsOf(error: unknown): FieldProblem[] {
  const details = error instanceof ApiError ? error.details : undefined;
  const list = typeof details === 'object' && details !== null && 'problems' in details ? details.problems : details;
  if (!Array.isArray(list)) return [];
  return list.flatMap((problem: unknown): FieldProblem[] =>
    typeof problem === 'object' && problem !== null && 'path' in problem && 'message' in problem
      ? [{ path: String(problem.path), message: String(problem.message), severity: 'error' }]
      : [],
  );
}
