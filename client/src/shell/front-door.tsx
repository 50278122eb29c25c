// The frame of the pages before somebody is signed in.

import { Center, Paper, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTabTitle } from '../ui/page.tsx';
import { Logo } from './logo.tsx';

export function FrontDoor({ title, text, children }: { title: string; text?: string; children?: ReactNode }) {
  useTabTitle(title);
  return (
    <Center mih="100vh" p="md" component="main">
      <Stack gap="lg" w="100%" maw={420}>
        <Center>
          <Logo />
        </Center>
        <Paper withBorder p="xl" radius="lg" shadow="sm">
          <Stack>
            <Title order={1} size="h2">
              {title}
            </Title>
            {text !== undefined && (
              <Text c="dimmed" size="sm">
                {text}
              </Text>
            )}
            {children}
          </Stack>
        </Paper>
      </Stack>
    </Center>
  );
}
