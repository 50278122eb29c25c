// A sample body or URL that somebody pastes, and the paths in it.

import { Button, Group, Stack, Textarea } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type CaptureView, parseBodySample, parseQuerySample } from '../../api/trigger.ts';
import { errorText } from '../../ui/notify.ts';
import { pastedQuery, requestFrom } from './example-body.ts';
import type { PathsByPart } from './path-picker.tsx';
import { PinButton } from './pin-button.tsx';

export interface PastePanelProps {
  readonly part: 'body' | 'query';
  readonly workflowId: string;
  /** The trigger URL; null: its reader may not see it. */
  readonly url: string | null;
  readonly sample: CaptureView | null;
  readonly readOnly: boolean;
  onPinned(): void;
  picker(paths: PathsByPart): ReactNode;
}

export function PastePanel({ part, workflowId, url, sample, readOnly, onPinned, picker }: PastePanelProps) {
  const { t } = useTranslation('trigger');
  const [text, setText] = useState('');
  const parse = useMutation({ mutationFn: part === 'body' ? parseBodySample : parseQuerySample });
  return (
    <Stack gap="sm">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== '') parse.mutate(text);
        }}
      >
        <Stack gap="xs">
          <Textarea
            label={t(part === 'body' ? 'paste.body' : 'paste.url')}
            description={t(part === 'body' ? 'paste.bodyText' : 'paste.urlText')}
            placeholder={
              part === 'body' ? '{ "payment": { "id": "pay_1", "status": "paid" } }' : 'https://example.com/?order=1&status=paid'
            }
            value={text}
            autosize
            minRows={part === 'body' ? 5 : 2}
            maxRows={14}
            spellCheck={false}
            error={parse.isError ? errorText(parse.error) : undefined}
            onChange={(event) => {
              setText(event.currentTarget.value);
              if (parse.isError) parse.reset();
            }}
            classNames={{ input: 'hl-mono' }}
          />
          <Group justify="flex-end">
            <Button type="submit" size="xs" variant="light" disabled={text.trim() === ''} loading={parse.isPending}>
              {t('paste.parse')}
            </Button>
          </Group>
        </Stack>
      </form>
      {parse.data && parse.variables !== undefined && !readOnly && (
        <Group>
          <PinButton
            workflowId={workflowId}
            request={requestFrom(
              sample,
              url,
              part === 'body' ? { body: parse.variables } : { query: pastedQuery(parse.variables) },
            )}
            sample={sample}
            onPinned={onPinned}
          />
        </Group>
      )}
      {parse.data && picker({ [part]: parse.data })}
    </Stack>
  );
}
