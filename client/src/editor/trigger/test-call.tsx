// Calls the workflow from here, as another system would, and shows the reply.

import { Accordion, ActionIcon, Alert, Anchor, Badge, Button, Checkbox, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconPlus, IconSend, IconTrash } from '@tabler/icons-react';
import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { type CaptureView, type TestCallView, useCallWorkflow } from '../../api/trigger.ts';
import type { WorkflowJson } from '../../api/workflows.ts';
import { errorText } from '../../ui/notify.ts';
import { Loading } from '../../ui/page.tsx';
import { durationText } from '../../ui/time.tsx';
import { BodyText, HeaderTable } from './capture-card.tsx';
import { exampleBody, queryOf } from './example-body.ts';

const CodeEditor = lazy(async () => ({ default: (await import('../../variables/code-editor.tsx')).CodeEditor }));

/** What has been typed, kept while other tabs are looked at; null: the example. */
export interface CallDraft {
  readonly body: string | null;
  readonly query: string | null;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly authenticate: boolean;
}

export const EMPTY_CALL: CallDraft = { body: null, query: null, headers: [], authenticate: true };

export interface TestCallProps {
  readonly workflow: WorkflowJson;
  readonly call: CallDraft;
  onCallChange(call: CallDraft): void;
  readonly sample: CaptureView | null;
  /** Paths of the body that the trigger takes. */
  readonly paths: readonly string[];
  /** Whether callers have to sign in. */
  readonly needsCredentials: boolean;
  readonly isDirty: boolean;
  readonly canSave: boolean;
  readonly canCall: boolean;
  onSave(): Promise<boolean>;
  /** An execution has begun, to be drawn on the canvas. */
  onExecution(id: string): void;
}

export function TestCall(props: TestCallProps) {
  const { t } = useTranslation('trigger');
  const { workflow, call, onCallChange, sample, isDirty, canSave, canCall } = props;
  const send = useCallWorkflow(workflow.id);
  const [isSaving, setSaving] = useState(false);
  const body = call.body ?? exampleBody(sample, props.paths);
  const query = call.query ?? queryOf(sample);

  async function start(isSavedFirst: boolean): Promise<void> {
    if (isSavedFirst) {
      setSaving(true);
      const isSaved = await props.onSave();
      setSaving(false);
      if (!isSaved) return;
    }
    const headers = Object.fromEntries(
      call.headers.filter(({ name }) => name.trim() !== '').map(({ name, value }) => [name.trim(), value]),
    );
    send.mutate(
      { headers, query, body, authenticate: call.authenticate },
      { onSuccess: ({ executionId }) => executionId !== null && props.onExecution(executionId) },
    );
  }

  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t(workflow.enabled ? 'call.text' : 'call.textOff')}
      </Text>
      <Suspense fallback={<Loading />}>
        <CodeEditor
          label={t('call.body')}
          language="json"
          value={body}
          minLines={5}
          maxLines={18}
          onChange={(next) => onCallChange({ ...call, body: next })}
        />
      </Suspense>
      <TextInput
        label={t('call.query')}
        placeholder="order=1&status=paid"
        value={query}
        classNames={{ input: 'hl-mono' }}
        onChange={(event) => onCallChange({ ...call, query: event.currentTarget.value })}
      />
      <HeaderLines headers={call.headers} onChange={(headers) => onCallChange({ ...call, headers })} />
      {needsAuthLine(props) && (
        <Checkbox
          label={t('call.authenticate')}
          description={t('call.authenticateText')}
          checked={call.authenticate}
          onChange={(event) => onCallChange({ ...call, authenticate: event.currentTarget.checked })}
        />
      )}
      {!canCall && <Alert p="xs">{t('call.viewer')}</Alert>}
      {isDirty && <Text size="sm">{t('call.unsaved')}</Text>}
      <Group gap="xs">
        {isDirty && canSave ? (
          <>
            <Button
              leftSection={<IconSend size={17} aria-hidden />}
              disabled={!canCall}
              loading={isSaving || send.isPending}
              onClick={() => void start(true)}
            >
              {t('call.saveAndSend')}
            </Button>
            <Button variant="subtle" disabled={!canCall || isSaving || send.isPending} onClick={() => void start(false)}>
              {t('call.sendSaved')}
            </Button>
          </>
        ) : (
          <Button
            leftSection={<IconSend size={17} aria-hidden />}
            disabled={!canCall}
            loading={send.isPending}
            onClick={() => void start(false)}
          >
            {t('call.send')}
          </Button>
        )}
      </Group>
      <div aria-live="polite">
        {send.isError && (
          <Alert color="red" title={t('call.failed')}>
            {errorText(send.error)}
          </Alert>
        )}
        {send.data && !send.isPending && <ReplyCard result={send.data} />}
      </div>
    </Stack>
  );
}

/** Credentials are looked at only where a call goes the same way as one over the network. */
function needsAuthLine({ needsCredentials, workflow }: TestCallProps): boolean {
  return needsCredentials && workflow.enabled;
}

interface HeaderLinesProps {
  readonly headers: CallDraft['headers'];
  onChange(headers: CallDraft['headers']): void;
}

function HeaderLines({ headers, onChange }: HeaderLinesProps) {
  const { t } = useTranslation('trigger');
  return (
    <Stack gap={6}>
      <Group justify="space-between">
        <Text size="sm" fw={500}>
          {t('call.headers')}
        </Text>
        <Button
          size="compact-xs"
          variant="subtle"
          leftSection={<IconPlus size={14} aria-hidden />}
          onClick={() => onChange([...headers, { name: '', value: '' }])}
        >
          {t('call.addHeader')}
        </Button>
      </Group>
      {headers.map((header, index) => (
        <Group key={`header-${index.toString()}`} gap={6} wrap="nowrap">
          <TextInput
            size="xs"
            flex={1}
            aria-label={t('call.headerName')}
            placeholder={t('call.headerName')}
            value={header.name}
            onChange={(event) => onChange(headers.with(index, { ...header, name: event.currentTarget.value }))}
          />
          <TextInput
            size="xs"
            flex={1}
            aria-label={t('call.headerValue')}
            placeholder={t('call.headerValue')}
            value={header.value}
            onChange={(event) => onChange(headers.with(index, { ...header, value: event.currentTarget.value }))}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('variables.remove', { what: header.name })}
            onClick={() => onChange(headers.toSpliced(index, 1))}
          >
            <IconTrash size={15} aria-hidden />
          </ActionIcon>
        </Group>
      ))}
    </Stack>
  );
}

function ReplyCard({ result }: { readonly result: TestCallView }) {
  const { t, i18n } = useTranslation('trigger');
  const { reply, durationMs, executionId, skippedChecks } = result;
  return (
    <Stack gap="xs" className="hl-capture" role="group" aria-label={t('reply.label')}>
      <Group gap="xs" justify="space-between">
        <Group gap="xs">
          <Badge className="hl-badge" size="lg" variant="light" color={reply.status < 400 ? 'teal' : 'orange'}>
            {reply.status}
          </Badge>
          <Text size="sm">{durationText(durationMs, i18n.language)}</Text>
        </Group>
        {executionId === null ? (
          <Text size="sm" c="dimmed">
            {t('reply.refused')}
          </Text>
        ) : (
          <Anchor component={Link} size="sm" to={`/executions/${executionId}`}>
            {t('reply.execution')}
          </Anchor>
        )}
      </Group>
      {skippedChecks && (
        <Text size="xs" c="dimmed">
          {t('reply.skipped')}
        </Text>
      )}
      <BodyText text={reply.body} />
      <Accordion variant="contained" chevronPosition="left" className="hl-capture-parts">
        <Accordion.Item value="headers">
          <Accordion.Control>{t('parts.headers')}</Accordion.Control>
          <Accordion.Panel>
            <HeaderTable headers={reply.headers} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}
