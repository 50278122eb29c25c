// A JSON value to look at.

import { Code, ScrollArea } from '@mantine/core';

export interface JsonViewProps {
  readonly value: unknown;
  /** What it is, for screen readers. */
  readonly label: string;
  /** In pixels. Default 400. */
  readonly maxHeight?: number;
}

export function JsonView({ value, label, maxHeight = 400 }: JsonViewProps) {
  return (
    <ScrollArea.Autosize mah={maxHeight} role="region" aria-label={label}>
      <Code block>{JSON.stringify(value, null, 2) ?? ''}</Code>
    </ScrollArea.Autosize>
  );
}
