// Ways to an example request: wait for a real call, paste a body or a URL, or use the one that was kept.

import { SegmentedControl, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CaptureView, Listening, Part } from '../../api/trigger.ts';
import { ListenPanel } from './listen-panel.tsx';
import { PastePanel } from './paste-panel.tsx';
import { PathPicker, type PathsByPart } from './path-picker.tsx';
import { PinnedSample, UnreadableSample } from './pinned-sample.tsx';

export interface SampleSectionProps {
  readonly workflowId: string;
  readonly url: string | null;
  readonly sample: CaptureView | null;
  /** Why the stored sample cannot be read; undefined when it can, or there is none. */
  readonly unreadable: string | undefined;
  readonly listening: Listening;
  readonly taken: Readonly<Record<Part, ReadonlySet<string>>>;
  readonly readOnly: boolean;
  onAdd(chosen: Readonly<Record<Part, readonly string[]>>): void;
}

type Way = 'listen' | 'body' | 'url' | 'pinned';

export function SampleSection({ workflowId, url, sample, unreadable, listening, taken, readOnly, onAdd }: SampleSectionProps) {
  const { t } = useTranslation('trigger');
  const [chosen, setWay] = useState<Way | null>(null);
  const way = chosen === 'pinned' && sample === null ? 'listen' : (chosen ?? (sample === null ? 'listen' : 'pinned'));
  const picker = (paths: PathsByPart) => <PathPicker paths={paths} taken={taken} readOnly={readOnly} onAdd={onAdd} />;
  return (
    <Stack gap="sm">
      <Text size="sm" c="dimmed">
        {t('sample.text')}
      </Text>
      {unreadable !== undefined && <UnreadableSample workflowId={workflowId} reason={unreadable} readOnly={readOnly} />}
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label={t('sample.ways')}
        value={way}
        onChange={(next) => setWay(wayOf(next))}
        data={[
          ...(sample === null ? [] : [{ value: 'pinned', label: t('sample.pinned') }]),
          { value: 'listen', label: t('sample.listen') },
          { value: 'body', label: t('sample.body') },
          { value: 'url', label: t('sample.url') },
        ]}
      />
      {way === 'listen' && (
        <ListenPanel
          workflowId={workflowId}
          url={url}
          listening={listening}
          sample={sample}
          readOnly={readOnly}
          onPinned={() => setWay('listen')}
          picker={picker}
        />
      )}
      {(way === 'body' || way === 'url') && (
        <PastePanel
          key={way}
          part={way === 'body' ? 'body' : 'query'}
          workflowId={workflowId}
          url={url}
          sample={sample}
          readOnly={readOnly}
          onPinned={() => setWay(way)}
          picker={picker}
        />
      )}
      {way === 'pinned' && sample !== null && (
        <>
          <PinnedSample workflowId={workflowId} sample={sample} readOnly={readOnly} />
          {picker(sample.paths)}
        </>
      )}
    </Stack>
  );
}

function wayOf(text: string): Way {
  return text === 'body' || text === 'url' || text === 'pinned' ? text : 'listen';
}
