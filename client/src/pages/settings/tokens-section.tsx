// API tokens for programs: what each may do and until when.

import { Badge, Button, Checkbox, Group, Modal, Select, SimpleGrid, Stack, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { PERMISSIONS } from '../../../../src/access/model.ts';
import { type Permission, tokensQuery, useCreateToken, useDeleteToken } from '../../api/access.ts';
import { usePermission, useSession } from '../../api/session.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Empty } from '../../ui/page.tsx';
import { Queried } from '../../ui/queried.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { dayText, exactTime, TimeAgo } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { Section } from './section.tsx';

const DAY_MS = 86_400_000;
/** Days until a new token expires; `never` has none. */
const LIFETIMES = { days30: 30, days90: 90, year: 365, never: null } as const;
type Lifetime = keyof typeof LIFETIMES;

export function TokensSection() {
  const { t, i18n } = useTranslation('settings');
  const canWrite = usePermission('access:write');
  const tokens = useQuery(tokensQuery);
  const remove = useDeleteToken();
  const [creating, { open, close }] = useDisclosure(false);
  const [secret, setSecret] = useState<string | null>(null);
  return (
    <Section
      title={t('tokens.title')}
      text={t('tokens.text')}
      action={
        canWrite && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
            {t('tokens.create')}
          </Button>
        )
      }
    >
      <Queried query={tokens}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={t('tokens.none')} />
          ) : (
            <ListTable
              columns={[
                { label: t('tokens.token') },
                { label: t('tokens.may'), visibleFrom: 'sm' },
                { label: t('tokens.expires') },
                { label: t('tokens.lastUsed'), visibleFrom: 'sm' },
                { label: t('common:actions'), isHidden: true },
              ]}
            >
              {data.map((token) => (
                <Table.Tr key={token.id}>
                  <Table.Td>
                    <Group gap="xs">
                      <Text size="sm" fw={600}>
                        {token.name}
                      </Text>
                      <Unreadable record={token} />
                    </Group>
                    <Text size="xs" c="dimmed">
                      {t('tokens.endsWith', { hint: token.hint, by: token.createdBy })}
                    </Text>
                  </Table.Td>
                  <Table.Td visibleFrom="sm" maw={280}>
                    <Group gap={4}>
                      {token.permissions.map((permission) => (
                        <Badge key={permission} className="hl-badge" variant="light" color="gray" size="sm" tt="none">
                          {t(`permission.${permission.replace(':', '-')}`)}
                        </Badge>
                      ))}
                    </Group>
                  </Table.Td>
                  <Table.Td>
                    {token.expiresAt === null ? (
                      <Text size="sm">{t('tokens.never')}</Text>
                    ) : (
                      <Text size="sm" title={exactTime(token.expiresAt, i18n.language)} style={{ whiteSpace: 'nowrap' }}>
                        {dayText(token.expiresAt, i18n.language)}
                      </Text>
                    )}
                  </Table.Td>
                  <Table.Td visibleFrom="sm">
                    <Text size="sm" c="dimmed">
                      {token.lastUsedAt === null ? t('tokens.unused') : <TimeAgo at={token.lastUsedAt} />}
                    </Text>
                  </Table.Td>
                  <Table.Td>
                    {canWrite && (
                      <ConfirmButton
                        size="xs"
                        question={t('tokens.deleteQuestion', { name: token.name })}
                        explanation={t('tokens.deleteText')}
                        action={t('tokens.revoke')}
                        onConfirm={() =>
                          remove.mutate(token.id, { onSuccess: () => notifySuccess(t('tokens.revoked')), onError: notifyError })
                        }
                      >
                        {t('tokens.revoke')}
                      </ConfirmButton>
                    )}
                  </Table.Td>
                </Table.Tr>
              ))}
            </ListTable>
          )
        }
      </Queried>
      <Modal opened={creating} onClose={close} title={t('tokens.create')} size="lg">
        <CreateToken
          onDone={(made) => {
            close();
            setSecret(made);
          }}
        />
      </Modal>
      <ShownOnce
        title={t('tokens.made')}
        text={t('tokens.madeText')}
        label={t('tokens.token')}
        value={secret}
        onClose={() => setSecret(null)}
      />
    </Section>
  );
}

function CreateToken({ onDone }: { readonly onDone: (secret: string) => void }) {
  const { t } = useTranslation('settings');
  const own = useSession().data?.permissions ?? [];
  const create = useCreateToken();
  const [name, setName] = useState('');
  const [lifetime, setLifetime] = useState<Lifetime>('days90');
  const [permissions, setPermissions] = useState<string[]>([]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const days = LIFETIMES[lifetime];
    create.mutate(
      {
        name,
        permissions: permissions as Permission[],
        expiresAt: days === null ? null : new Date(Date.now() + days * DAY_MS).toISOString(),
      },
      { onSuccess: ({ secret }) => onDone(secret), onError: notifyError },
    );
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('tokens.name')}
          description={t('tokens.nameText')}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          data-autofocus
        />
        <Select
          label={t('tokens.expires')}
          data={(Object.keys(LIFETIMES) as Lifetime[]).map((value) => ({ value, label: t(`tokens.${value}`) }))}
          value={lifetime}
          allowDeselect={false}
          onChange={(value) => value !== null && setLifetime(value as Lifetime)}
        />
        <Checkbox.Group label={t('tokens.may')} value={permissions} onChange={setPermissions}>
          <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="xs" mt="xs">
            {PERMISSIONS.filter((permission) => own.includes(permission)).map((permission) => (
              <Checkbox key={permission} value={permission} label={t(`permission.${permission.replace(':', '-')}`)} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
        <Group justify="flex-end">
          <Button type="submit" loading={create.isPending} disabled={permissions.length === 0}>
            {t('tokens.make')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
