// What the doctor says: findings, as text for people and as the process's exit code.

/** One thing that was looked at. */
export interface Finding {
  /** Stable name, for machines. */
  readonly check: string;
  /** Whether somebody should do something. */
  readonly isProblem: boolean;
  /** One or two sentences: what is the case and, when it is a problem, why and what to do. */
  readonly summary: string;
  /** Up to ten examples. */
  readonly items?: readonly Item[];
  /** Figures, for machines. */
  readonly values?: Readonly<Record<string, number>>;
}

/** One example: an execution, a process, a workflow. */
export interface Item {
  readonly id: string;
  /** In plain words: its workflow, its node, since when. */
  readonly text: string;
}

export interface Report {
  readonly isHealthy: boolean;
  readonly findings: readonly Finding[];
}

/** One line for each finding, with `!` before a problem and `-` before the rest, then its examples, and a verdict. */
export function formatReport({ isHealthy, findings }: Report): string {
  const lines = findings.flatMap(({ isProblem, summary, items = [] }) => [
    `${isProblem ? '!' : '-'} ${summary}`,
    ...items.map(({ id, text }) => `    ${id}  ${text}`),
  ]);
  const problems = findings.filter(({ isProblem }) => isProblem).length;
  const verdict = isHealthy
    ? 'Nothing is stuck.'
    : `${problems} ${problems === 1 ? 'thing needs' : 'things need'} attention (!).`;
  return [...lines, '', verdict].join('\n');
}

/** `3 executions`, `1 execution`, `2 processes`. */
export function plural(count: number, noun: string): string {
  const ending = noun.endsWith('s') ? 'es' : 's';
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : ending}`;
}

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** `3 days`, `1 minute`; the largest unit that fits. */
export function describeAge(ms: number): string {
  const [name, size] = UNITS.find((unit) => ms >= unit[1]) ?? ['second', 1_000];
  return plural(Math.max(0, Math.floor(ms / size)), name);
}

/** `1.5 GB`. */
export function describeBytes(bytes: number): string {
  const exponent = bytes < 1_000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1_000 ** exponent).toFixed(exponent === 0 ? 0 : 1)} ${['bytes', 'kB', 'MB', 'GB', 'TB'][exponent]}`;
}
