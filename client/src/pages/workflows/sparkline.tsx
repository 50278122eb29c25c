// The last 24 hours of a workflow at a glance: a bar for each hour, what succeeded and what did not.

import { Group, Text, Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { ActivityView } from '../../api/activity.ts';
import './sparkline.css';

const BAR = 4;
const HEIGHT = 24;

/** Part of the calls that succeeded, or null without any. */
export function successRate(buckets: ActivityView['buckets']): number | null {
  const succeeded = buckets.reduce((sum, bucket) => sum + bucket.succeeded, 0);
  const failed = buckets.reduce((sum, bucket) => sum + bucket.failed, 0);
  return succeeded + failed === 0 ? null : succeeded / (succeeded + failed);
}

export function Sparkline({ buckets }: { readonly buckets: ActivityView['buckets'] }) {
  const { t, i18n } = useTranslation('workflows');
  const rate = successRate(buckets);
  if (rate === null) {
    return (
      <Text size="sm" c="dimmed">
        {t('noCalls')}
      </Text>
    );
  }
  const total = buckets.reduce((sum, bucket) => sum + bucket.succeeded + bucket.failed, 0);
  const highest = Math.max(...buckets.map((bucket) => bucket.succeeded + bucket.failed));
  // Rounded down: 100 % is said only when nothing failed.
  const percent = new Intl.NumberFormat(i18n.language, {
    style: 'percent',
    maximumFractionDigits: 1,
    roundingMode: 'floor',
  }).format(rate);
  const summary = t('rateSummary', { percent, count: total });
  return (
    <Tooltip label={summary}>
      <Group gap={8} wrap="nowrap" w="max-content">
        <svg width={buckets.length * BAR} height={HEIGHT} role="img" aria-label={summary} className="hl-sparkline">
          {buckets.map((bucket, index) => {
            const size = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / highest) * (HEIGHT - 2)));
            const failed = size(bucket.failed);
            const succeeded = size(bucket.succeeded);
            const x = index * BAR;
            return (
              <g key={bucket.at}>
                <rect className="hl-bar-none" x={x} y={HEIGHT - 1} width={BAR - 1} height={1} />
                <rect className="hl-bar-good" x={x} y={HEIGHT - succeeded} width={BAR - 1} height={succeeded} />
                <rect className="hl-bar-bad" x={x} y={HEIGHT - succeeded - failed} width={BAR - 1} height={failed} />
              </g>
            );
          })}
        </svg>
        <Text size="sm" component="span" aria-hidden>
          {percent}
        </Text>
      </Group>
    </Tooltip>
  );
}
