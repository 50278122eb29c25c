// Waits for the next calls of the workflow, whether it takes calls or not, and shows them as they come.

import { Alert, Button, Group, Loader, Select, Stack, Text } from '@mantine/core';
import { useInterval } from '@mantine/hooks';
import { IconEar, IconPlayerStop } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CaptureView, Listening } from '../../api/trigger.ts';
import { Copy } from '../../ui/copy.tsx';
import { exactTime } from '../../ui/time.tsx';
import { CaptureCard } from './capture-card.tsx';
import type { PathsByPart } from './path-picker.tsx';
import { PinButton } from './pin-button.tsx';

export interface ListenPanelProps {
  readonly workflowId: string;
  readonly url: string | null;
  readonly listening: Listening;
  readonly sample: CaptureView | null;
  readonly readOnly: boolean;
  onPinned(): void;
  picker(paths: PathsByPart): ReactNode;
}

export function ListenPanel({ workflowId, url, listening, sample, readOnly, onPinned, picker }: ListenPanelProps) {
  const { t, i18n } = useTranslation('trigger');
  const { state, until, calls } = listening;
  const [at, setAt] = useState<string | null>(null);
  const call = calls.find((one) => one.at === at) ?? calls[0];
  const isOn = state === 'connecting' || state === 'listening';
  return (
    <Stack gap="sm">
      {isOn ? (
        <div className="hl-listening" role="status">
          <Group justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Loader size="sm" type="dots" aria-hidden />
              <Text size="sm" fw={600}>
                {t(state === 'connecting' ? 'listen.connecting' : 'listen.waiting')}
              </Text>
            </Group>
            <Button size="xs" variant="default" leftSection={<IconPlayerStop size={15} aria-hidden />} onClick={listening.stop}>
              {t('listen.stop')}
            </Button>
          </Group>
          {calls.length === 0 && (
            <Text size="sm" mt={6}>
              {t('listen.how')}
            </Text>
          )}
          {url === null ? (
            <Text size="sm" c="dimmed" mt={4}>
              {t('address.hiddenText')}
            </Text>
          ) : (
            <Group gap={4} wrap="nowrap" mt={4}>
              <code className="hl-ellipsis">{url}</code>
              <Copy value={url} label={t('address.url')} />
            </Group>
          )}
          {until !== null && <TimeLeft until={until} />}
        </div>
      ) : (
        <Stack gap="xs" align="flex-start">
          {state === 'lost' && (
            <Alert color="red" role="alert" w="100%" p="xs">
              {t('listen.lost')}
            </Alert>
          )}
          {state === 'ended' && (
            <Alert color="yellow" w="100%" p="xs">
              {t('listen.ended')}
            </Alert>
          )}
          <Text size="sm">{t('listen.text')}</Text>
          <Button size="sm" variant="light" leftSection={<IconEar size={17} aria-hidden />} onClick={listening.start}>
            {t('listen.start')}
          </Button>
        </Stack>
      )}
      {call && (
        <Stack gap="sm">
          {calls.length > 1 && (
            <Select
              size="xs"
              label={t('listen.calls', { count: calls.length })}
              allowDeselect={false}
              data={[...new Map(calls.map((one) => [one.at, one])).values()].map((one) => ({
                value: one.at,
                label: `${exactTime(one.at, i18n.language)}${one.outcome ? ` – ${one.outcome.status}` : ''}`,
              }))}
              value={call.at}
              onChange={setAt}
            />
          )}
          <CaptureCard key={call.at} call={call} />
          {!readOnly && (
            <Group>
              <PinButton workflowId={workflowId} request={call.request} sample={sample} onPinned={onPinned} />
            </Group>
          )}
          {picker(call.paths)}
        </Stack>
      )}
    </Stack>
  );
}

/** Minutes and seconds until the server ends the stream. */
function TimeLeft({ until }: { readonly until: number }) {
  const { t } = useTranslation('trigger');
  const [now, setNow] = useState(Date.now);
  useInterval(() => setNow(Date.now()), 1_000, { autoInvoke: true });
  const seconds = Math.max(0, Math.round((until - now) / 1_000));
  const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  return (
    <Text size="xs" c="dimmed" aria-live="off" mt={4}>
      {t('listen.left', { time })}
    </Text>
  );
}
