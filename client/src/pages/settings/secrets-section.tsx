// Named secrets for workflows: written here, never shown again.

import {
  Alert,
  Anchor,
  Button,
  Code,
  Group,
  Modal,
  PasswordInput,
  Stack,
  Table,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { parseAllowedHost } from '../../../../src/engine/allowed-hosts.ts';
import { isCoveredHost } from '../../../../src/engine/credential-targets.ts';
import { type SecretView, secretsQuery, useChangeSecret, useCreateSecret, useDeleteSecret } from '../../api/access.ts';
import { usePermission } from '../../api/session.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Empty } from '../../ui/page.tsx';
import { Queried } from '../../ui/queried.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { Section } from './section.tsx';

/** As the server demands (`secretNameSchema`). */
const NAME = '[A-Za-z_][A-Za-z0-9_]{0,63}';
/** Shorter ones could not be told apart from ordinary text when they are replaced before anything is stored. */
const MIN_LENGTH = 8;

/** As the server judges it: what it can say only with wildcards, it says itself. */
function isNarrower(next: readonly string[], before: readonly string[]): boolean {
  return next.length > 0 && next.every((host) => isCoveredHost(host, before));
}

export function SecretsSection() {
  const { t } = useTranslation('settings');
  const canWrite = usePermission('secrets:write');
  const secrets = useQuery(secretsQuery);
  const [creating, { open, close }] = useDisclosure(false);
  const [changing, setChanging] = useState<SecretView | null>(null);
  return (
    <Section
      title={t('secrets.title')}
      text={t('secrets.text')}
      action={
        canWrite && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
            {t('secrets.create')}
          </Button>
        )
      }
    >
      <Queried query={secrets}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={t('secrets.none')}>{t('secrets.noneText')}</Empty>
          ) : (
            <ListTable
              columns={[
                { label: t('secrets.name') },
                { label: t('secrets.usedBy'), visibleFrom: 'sm' },
                { label: t('secrets.changed'), visibleFrom: 'sm' },
                { label: t('common:actions'), isHidden: true },
              ]}
            >
              {data.map((secret) => (
                <SecretRow key={secret.name} secret={secret} canWrite={canWrite} onChange={() => setChanging(secret)} />
              ))}
            </ListTable>
          )
        }
      </Queried>
      <Modal opened={creating} onClose={close} title={t('secrets.create')}>
        <SecretForm onDone={close} />
      </Modal>
      <Modal
        opened={changing !== null}
        onClose={() => setChanging(null)}
        title={t('secrets.changeTitle', { name: changing?.name ?? '' })}
      >
        {changing && <SecretForm secret={changing} onDone={() => setChanging(null)} />}
      </Modal>
    </Section>
  );
}

interface SecretRowProps {
  readonly secret: SecretView;
  readonly canWrite: boolean;
  readonly onChange: () => void;
}

function SecretRow({ secret, canWrite, onChange }: SecretRowProps) {
  const { t } = useTranslation('settings');
  const remove = useDeleteSecret();
  const { name, description, allowedHosts, usedBy, updatedAt, updatedBy } = secret;
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <Code>{`$secrets.${name}`}</Code>
          <Unreadable record={secret} />
        </Group>
        <Text size="xs" c="dimmed">
          {description}
        </Text>
        {allowedHosts !== null && (
          <Text size="xs">
            {allowedHosts.length === 0 ? t('secrets.toNoHost') : t('secrets.onlyTo', { hosts: allowedHosts.join(', ') })}
          </Text>
        )}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        {usedBy.length === 0 ? (
          <Text size="sm" c="dimmed">
            {t('secrets.unused')}
          </Text>
        ) : (
          usedBy.map(({ workflowId, title }) => (
            <Anchor key={workflowId} component={Link} to={`/workflows/${workflowId}`} size="sm" display="block">
              {title}
            </Anchor>
          ))
        )}
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm">
          <TimeAgo at={updatedAt} />
        </Text>
        <Text size="xs" c="dimmed">
          {updatedBy}
        </Text>
      </Table.Td>
      <Table.Td>
        {canWrite && (
          <Group gap="xs" wrap="nowrap" justify="flex-end">
            <Button size="xs" variant="default" onClick={onChange}>
              {t('secrets.change')}
            </Button>
            <ConfirmButton
              size="xs"
              question={t('secrets.deleteQuestion', { name })}
              explanation={
                usedBy.length === 0
                  ? t('secrets.deleteText')
                  : t('secrets.deleteUsedText', { workflows: usedBy.map(({ title }) => title).join(', ') })
              }
              action={t('common:delete')}
              onConfirm={() =>
                remove.mutate(
                  { name, force: usedBy.length > 0 },
                  { onSuccess: () => notifySuccess(t('secrets.deleted', { name })), onError: notifyError },
                )
              }
            >
              {t('common:delete')}
            </ConfirmButton>
          </Group>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function SecretForm({ secret, onDone }: { readonly secret?: SecretView; readonly onDone: () => void }) {
  const { t } = useTranslation('settings');
  const create = useCreateSecret();
  const change = useChangeSecret();
  const [name, setName] = useState(secret?.name ?? '');
  const [description, setDescription] = useState(secret?.description ?? '');
  const [value, setValue] = useState('');
  const [hosts, setHosts] = useState<string[]>([...(secret?.allowedHosts ?? [])]);
  const isWider = secret !== undefined && secret.allowedHosts !== null && !isNarrower(hosts, secret.allowedHosts);
  const wrongHost = hosts.find((host) => parseAllowedHost(host) === undefined);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (wrongHost !== undefined) return;
    const allowedHosts = hosts.length === 0 ? null : hosts;
    const outcome = {
      onError: notifyError,
      onSuccess() {
        notifySuccess(t('secrets.saved', { name }));
        onDone();
      },
    };
    if (secret) change.mutate({ name, description, allowedHosts, ...(value === '' ? {} : { value }) }, outcome);
    else create.mutate({ name, description, value, allowedHosts }, outcome);
  }

  return (
    <form onSubmit={submit} autoComplete="off">
      <Stack>
        {!secret && (
          <TextInput
            label={t('secrets.name')}
            description={t('secrets.nameText')}
            required
            pattern={NAME}
            title={t('secrets.nameRule')}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <PasswordInput
          label={t('secrets.value')}
          description={t(secret ? 'secrets.keepText' : 'secrets.valueText', { count: MIN_LENGTH })}
          required={!secret || isWider}
          error={isWider && value === '' ? t('secrets.widen') : undefined}
          minLength={MIN_LENGTH}
          autoComplete="new-password"
          value={value}
          onChange={(event) => setValue(event.currentTarget.value)}
        />
        <TextInput
          label={t('secrets.description')}
          maxLength={200}
          value={description}
          onChange={(event) => setDescription(event.currentTarget.value)}
        />
        <TagsInput
          label={t('secrets.hosts')}
          description={t('secrets.hostsText')}
          placeholder={hosts.length === 0 ? t('secrets.hostsAny') : undefined}
          maxTags={50}
          acceptValueOnBlur
          value={hosts}
          onChange={setHosts}
          error={wrongHost === undefined ? undefined : `${wrongHost}: ${t('problems:hosts.entry')}`}
        />
        {secret && secret.usedBy.length > 0 && <Alert color="indigo">{t('secrets.atOnce')}</Alert>}
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending || change.isPending}>
            {t('common:save')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
