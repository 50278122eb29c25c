// The filter of the list of executions, as it stands in the page's address: a filtered list can be sent to a colleague.

import type { ExecutionFilter } from '../../api/executions.ts';

export const RANGES = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: 2_592_000_000 } as const;
export type Range = keyof typeof RANGES;

export interface ListFilter {
  readonly workflowId: string | null;
  readonly statuses: readonly string[];
  readonly sources: readonly string[];
  /** Null: all times, unless `from` and `to` are given. */
  readonly range: Range | null;
  /** ISO 8601, from a link such as a plot's. */
  readonly from: string | null;
  readonly to: string | null;
}

function isRange(text: string | null): text is Range {
  return text !== null && Object.hasOwn(RANGES, text);
}

export function readFilter(parameters: URLSearchParams): ListFilter {
  const list = (name: string): string[] => (parameters.get(name) ?? '').split(',').filter((part) => part !== '');
  const range = parameters.get('range');
  return {
    workflowId: parameters.get('workflowId'),
    statuses: list('status'),
    sources: list('source'),
    range: isRange(range) ? range : null,
    from: parameters.get('from'),
    to: parameters.get('to'),
  };
}

export function writeFilter(filter: ListFilter): URLSearchParams {
  const parameters = new URLSearchParams();
  const set = (name: string, value: string | null): void => {
    if (value !== null && value !== '') parameters.set(name, value);
  };
  set('workflowId', filter.workflowId);
  set('status', filter.statuses.join(','));
  set('source', filter.sources.join(','));
  set('range', filter.range);
  set('from', filter.from);
  set('to', filter.to);
  return parameters;
}

export function isEmptyFilter(filter: ListFilter): boolean {
  return writeFilter(filter).size === 0;
}

/** What the API is asked for. A range begins at a whole minute, so that the same question is asked for a while. */
export function toQuery(filter: ListFilter, now: number): ExecutionFilter {
  const minute = 60_000;
  const since = filter.range === null ? null : Math.floor((now - RANGES[filter.range]) / minute) * minute;
  const from = since === null ? filter.from : new Date(since).toISOString();
  return {
    ...(filter.workflowId === null ? {} : { workflowId: filter.workflowId }),
    ...(filter.statuses.length === 0 ? {} : { status: filter.statuses.join(',') }),
    ...(filter.sources.length === 0 ? {} : { source: filter.sources.join(',') }),
    ...(from === null ? {} : { from }),
    ...(filter.to === null || since !== null ? {} : { to: filter.to }),
  };
}
