// The plots of the overview. Each is also a table for those who do not see it.

import { AreaChart, BarChart, LineChart } from '@mantine/charts';
import '@mantine/charts/styles.css';
import { SimpleGrid } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { StatsView } from '../../api/stats.ts';
import { Card } from '../../ui/card.tsx';
import { durationText } from '../../ui/time.tsx';
import { ticksOf } from './ticks.ts';

export interface PlotsProps {
  readonly stats: StatsView;
  /** Opens the executions behind a point. */
  readonly onChoose: (from: string, to: string, status?: string) => void;
}

type Row = StatsView['buckets'][number] & { readonly label: string; readonly rate: number | null };

export default function Plots({ stats, onChoose }: PlotsProps) {
  const { t, i18n } = useTranslation('overview');
  const { bucketMs } = stats;
  const exact = new Intl.DateTimeFormat(i18n.language, { dateStyle: 'medium', timeStyle: 'short' });
  const ticks = ticksOf(stats, i18n.language);
  const rows: Row[] = stats.buckets.map((bucket) => {
    const finished = bucket.succeeded + bucket.failed;
    return {
      ...bucket,
      label: exact.format(new Date(bucket.at)),
      rate: finished === 0 ? null : (100 * bucket.succeeded) / finished,
    };
  });
  const number = (value: number): string => new Intl.NumberFormat(i18n.language, { notation: 'compact' }).format(value);
  const percentage = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1 });
  const percent = (value: number): string => percentage.format(value / 100);
  const time = (value: number): string => durationText(value, i18n.language);
  // Where an axis begins.
  const timeTick = (value: number): string => (value === 0 ? '0' : time(value));
  const choose = (status?: string) => ({
    onClick: (state: { activeTooltipIndex?: number | string | null | undefined }) => {
      const row = rows[Number(state.activeTooltipIndex)];
      if (row) onChoose(row.at, new Date(Date.parse(row.at) + bucketMs).toISOString(), status);
    },
  });
  const common = { h: 220, data: rows, dataKey: 'label', tickLine: 'none' } as const;
  // Small: there may be a point for each quarter of an hour.
  const dots = { dotProps: { r: 2 }, activeDotProps: { r: 5 } };
  const tickLabels = new Map(rows.flatMap(({ at, label }) => (ticks.has(at) ? [[label, ticks.get(at) ?? '']] : [])));
  const axis = {
    ticks: [...tickLabels.keys()],
    tickFormatter: (label: string): string => tickLabels.get(label) ?? '',
    minTickGap: 12,
    interval: 'preserveStart',
  } as const;
  const still = { isAnimationActive: false };
  // Hidden from screen readers, who have the table: nothing in it may be reached by keyboard.
  const unfocusable = { accessibilityLayer: false };
  return (
    <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
      <Card title={t('plots.calls')}>
        <div aria-hidden>
          <BarChart
            {...common}
            type="stacked"
            withLegend
            series={[
              { name: 'succeeded', label: t('succeeded'), color: 'teal.6' },
              { name: 'failed', label: t('failed'), color: 'red.7' },
            ]}
            valueFormatter={number}
            xAxisProps={axis}
            barProps={still}
            barChartProps={{ ...unfocusable, ...choose() }}
          />
        </div>
        <AsTable
          caption={t('plots.calls')}
          columns={[t('calls'), t('succeeded'), t('failed')]}
          rows={rows.map(({ at, calls, succeeded, failed }) => [
            exact.format(new Date(at)),
            number(calls),
            number(succeeded),
            number(failed),
          ])}
        />
      </Card>
      <Card title={t('plots.success')}>
        <div aria-hidden>
          <LineChart
            {...common}
            series={[{ name: 'rate', label: t('success'), color: 'teal.7' }]}
            {...dots}
            valueFormatter={percent}
            yAxisProps={{ domain: [0, 100] }}
            xAxisProps={axis}
            lineProps={still}
            connectNulls={false}
            lineChartProps={{ ...unfocusable, margin: { top: 12 }, ...choose('failed,error,timed_out') }}
          />
        </div>
        <AsTable
          caption={t('plots.success')}
          columns={[t('success')]}
          rows={rows.map(({ at, rate }) => [exact.format(new Date(at)), rate === null ? '–' : percent(rate)])}
        />
      </Card>
      <Card title={t('plots.latency')}>
        <div aria-hidden>
          <LineChart
            {...common}
            {...dots}
            withLegend
            series={[
              { name: 'p50Ms', label: t('percentile.half'), color: 'indigo.5' },
              { name: 'p95Ms', label: t('percentile.p95'), color: 'grape.5', strokeDasharray: '6 3' },
              { name: 'p99Ms', label: t('percentile.p99'), color: 'orange.6', strokeDasharray: '2 3' },
            ]}
            valueFormatter={time}
            xAxisProps={axis}
            yAxisProps={{ width: 72, tickFormatter: timeTick }}
            lineProps={still}
            connectNulls={false}
            lineChartProps={{ ...unfocusable, ...choose() }}
          />
        </div>
        <AsTable
          caption={t('plots.latency')}
          columns={[t('percentile.half'), t('percentile.p95'), t('percentile.p99')]}
          rows={rows.map(({ at, p50Ms, p95Ms, p99Ms }) => [
            exact.format(new Date(at)),
            ...[p50Ms, p95Ms, p99Ms].map((value) => (value === null ? '–' : time(value))),
          ])}
        />
      </Card>
      <Card title={t('plots.queueAge')}>
        <div aria-hidden>
          <AreaChart
            {...common}
            series={[{ name: 'queueAgeMs', label: t('queueAge'), color: 'violet.6' }]}
            valueFormatter={time}
            xAxisProps={axis}
            yAxisProps={{ width: 72, tickFormatter: timeTick }}
            areaProps={still}
            areaChartProps={{ ...unfocusable, margin: { top: 12 } }}
            connectNulls={false}
          />
        </div>
        <AsTable
          caption={t('plots.queueAge')}
          columns={[t('queueAge')]}
          rows={rows.map(({ at, queueAgeMs }) => [exact.format(new Date(at)), queueAgeMs === null ? '–' : time(queueAgeMs)])}
        />
      </Card>
    </SimpleGrid>
  );
}

interface TableProps {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

function AsTable({ caption, columns, rows }: TableProps) {
  const { t } = useTranslation('overview');
  return (
    // A table is never as small as it is told to be.
    <div className="mantine-visually-hidden">
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            <th scope="col">{t('time')}</th>
            {columns.map((column) => (
              <th scope="col" key={column}>
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([at, ...values]) => (
            <tr key={at}>
              <th scope="row">{at}</th>
              {columns.map((column, index) => (
                <td key={column}>{values[index]}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
