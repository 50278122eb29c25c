// The entry of a thread that evaluates expressions, one at a time.

import { parentPort, workerData } from 'node:worker_threads';
import { createBoundedCache } from '../engine/bounded-cache.ts';
import { HooklineError } from '../errors.ts';
import type { CompiledExpression, Language } from './languages/language.ts';
import { toPlain } from './plain.ts';
import type { NumberedTask, Outcome, StartedMessage, ThreadEngine } from './task.ts';

/** Longest message that leaves the thread: some libraries quote the whole value. */
const MAX_MESSAGE_LENGTH = 500;

// Each language is loaded by its first expression: Math.js alone takes half a second and 80 MB.
const LOADERS: Record<ThreadEngine, () => Promise<{ readonly language: Language }>> = {
  jsonata: () => import('./languages/jsonata.ts'),
  mathjs: () => import('./languages/mathjs.ts'),
  formula: () => import('./languages/formula.ts'),
  jsonpath: () => import('./languages/jsonpath.ts'),
  jmespath: () => import('./languages/jmespath.ts'),
};

type Compile = (expression: string, names: readonly string[]) => CompiledExpression;

const loaded = new Map<ThreadEngine, Promise<Compile>>();

function load(engine: ThreadEngine): Promise<Compile> {
  let compile = loaded.get(engine);
  if (compile === undefined) {
    compile = registerSourceLoader()
      .then(() => LOADERS[engine]())
      .then(({ language }) => cached(language));
    loaded.set(engine, compile);
  }
  return compile;
}

let sourceLoader: Promise<void> | undefined;

function registerSourceLoader(): Promise<void> {
  sourceLoader ??= register(workerData);
  return sourceLoader;
}

async function register(settings: unknown): Promise<void> {
  if (typeof settings !== 'object' || settings === null || !('sourceLoader' in settings)) return;
  const loader = await import(String(settings.sourceLoader));
  loader.register();
}

function cached(language: Language): Compile {
  const cache = createBoundedCache(200, (key) => {
    const [names = '', ...lines] = key.split('\n');
    return language.compile(lines.join('\n'), names === '' ? [] : names.split(','));
  });
  return (expression, names) => cache.get(`${names.join(',')}\n${expression}`);
}

/** Evaluates or checks one expression; never throws. */
export default async function runTask(task: NumberedTask): Promise<Outcome> {
  const compile = await load(task.engine);
  parentPort?.postMessage({ started: task.id } satisfies StartedMessage);
  let run: CompiledExpression;
  try {
    run = compile(task.expression, task.names);
  } catch (error) {
    return { ok: false, code: 'invalid_expression', message: messageOf(error) };
  }
  if (task.kind === 'check') return { ok: true, value: null };
  try {
    return { ok: true, value: toPlain(await run(task)) };
  } catch (error) {
    return { ok: false, code: 'expression_failed', message: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  if (error instanceof HooklineError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  return message.length > MAX_MESSAGE_LENGTH ? `${message.slice(0, MAX_MESSAGE_LENGTH)}…` : message;
}

/**
 * Makes `f.constructor('…')` useless, which every escape from an expression language has needed. A second lock: the
 * languages do not hand out such properties, and the thread has no environment variables.
 */
function forbidCodeFromText(): void {
  const prototypes = [
    Function.prototype,
    Object.getPrototypeOf(async () => {}),
    Object.getPrototypeOf(function* () {}),
    Object.getPrototypeOf(async function* () {}),
  ];
  for (const prototype of prototypes) {
    Object.defineProperty(prototype, 'constructor', { value: refuseCode, writable: false, configurable: false });
  }
}

function refuseCode(): never {
  throw new Error('Code cannot be made from text here');
}

forbidCodeFromText();

// A promise that an expression left behind must not end the thread under the next one: whoever awaits it has its error.
process.on('unhandledRejection', ignore);
function ignore(): void {}
