// Shown in place of a page that failed: what happened, and the way back.

import { Button, Center, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useRouteError } from 'react-router';
import { errorText } from '../ui/notify.ts';

export function PageError() {
  const { t } = useTranslation();
  const error = useRouteError();
  return (
    <Center mih="60vh" p="xl">
      <Stack align="center" maw={520} role="alert">
        <Title order={1}>{t('pageFailed')}</Title>
        <Text c="dimmed" ta="center">
          {errorText(error)}
        </Text>
        <Button onClick={() => window.location.reload()}>{t('reload')}</Button>
      </Stack>
    </Center>
  );
}
