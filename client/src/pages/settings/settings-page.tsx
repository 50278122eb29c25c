// Settings: who may come in, what is kept, and for how long.

import { Box, Group, NavLink, Stack } from '@mantine/core';
import { IconClock, IconHistory, IconKey, IconLock, type IconProps, IconServer, IconUser, IconUsers } from '@tabler/icons-react';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, useParams } from 'react-router';
import type { Permission } from '../../../../src/access/model.ts';
import { useSession } from '../../api/session.ts';
import { Page } from '../../ui/page.tsx';
import './settings.css';
import { AuditSection } from './audit-section.tsx';
import { InstallationSection } from './installation-section.tsx';
import { ProfileSection } from './profile-section.tsx';
import { RetentionSection } from './retention-section.tsx';
import { SecretsSection } from './secrets-section.tsx';
import { TokensSection } from './tokens-section.tsx';
import { UsersSection } from './users-section.tsx';

interface Section {
  readonly name: string;
  /** What is needed to see it. */
  readonly permission: Permission | null;
  readonly Icon: ComponentType<IconProps>;
  readonly Content: ComponentType;
}

const SECTIONS: readonly Section[] = [
  { name: 'profile', permission: null, Icon: IconUser, Content: ProfileSection },
  { name: 'users', permission: 'access:read', Icon: IconUsers, Content: UsersSection },
  { name: 'tokens', permission: 'access:read', Icon: IconKey, Content: TokensSection },
  { name: 'secrets', permission: 'secrets:read', Icon: IconLock, Content: SecretsSection },
  { name: 'retention', permission: 'settings:read', Icon: IconClock, Content: RetentionSection },
  { name: 'installation', permission: 'settings:read', Icon: IconServer, Content: InstallationSection },
  { name: 'audit', permission: 'access:read', Icon: IconHistory, Content: AuditSection },
];

export default function SettingsPage() {
  const { t } = useTranslation('settings');
  const { section } = useParams();
  const { data: session } = useSession();
  const shown = SECTIONS.filter(({ permission }) => permission === null || session?.permissions.includes(permission));
  const current = shown.find(({ name }) => name === section);
  if (!current) return <Navigate to={`/settings/${shown[1]?.name ?? 'profile'}`} replace />;
  const { Content } = current;
  return (
    <Page title={t('title')}>
      <Group align="flex-start" gap="xl" wrap="nowrap" className="hl-settings">
        <Stack component="nav" gap={2} aria-label={t('sections')} className="hl-settings-nav">
          {shown.map(({ name, Icon }) => (
            <NavLink
              key={name}
              component={Link}
              to={`/settings/${name}`}
              active={name === current.name}
              aria-current={name === current.name ? 'page' : undefined}
              label={t(`${name}.title`)}
              leftSection={<Icon size={16} aria-hidden />}
              className="hl-nav"
            />
          ))}
        </Stack>
        <Box flex={1} miw={0}>
          <Content />
        </Box>
      </Group>
    </Page>
  );
}
