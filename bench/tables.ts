// The results as tables in Markdown, for the README.

import type { DelayResult } from './delays.ts';
import type { DeliveryResult } from './deliveries.ts';
import type { HttpMeasured } from './http.ts';
import { type ListResult, MAX_PAGE_MS, MAX_STATS_MS } from './lists.ts';
import { type LoopResult, MAX_GROWTH } from './loops.ts';
import type { QueueResult } from './queue.ts';
import type { WaitingResult } from './waiting.ts';

type Cell = string | number | null;

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]): string => `| ${cells.map((cell) => cell ?? '').join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function httpTable({ results, backlog }: HttpMeasured): string {
  const rows = results.map(({ name, perSecond, ratioToKoa, goal, p50Ms, p99Ms, peakMemoryMb, startMs }) => [
    name,
    perSecond,
    ratioToKoa,
    goal,
    `${p50Ms} ms`,
    `${p99Ms} ms`,
    `${peakMemoryMb} MB`,
    startMs === 0 ? null : `${startMs} ms`,
  ]);
  const head = ['', 'per second', 'to Koa', 'aim', 'p50', 'p99', 'peak memory', 'start'];
  const piled = backlog.map(({ accepted, memoryMb }) => [accepted, `${memoryMb} MB`]);
  return `${table(head, rows)}\n\n${table(['accepted, not executed', 'memory'], piled)}`;
}

export function queueTable(results: readonly QueueResult[]): string {
  return table(
    ['', 'accepted and executed, per second', 'to accepting alone', 'backlog worked off, per second', 'to graphile-worker alone'],
    results.map(({ store, through, throughToAcceptOnly, acceptOnly, workedOff, graphile, workedOffToGraphile }) => [
      store,
      through,
      `${throughToAcceptOnly} of ${acceptOnly}`,
      workedOff,
      graphile === null ? null : `${workedOffToGraphile} of ${graphile}`,
    ]),
  );
}

export function delaysTable(results: readonly DelayResult[]): string {
  return table(
    ['', 'late, p50', 'late, p99', 'late, at most'],
    results.map(({ store, p50Ms, p99Ms, maxMs }) => [store, `${p50Ms} ms`, `${p99Ms} ms`, `${maxMs} ms`]),
  );
}

export function loopsTables(results: readonly LoopResult[]): string[] {
  const [first] = results;
  const sizes = (kind: 'variable' | 'effect'): string[] => (first?.[kind] ?? []).map(({ size }) => `${size} rounds`);
  const verdict = (growth: number): string => `${growth} (${growth < MAX_GROWTH ? 'OK' : 'not linear'})`;
  const costs = (kind: 'variable' | 'effect', name: string): Cell[][] =>
    results.map((result) => [
      `${result.store}, ${name}`,
      ...result[kind].map(({ perJobMicros }) => `${perJobMicros} µs`),
      verdict(kind === 'variable' ? result.growth : result.effectGrowth),
    ]);
  return [
    table(['one job in a loop of', ...sizes('variable'), '10,000 to 100'], costs('variable', 'variable')),
    table(['one job in a loop of', ...sizes('effect'), '1,000 to 100'], costs('effect', 'request')),
    table(
      ['resumed behind', 'to load', 'to go on'],
      results.flatMap(({ store, resume }) =>
        resume.map(({ behind, loadMs, goOnMs }) => [`${store}, ${behind}`, `${loadMs} ms`, `${goOnMs} ms`]),
      ),
    ),
  ];
}

export function waitingTable(results: readonly WaitingResult[]): string {
  const rows = results.flatMap(({ store, points, growth, acceptingGrowth, isFlat }) => [
    ...points.map(({ waiting, startMs, rssMb, heapMb, acceptingRssMb, acceptingHeapMb }) => [
      `${store}, ${waiting}`,
      `${startMs} ms`,
      `${rssMb} MB`,
      `${heapMb} MB`,
      `${acceptingRssMb} MB`,
      `${acceptingHeapMb} MB`,
    ]),
    [`${store}, most to fewest`, null, growth, null, null, `${acceptingGrowth} (${isFlat ? 'flat' : 'not flat'})`],
  ]);
  return table(['waiting', 'start', 'memory', 'of it heap', 'memory of who accepted them', 'of it heap'], rows);
}

export function deliveriesTable(results: readonly DeliveryResult[]): string {
  return table(
    [
      '',
      'bare loop, per second',
      'healthy alone',
      'to bare',
      'beside bad ones',
      'to alone',
      'arrival p50 / p95 / p99',
      'repeats',
      'problems',
    ],
    results.map(({ store, bare, alone, mixed, aloneToBare, mixedToAlone }) => [
      store,
      bare,
      alone.healthy,
      aloneToBare,
      mixed.healthy,
      mixedToAlone,
      `${mixed.steady.p50Ms} / ${mixed.steady.p95Ms} / ${mixed.steady.p99Ms} ms`,
      alone.repeats + mixed.repeats,
      [...alone.problems, ...mixed.problems].join('; ') || 'none',
    ]),
  );
}

export function listsTables(results: readonly ListResult[]): string[] {
  const within = (ms: number, most: number): string => `${ms} ms (${ms <= most ? 'OK' : `over ${most} ms`})`;
  return [
    table(
      [
        '',
        'executions',
        'page of a list, p50',
        'p99',
        'at most',
        'statistics, at most',
        'activity of 100, at most',
        'first count',
      ],
      results.map(({ store, rows, page, stats, activity, firstCountMs }) => [
        store,
        rows,
        `${page.p50Ms} ms`,
        `${page.p99Ms} ms`,
        within(page.maxMs, MAX_PAGE_MS),
        within(stats.maxMs, MAX_STATS_MS),
        within(activity.maxMs, MAX_STATS_MS),
        `${firstCountMs} ms`,
      ]),
    ),
    table(
      ['slowest pages', ''],
      results.flatMap(({ store, slowest }) => slowest.map(({ name, ms }) => [`${store}, ${name}`, `${ms} ms`])),
    ),
  ];
}
