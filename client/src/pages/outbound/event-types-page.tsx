// The event catalogue: what can be told, in which versions, and what its data looks like.

import { ActionIcon, Alert, Badge, Button, Group, Menu, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  type EventTypeFields,
  type EventTypeJson,
  eventTypesQuery,
  useDeleteEventType,
  useSaveEventType,
} from '../../api/outbound.ts';
import { usePermission } from '../../api/session.ts';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Empty, Loading, Page } from '../../ui/page.tsx';
import { Queried } from '../../ui/queried.tsx';
import { Unreadable, UnreadableNote } from '../../ui/unreadable.tsx';
import { OutboundTabs } from './outbound-tabs.tsx';
import { problemTexts } from './problem-texts.ts';

const CodeEditor = lazy(async () => ({ default: (await import('../../variables/code-editor.tsx')).CodeEditor }));

type Version = EventTypeJson['versions'][number];

/** What the form is open for: a new type, a next version of one, or a change of a version. */
type Editing = { readonly type?: EventTypeJson; readonly version: number | 'new' | 'next' };

export default function EventTypesPage() {
  const { t } = useTranslation('outbound');
  const canWrite = usePermission('outbound:write');
  const catalogue = useQuery(eventTypesQuery);
  const [editing, setEditing] = useState<Editing | null>(null);
  const create = canWrite && (
    <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setEditing({ version: 'new' })}>
      {t('newEventType')}
    </Button>
  );
  const title = editing
    ? editing.version === 'new'
      ? t('newEventType')
      : t('eventTypeVersion', {
          name: editing.type?.name,
          version: editing.version === 'next' ? (editing.type?.latestVersion ?? 0) + 1 : editing.version,
        })
    : '';
  return (
    <Page title={t('eventTypesTitle')} description={t('eventTypesText')} actions={create}>
      <OutboundTabs current="eventTypes" />
      <Queried query={catalogue}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={t('noEventTypes')} action={create}>
              {t('noEventTypesText')}
            </Empty>
          ) : (
            <ListTable
              columns={[
                { label: t('eventType') },
                { label: t('columns.description'), visibleFrom: 'sm' },
                { label: t('columns.versions') },
                { label: t('common:actions'), isHidden: true },
              ]}
            >
              {data.map((type) => (
                <Row key={type.name} type={type} canWrite={canWrite} onEdit={setEditing} />
              ))}
            </ListTable>
          )
        }
      </Queried>
      <Modal opened={editing !== null} onClose={() => setEditing(null)} title={title} size="lg">
        {editing && <EventTypeForm editing={editing} canWrite={canWrite} onDone={() => setEditing(null)} />}
      </Modal>
    </Page>
  );
}

interface RowProps {
  readonly type: EventTypeJson;
  readonly canWrite: boolean;
  readonly onEdit: (editing: Editing) => void;
}

function Row({ type, canWrite, onEdit }: RowProps) {
  const { t } = useTranslation('outbound');
  const remove = useDeleteEventType();
  const [deleting, setDeleting] = useState<number | null>(null);
  const latest = type.versions.at(-1);
  const damaged = type.versions.flatMap(({ version, unreadable }) =>
    unreadable === undefined ? [] : [`v${version}: ${unreadable}`],
  );
  return (
    <Table.Tr>
      <Table.Td>
        <Text size="sm" fw={600} ff="monospace">
          {type.name}
        </Text>
        <Text size="xs" c="dimmed">
          {latest?.title}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm" maw={420}>
        <Text size="sm" c="dimmed">
          {latest?.description}
        </Text>
      </Table.Td>
      <Table.Td>
        <Group gap={6}>
          {type.versions.map(({ version }) => (
            <Badge
              key={version}
              component="button"
              className="hl-badge"
              variant="light"
              tt="none"
              style={{ cursor: 'pointer' }}
              onClick={() => onEdit({ type, version })}
            >
              v{version}
              <span className="mantine-visually-hidden">{t('eventTypeVersion', { name: type.name, version })}</span>
            </Badge>
          ))}
          {damaged.length > 0 && <Unreadable record={{ unreadable: damaged.join('; ') }} />}
        </Group>
      </Table.Td>
      <Table.Td>
        {canWrite && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={t('menu', { name: type.name })}>
                <IconDots size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => onEdit({ type, version: 'next' })}>{t('addVersion')}</Menu.Item>
              <Menu.Divider />
              {type.versions.map(({ version }) => (
                <Menu.Item key={version} color="red.9" onClick={() => setDeleting(version)}>
                  {t('deleteVersion', { version })}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        )}
        <ConfirmDialog
          opened={deleting !== null}
          onClose={() => setDeleting(null)}
          question={t('deleteVersionQuestion', { name: type.name, version: deleting })}
          explanation={t('deleteVersionText')}
          action={t('common:delete')}
          onConfirm={() =>
            deleting !== null &&
            remove.mutate(
              { name: type.name, version: deleting },
              { onSuccess: () => notifySuccess(t('deleted')), onError: notifyError },
            )
          }
        />
      </Table.Td>
    </Table.Tr>
  );
}

function asText(value: unknown): string {
  return value === undefined || value === null ? '' : JSON.stringify(value, null, 2);
}

interface FormProps {
  readonly editing: Editing;
  readonly canWrite: boolean;
  readonly onDone: () => void;
}

function EventTypeForm({ editing: { type, version }, canWrite, onDone }: FormProps) {
  const { t } = useTranslation('outbound');
  const save = useSaveEventType();
  const base: Version | undefined = type?.versions.find((one) => one.version === version) ?? type?.versions.at(-1);
  const [name, setName] = useState(type?.name ?? '');
  const [title, setTitle] = useState(base?.title ?? '');
  const [description, setDescription] = useState(base?.description ?? '');
  const [schema, setSchema] = useState(asText(base?.schema));
  const [example, setExample] = useState(asText(base?.example));
  const [conversion, setConversion] = useState(version === 'next' ? '' : (base?.downConversion ?? ''));
  const [fault, setFault] = useState<string | null>(null);
  const hasEarlier = version === 'next' || (typeof version === 'number' && version > 1);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const fields: Partial<EventTypeFields> = { title, description };
    try {
      fields.schema = schema.trim() === '' ? null : JSON.parse(schema);
      fields.example = example.trim() === '' ? null : JSON.parse(example);
    } catch {
      setFault(t('notJson'));
      return;
    }
    if (hasEarlier) fields.downConversion = conversion.trim() === '' ? null : conversion;
    setFault(null);
    save.mutate(
      { name, version, fields },
      {
        onSuccess() {
          notifySuccess(t('eventTypeSaved', { name }));
          onDone();
        },
      },
    );
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        {(save.isError || fault !== null) && (
          <Alert color="red" role="alert" title={t('notSaved')}>
            {(fault === null ? problemTexts(save.error) : [fault]).map((text) => (
              <div key={text}>{text}</div>
            ))}
          </Alert>
        )}
        {typeof version === 'number' && base && <UnreadableNote record={base} text={t('unreadableVersion')} />}
        {version === 'new' && (
          <TextInput
            label={t('eventTypeName')}
            description={t('eventTypeNameText')}
            placeholder="order.created"
            required
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <TextInput
          label={t('eventTypeTitle')}
          readOnly={!canWrite}
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <TextInput
          label={t('columns.description')}
          readOnly={!canWrite}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <Suspense fallback={<Loading />}>
          <CodeEditor
            language="json"
            label={t('example')}
            description={t('exampleText')}
            value={example}
            readOnly={!canWrite}
            onChange={setExample}
            minLines={4}
          />
          <CodeEditor
            language="json"
            label={t('schema')}
            description={t('schemaText')}
            value={schema}
            readOnly={!canWrite}
            onChange={setSchema}
            minLines={4}
          />
          {hasEarlier && (
            <CodeEditor
              language="text"
              label={t('downConversion')}
              description={t('downConversionText')}
              value={conversion}
              readOnly={!canWrite}
              onChange={setConversion}
              minLines={3}
            />
          )}
        </Suspense>
        {canWrite && (
          <Group justify="flex-end">
            <Button type="submit" loading={save.isPending}>
              {t('common:save')}
            </Button>
          </Group>
        )}
      </Stack>
    </form>
  );
}
