// What a chaos run has found, and how it is shown.

export interface ChaosReport {
  readonly store: 'postgres' | 'sqlite';
  readonly seed: number;
  readonly seconds: number;
  /** Tries of requests, also those that were refused. */
  readonly requests: number;
  readonly acknowledged: { readonly async: number; readonly sync: number };
  /** Answers that were not 2xx, by status; `0` for connections that failed. */
  readonly refused: Readonly<Record<string, number>>;
  /** What trigger URLs answered while the database was away, by status. */
  readonly answersWhileAway: Readonly<Record<string, number>>;
  readonly kills: number;
  readonly restarts: number;
  readonly databaseRestarts: number;
  readonly executions: Readonly<Record<string, number>>;
  readonly callbacks: { readonly taken: number; readonly repeated: number };
  /** Effects that should have been seen, and were. */
  readonly effects: number;
  /** Effects that were seen again although they had been answered with 200. */
  readonly repeats: number;
  /** Messages that programs have published, deliveries of these and of workflows, and those that came twice. */
  readonly webhooks: { readonly published: number; readonly deliveries: number; readonly repeats: number };
  readonly laneRuns: number;
  /** Two executions of one lane at once, behind a kill of the first one's owner. */
  readonly laneOverlaps: number;
  /** Processes that lived and were taken for dead: the machine was too slow. */
  readonly declaredDead: number;
  /** Milliseconds from a kill to the moment at which what ran there went on. */
  readonly recovery: {
    readonly count: number;
    readonly p50: number;
    readonly max: number;
    readonly disturbed: number;
    readonly takeOverMaxMs: number;
  };
  /** The longest that a process took until it listened, in milliseconds: how slow the machine was. */
  readonly slowestStartMs: number;
  /** How long it took until nothing was left to do, from the end of the load, in milliseconds. */
  readonly drainMs: number;
  /** Empty when nothing was lost. */
  readonly problems: readonly string[];
}

/** One line for each fact. */
export function formatReport(report: ChaosReport): string {
  const { acknowledged, recovery, callbacks, webhooks, problems } = report;
  const counts = (record: Readonly<Record<string, number>>): string =>
    Object.entries(record)
      .map(([name, count]) => `${count} × ${name === '0' ? 'no connection' : name}`)
      .join(', ') || 'none';
  const lines: [string, string][] = [
    ['store, seed, load', `${report.store}, ${report.seed}, ${report.seconds} s`],
    ['requests', String(report.requests)],
    ['acknowledged', `${acknowledged.async} async, ${acknowledged.sync} sync`],
    ['refused', counts(report.refused)],
    ['kill -9', `${report.kills} (${report.restarts} restarts)`],
    ...(report.store === 'postgres'
      ? ([
          ['database restarted or away', `${report.databaseRestarts} times`],
          ['answers while it was away', counts(report.answersWhileAway)],
        ] as [string, string][])
      : []),
    ['executions', counts(report.executions)],
    ['callbacks', `${callbacks.taken} taken, ${callbacks.repeated} made once more`],
    ['effects', `${report.effects} expected and seen`],
    ['effects repeated', String(report.repeats)],
    ['webhooks', `${webhooks.published} published, ${webhooks.deliveries} deliveries, ${webhooks.repeats} came twice`],
    ['lane', `${report.laneRuns} runs, ${report.laneOverlaps} overlaps behind a kill`],
    ['taken for dead while alive', String(report.declaredDead)],
    [
      'from a kill to going on',
      `${recovery.count} executions, p50 ${recovery.p50} ms, max ${recovery.max} ms (${recovery.disturbed} more while the database or all workers were away)`,
    ],
    ...(report.store === 'postgres'
      ? ([['taken over', `max ${recovery.takeOverMaxMs} ms after the kill`]] as [string, string][])
      : []),
    ['until nothing was left', `${report.drainMs} ms`],
    ['slowest start', `${report.slowestStartMs} ms`],
    ['problems', problems.length === 0 ? 'none' : `${problems.length}\n  ${problems.slice(0, 20).join('\n  ')}`],
  ];
  return lines.map(([name, value]) => `${name.padEnd(28)}${value}`).join('\n');
}

/** A share of a list, such as 0.5 for the median; 0 of an empty list. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(Math.floor(sorted.length * share), sorted.length - 1)] ?? 0;
}
