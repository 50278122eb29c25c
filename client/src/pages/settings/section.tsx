// The frame of one section of the settings.

import { Group, Stack, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export interface SectionProps {
  readonly title: string;
  readonly text?: ReactNode;
  readonly action?: ReactNode;
  readonly children: ReactNode;
}

export function Section({ title, text, action, children }: SectionProps) {
  return (
    <Stack gap="md">
      <Group justify="space-between" align="flex-start">
        <div className="hl-beside-actions">
          <Title order={2}>{title}</Title>
          {text !== undefined && (
            <Text c="dimmed" size="sm" maw={640} mt={4}>
              {text}
            </Text>
          )}
        </div>
        {action}
      </Group>
      {children}
    </Stack>
  );
}
