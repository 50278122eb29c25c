// Users and their roles: invite, change, lock out.

import { ActionIcon, Badge, Button, Group, Menu, Modal, Select, Stack, Switch, Table, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconDots, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ROLES } from '../../../../src/access/model.ts';
import {
  type Role,
  settingsQuery,
  type UserView,
  useChangeSettings,
  useChangeUser,
  useDeleteUser,
  useInvite,
  usersQuery,
  useUserLink,
} from '../../api/access.ts';
import { useRefreshSecondFactor, useRemoveSecondFactor } from '../../api/second-factor.ts';
import { usePermission, useSession } from '../../api/session.ts';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { ListTable } from '../../ui/list-table.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { Queried } from '../../ui/queried.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { TimeAgo } from '../../ui/time.tsx';
import { Unreadable } from '../../ui/unreadable.tsx';
import { Section } from './section.tsx';
import { UserSessions } from './user-sessions.tsx';

const STATUS_COLORS = { active: 'teal', invited: 'indigo', disabled: 'gray' } as const;

export function UsersSection() {
  const { t } = useTranslation('settings');
  const canWrite = usePermission('access:write');
  const users = useQuery(usersQuery);
  const [inviting, { open, close }] = useDisclosure(false);
  const [link, setLink] = useState<string | null>(null);
  return (
    <Section
      title={t('users.title')}
      text={t('users.text')}
      action={
        canWrite && (
          <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
            {t('users.invite')}
          </Button>
        )
      }
    >
      <Queried query={users}>
        {({ data }) => (
          <ListTable
            columns={[
              { label: t('users.user') },
              { label: t('users.role') },
              { label: t('users.status'), visibleFrom: 'sm' },
              { label: t('users.lastSeen'), visibleFrom: 'sm' },
              { label: t('common:actions'), isHidden: true },
            ]}
          >
            {data.map((user) => (
              <UserRow key={user.id} user={user} canWrite={canWrite} onLink={setLink} />
            ))}
          </ListTable>
        )}
      </Queried>
      <OwnersNeedSecondFactor />
      <Stack gap={4}>
        {ROLES.map((role) => (
          <Group key={role} gap="sm" wrap="nowrap" align="baseline">
            <Text size="sm" fw={600} w={96} flex="none">
              {t(`role.${role}`)}
            </Text>
            <Text size="sm" c="dimmed">
              {t(`roleText.${role}`)}
            </Text>
          </Group>
        ))}
      </Stack>
      <Modal opened={inviting} onClose={close} title={t('users.invite')}>
        <Invite
          onDone={(url) => {
            close();
            setLink(url);
          }}
        />
      </Modal>
      <ShownOnce
        title={t('users.linkTitle')}
        text={t('users.linkText')}
        label={t('users.link')}
        value={link}
        onClose={() => setLink(null)}
      />
    </Section>
  );
}

/** For those who may see the settings. */
function OwnersNeedSecondFactor() {
  const { t } = useTranslation('settings');
  const canRead = usePermission('settings:read');
  const canWrite = usePermission('settings:write');
  const settings = useQuery({ ...settingsQuery, enabled: canRead });
  const change = useChangeSettings();
  const refresh = useRefreshSecondFactor();
  if (!settings.data) return null;
  return (
    <Switch
      label={t('common:secondFactor.forOwners')}
      description={t('common:secondFactor.forOwnersText')}
      checked={settings.data.secondFactorForOwners}
      disabled={!canWrite || change.isPending}
      onChange={(event) =>
        change.mutate(
          { secondFactorForOwners: event.currentTarget.checked },
          {
            onError: notifyError,
            onSuccess() {
              notifySuccess(t('saved'));
              void refresh();
            },
          },
        )
      }
    />
  );
}

interface UserRowProps {
  readonly user: UserView;
  readonly canWrite: boolean;
  readonly onLink: (url: string) => void;
}

function UserRow({ user, canWrite, onLink }: UserRowProps) {
  const { t } = useTranslation('settings');
  const own = useSession().data?.user?.id === user.id;
  const change = useChangeUser();
  const remove = useDeleteUser();
  const makeLink = useUserLink();
  const [deleting, { open, close }] = useDisclosure(false);
  const removeFactor = useRemoveSecondFactor();
  const [showsSessions, { open: openSessions, close: closeSessions }] = useDisclosure(false);
  const [removing, { open: openRemoval, close: closeRemoval }] = useDisclosure(false);
  const outcome = { onSuccess: () => notifySuccess(t('saved')), onError: notifyError };
  return (
    <Table.Tr>
      <Table.Td>
        <Group gap="xs">
          <Text size="sm" fw={600}>
            {user.name} {own && t('users.you')}
          </Text>
          <Unreadable record={user} />
        </Group>
        <Text size="xs" c="dimmed">
          {user.email}
        </Text>
        {user.secondFactor && (
          <Badge className="hl-badge" variant="light" color="teal" tt="none" mt={4}>
            {t('common:secondFactor.title')}
          </Badge>
        )}
      </Table.Td>
      <Table.Td>
        <Select
          aria-label={t('users.roleOf', { name: user.name })}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          value={user.role}
          allowDeselect={false}
          disabled={!canWrite || own}
          onChange={(role) => role !== null && change.mutate({ id: user.id, role: role as Role }, outcome)}
          w={130}
        />
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Badge className="hl-badge" variant="light" color={STATUS_COLORS[user.status]} tt="none">
          {t(`userStatus.${user.status}`)}
        </Badge>
      </Table.Td>
      <Table.Td visibleFrom="sm">
        <Text size="sm" c="dimmed">
          {user.lastSeenAt === null ? '–' : <TimeAgo at={user.lastSeenAt} />}
        </Text>
      </Table.Td>
      <Table.Td>
        {canWrite && (
          <Menu position="bottom-end">
            <Menu.Target>
              <ActionIcon variant="subtle" color="gray" aria-label={t('users.menu', { name: user.name })}>
                <IconDots size={18} aria-hidden />
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item
                onClick={() => makeLink.mutate(user.id, { onSuccess: (made) => onLink(made.url), onError: notifyError })}
              >
                {t(user.status === 'invited' ? 'users.newInvitation' : 'users.resetPassword')}
              </Menu.Item>
              <Menu.Item onClick={openSessions}>{t('users.sessions')}</Menu.Item>
              {!own && (
                <>
                  {user.secondFactor && <Menu.Item onClick={openRemoval}>{t('common:secondFactor.remove')}</Menu.Item>}
                  <Menu.Item onClick={() => change.mutate({ id: user.id, disabled: user.status !== 'disabled' }, outcome)}>
                    {t(user.status === 'disabled' ? 'users.enable' : 'users.disable')}
                  </Menu.Item>
                  <Menu.Item color="red.9" onClick={open}>
                    {t('common:delete')}
                  </Menu.Item>
                </>
              )}
            </Menu.Dropdown>
          </Menu>
        )}
        <Modal
          opened={showsSessions}
          onClose={closeSessions}
          title={t('sessions.ofUser', { name: user.name })}
          size="xl"
          closeButtonProps={{ 'aria-label': t('common:close') }}
        >
          <UserSessions user={user} />
        </Modal>
        <ConfirmDialog
          opened={removing}
          onClose={closeRemoval}
          question={t('common:secondFactor.removeQuestion', { name: user.name })}
          explanation={t('common:secondFactor.removeText')}
          action={t('common:secondFactor.remove')}
          onConfirm={() => removeFactor.mutate(user.id, outcome)}
        />
        <ConfirmDialog
          opened={deleting}
          onClose={close}
          question={t('users.deleteQuestion', { name: user.name })}
          explanation={t('users.deleteText')}
          action={t('common:delete')}
          onConfirm={() => remove.mutate(user.id, outcome)}
        />
      </Table.Td>
    </Table.Tr>
  );
}

function Invite({ onDone }: { readonly onDone: (url: string) => void }) {
  const { t } = useTranslation('settings');
  const invite = useInvite();
  const [email, setEmail] = useState('');
  const [name, setName] = useState('');
  const [role, setRole] = useState<Role>('editor');

  function submit(event: FormEvent): void {
    event.preventDefault();
    invite.mutate({ email, name, role }, { onSuccess: ({ link }) => onDone(link.url), onError: notifyError });
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label={t('common:email')}
          type="email"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          data-autofocus
        />
        <TextInput
          label={t('profile.name')}
          required
          maxLength={100}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={t('users.role')}
          description={t(`roleText.${role}`)}
          data={ROLES.map((value) => ({ value, label: t(`role.${value}`) }))}
          value={role}
          allowDeselect={false}
          onChange={(value) => value !== null && setRole(value as Role)}
        />
        <Group justify="flex-end">
          <Button type="submit" loading={invite.isPending}>
            {t('users.makeLink')}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
