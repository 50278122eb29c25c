// Moments and durations as people read them, in the chosen language.

import { Tooltip } from '@mantine/core';
import { useTranslation } from 'react-i18next';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** Such as "3 minutes ago". */
export function relativeTime(iso: string, language: string, now = Date.now()): string {
  const distance = Date.parse(iso) - now;
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const unit = UNITS.find(([, size]) => Math.abs(distance) >= size);
  return unit ? format.format(Math.round(distance / unit[1]), unit[0]) : format.format(0, 'second');
}

export function exactTime(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(iso));
}

export function dayText(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium' }).format(new Date(iso));
}

/** A moment to the minute, for what is days away. */
export function dayAndTime(iso: string, language: string): string {
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

/** Such as "12 ms", "1.4 s", "3 min"; what was too short to be measured is "< 1 ms". */
export function durationText(ms: number, language: string): string {
  const number = (value: number, digits: number): string =>
    new Intl.NumberFormat(language, { maximumFractionDigits: digits }).format(value);
  if (ms === 0) return '< 1 ms';
  if (ms < 1_000) return `${number(ms, ms < 10 ? 1 : 0)} ms`;
  if (ms < 60_000) return `${number(ms / 1_000, 1)} s`;
  if (ms < 3_600_000) return `${number(ms / 60_000, 1)} min`;
  return `${number(ms / 3_600_000, 1)} h`;
}

/** How long ago; the exact moment on hover and for screen readers. */
export function TimeAgo({ at }: { readonly at: string }) {
  const { i18n } = useTranslation();
  const exact = exactTime(at, i18n.language);
  return (
    <Tooltip label={exact}>
      <time dateTime={at}>{relativeTime(at, i18n.language)}</time>
    </Tooltip>
  );
}
