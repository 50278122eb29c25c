// What surrounds every page of somebody who is signed in: the navigation, the user's menu, the stream of changes.

import { AppShell, Burger, Group, NavLink, ScrollArea, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconActivity, IconChartHistogram, IconRoute, IconSettings, IconWebhook } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, Navigate, Outlet, useLocation } from 'react-router';
import { useChanges } from '../api/changes.ts';
import { useSession } from '../api/session.ts';
import { LoadError, Loading } from '../ui/page.tsx';
import { Logo } from './logo.tsx';
import { NoticeBell } from './notice-bell.tsx';
import { usePageFocus } from './page-focus.ts';
import { PasswordDialog } from './password-dialog.tsx';
import { UserMenu } from './user-menu.tsx';

const MustEnrol = lazy(async () => ({ default: (await import('../pages/second-factor/must-enrol.tsx')).MustEnrol }));

const AREAS = [
  { to: '/workflows', key: 'workflows', Icon: IconRoute },
  { to: '/executions', key: 'executions', Icon: IconActivity },
  { to: '/webhooks', key: 'webhooks', Icon: IconWebhook },
  { to: '/overview', key: 'overview', Icon: IconChartHistogram },
  { to: '/settings', key: 'settings', Icon: IconSettings },
] as const;

export function Shell() {
  const { pathname, search } = useLocation();
  const session = useSession();
  const [isEnrolling, setEnrolling] = useState(false);
  if (session.isPending) return <Loading />;
  if (session.isError) return <LoadError error={session.error} onRetry={() => void session.refetch()} />;
  if (session.data.user === null) return <Navigate to="/sign-in" state={{ from: pathname + search }} replace />;
  // Until the recovery codes were kept, also when the session is read again meanwhile.
  if (session.data.mustEnrol && !isEnrolling) setEnrolling(true);
  if (session.data.mustEnrol || isEnrolling) {
    return (
      <Suspense fallback={<Loading />}>
        <MustEnrol onDone={() => setEnrolling(false)} />
      </Suspense>
    );
  }
  return <Frame />;
}

function Frame() {
  const { t } = useTranslation();
  const [opened, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const content = useRef<HTMLElement>(null);
  usePageFocus(content);
  useChanges();
  // A menu that was opened on a small screen closes when a page was chosen.
  const lastPath = useRef(pathname);
  useEffect(() => {
    if (lastPath.current !== pathname) close();
    lastPath.current = pathname;
  }, [pathname, close]);
  return (
    <AppShell header={{ height: 52 }} navbar={{ width: 208, breakpoint: 'sm', collapsed: { mobile: !opened } }} padding={0}>
      {/* No link: to "#main" of the designer's base it would leave the page. */}
      <button type="button" className="hl-skip" onClick={() => content.current?.focus()}>
        {t('skipToContent')}
      </button>
      <AppShell.Header>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('menu')} aria-expanded={opened} />
            <Logo />
          </Group>
          <Group gap="xs" wrap="nowrap">
            <NoticeBell />
            <UserMenu />
          </Group>
          <PasswordDialog />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="xs" component="nav" aria-label={t('navigation')}>
        <AppShell.Section grow component={ScrollArea}>
          {AREAS.map(({ to, key, Icon }) => {
            const active = pathname === to || pathname.startsWith(`${to}/`);
            return (
              <NavLink
                key={to}
                component={Link}
                to={to}
                active={active}
                aria-current={active ? 'page' : undefined}
                label={t(`areas.${key}`)}
                leftSection={<Icon size={18} stroke={1.7} aria-hidden />}
                mb={2}
                className="hl-nav"
              />
            );
          })}
        </AppShell.Section>
        <AppShell.Section>
          <Text size="xs" c="dimmed" px="sm" py="xs">
            <Version />
          </Text>
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" tabIndex={-1} ref={content} style={{ outline: 'none' }}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
    </AppShell>
  );
}

function Version() {
  const session = useSession();
  return <>Hookline {session.data?.version}</>;
}
