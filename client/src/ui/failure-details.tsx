// What went wrong in a step or an execution: for the reader first, then what the server says of it and its code.

import { Text } from '@mantine/core';
import { type Failure, failureText } from './failure-text.ts';

export function FailureDetails({ failure }: { readonly failure: Failure }) {
  const text = failureText(failure);
  return (
    <div>
      <Text size="sm">{text}</Text>
      <Text size="xs" c="dimmed" style={{ overflowWrap: 'anywhere' }}>
        {text !== failure.message && <span lang="en">{failure.message} </span>}
        <Text component="span" inherit ff="monospace">
          {failure.code}
        </Text>
      </Text>
    </div>
  );
}
