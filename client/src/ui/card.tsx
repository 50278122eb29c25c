// A titled part of a page.

import { Stack, Title } from '@mantine/core';
import type { ReactNode } from 'react';

export function Card({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <Stack component="section" className="hl-card" p="md" gap="sm" aria-label={title}>
      <Title order={2} size="h3">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
