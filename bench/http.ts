// The section "http": Hookline against an empty Koa app and a bare HTTP server, and its memory under a backlog.

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startBaseline, startHookline, type Target } from './targets.ts';

export interface HttpOptions {
  readonly rounds: number;
  readonly secondsPerRound: number;
  readonly connections: number;
}

export interface HttpResult {
  readonly name: string;
  readonly perSecond: number;
  readonly ratioToKoa: number;
  /** The ratio that the project aims for. */
  readonly goal: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly peakMemoryMb: number;
  /** To the first answer. */
  readonly startMs: number;
}

export interface HttpMeasured {
  readonly results: HttpResult[];
  /** Memory while what is accepted piles up. */
  readonly backlog: { accepted: number; memoryMb: number }[];
}

interface Round {
  rate: number;
  p50: number;
  p99: number;
  peakMemoryMb: number;
  startMs: number;
}

interface Load {
  answered: number;
  wrong: number;
  seconds: number;
  p50: number;
  p99: number;
}

const KOA = 'B Koa + router + bodyparser';
const SUBJECTS: readonly { readonly name: string; readonly start: () => Promise<Target & { startMs?: number }> }[] = [
  { name: 'A node:http', start: () => startBaseline('http') },
  { name: KOA, start: () => startBaseline('koa') },
  { name: 'C sync, normal', start: () => startHookline('sync', 'normal') },
  { name: 'C sync, full', start: () => startHookline('sync', 'full') },
  { name: 'D async, normal', start: () => startHookline('async', 'normal') },
  { name: 'D async, full', start: () => startHookline('async', 'full') },
];
/** Shares of B that the project aims for. */
const GOALS: Readonly<Record<string, number>> = {
  'C sync, normal': 1.2,
  'C sync, full': 1,
  'D async, normal': 0.8,
  'D async, full': 0.8,
};
const BACKLOG_STEPS = 4;

export async function measureHttp(options: HttpOptions): Promise<HttpMeasured> {
  const rounds = new Map<string, Round[]>(SUBJECTS.map(({ name }) => [name, []]));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const { name, start } of SUBJECTS) {
      const result = await measure(start, options);
      rounds.get(name)?.push(result);
      console.error(`round ${round}  ${name.padEnd(28)} ${Math.round(result.rate)}/s`);
    }
  }
  const base = median((rounds.get(KOA) ?? []).map(({ rate }) => rate));
  const results = SUBJECTS.map(({ name }) => {
    const measured = rounds.get(name) ?? [];
    const of = (pick: (round: Round) => number): number => median(measured.map(pick));
    const rate = of((round) => round.rate);
    return {
      name,
      perSecond: Math.round(rate),
      ratioToKoa: Number((rate / base).toFixed(2)),
      goal: GOALS[name] ?? null,
      p50Ms: Number(of((round) => round.p50).toFixed(2)),
      p99Ms: Number(of((round) => round.p99).toFixed(2)),
      peakMemoryMb: Math.round(Math.max(...measured.map((round) => round.peakMemoryMb))),
      startMs: Math.round(of((round) => round.startMs)),
    };
  });
  return { results, backlog: await measureBacklog(options) };
}

async function measure(start: () => Promise<Target & { startMs?: number }>, options: HttpOptions): Promise<Round> {
  const target = await start();
  try {
    // A short run first: the compilers of both sides warm up outside the measurement.
    const warm = await load(target, 1, options);
    const startedAt = performance.now();
    const result = await load(target, options.secondsPerRound, options);
    const answered = warm.answered + result.answered;
    const { stored, peakMemoryMb } = await target.settle(answered);
    const seconds = target.kind === 'async' ? (performance.now() - startedAt) / 1000 : result.seconds;
    if (result.wrong + warm.wrong > 0) throw new Error(`${result.wrong + warm.wrong} wrong answers`);
    if (stored !== answered) throw new Error(`${answered} answers, but ${stored} executions stored`);
    return { rate: result.answered / seconds, p50: result.p50, p99: result.p99, peakMemoryMb, startMs: target.startMs ?? 0 };
  } finally {
    await target.stop();
  }
}

async function load(target: Target, seconds: number, { connections }: HttpOptions): Promise<Load> {
  const script = fileURLToPath(new URL('load.ts', import.meta.url));
  const args = ['--import', 'tsx', script, String(target.port), target.path, String(seconds), String(connections), target.kind];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Load;
}

/** Memory while what is accepted piles up in storage, since it comes much faster than it is executed. */
async function measureBacklog(options: HttpOptions): Promise<HttpMeasured['backlog']> {
  const target = await startHookline('backlog', 'normal');
  try {
    const points: { accepted: number; memoryMb: number }[] = [];
    let accepted = 0;
    for (let step = 0; step < BACKLOG_STEPS; step += 1) {
      accepted += (await load(target, options.secondsPerRound, options)).answered;
      points.push({ accepted, memoryMb: Math.round(target.memoryMb()) });
      console.error(`backlog  ${accepted} accepted  ${points.at(-1)?.memoryMb} MB`);
    }
    return points;
  } finally {
    await target.stop();
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
