// The frame of a page's content: its heading, what can be done there, and what is shown while it loads or when it fails.

import { Alert, Box, Button, Center, Group, Loader, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { type ReactNode, useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { errorText } from './notify.ts';

export interface PageProps {
  readonly title: string;
  readonly description?: ReactNode;
  /** Buttons at the right of the heading. */
  readonly actions?: ReactNode;
  readonly children: ReactNode;
}

/** A page with a heading; also names the browser's tab. */
export function Page({ title, description, actions, children }: PageProps) {
  useTabTitle(title);
  return (
    <Stack gap="lg" p={{ base: 'md', sm: 'xl' }} maw={1400} mx="auto" w="100%">
      <Group justify="space-between" align="flex-start" gap="md">
        <Box className="hl-beside-actions">
          <Title order={1}>{title}</Title>
          {description !== undefined && (
            <Text c="dimmed" mt={4} maw={760}>
              {description}
            </Text>
          )}
        </Box>
        {actions !== undefined && <Group gap="sm">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

/** Names the browser's tab as long as it is shown. */
export function useTabTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Hookline`;
  }, [title]);
}

export function Loading() {
  const { t } = useTranslation();
  return (
    <Center mih={200} role="status" aria-label={t('loading')}>
      <Loader />
    </Center>
  );
}

export function LoadError({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  const { t } = useTranslation();
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title={t('loadFailed')} role="alert">
      <Stack gap="sm" align="flex-start">
        <Text size="sm">{errorText(error)}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t('tryAgain')}
          </Button>
        )}
      </Stack>
    </Alert>
  );
}

/** What a list shows when there is nothing in it: why, and what to do. */
export function Empty({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <Center mih={220} p="lg">
      <Stack align="center" gap="xs" maw={460}>
        <Text fw={600}>{title}</Text>
        {children !== undefined && (
          <Text c="dimmed" ta="center" size="sm">
            {children}
          </Text>
        )}
        {action !== undefined && <Box mt="sm">{action}</Box>}
      </Stack>
    </Center>
  );
}
