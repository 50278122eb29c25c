// The entry of a process that evaluates expressions, one at a time.

import { createBoundedCache } from '../engine/bounded-cache.ts';
import { HooklineError } from '../errors.ts';
import type { CompiledExpression, Language } from './languages/language.ts';
import { lockDown } from './lockdown.ts';
import { toPlain } from './plain.ts';
import type { ScriptSandbox } from './script.ts';
import type { ExpressionTask, NumberedTask, Outcome, PreloadTask, WorkerEngine, WorkerMessage } from './task.ts';

/** Longest message that leaves the process: some libraries quote the whole value. */
const MAX_MESSAGE_LENGTH = 500;

// Each language is loaded by its first expression: Math.js alone takes half a second and 80 MB.
const LOADERS: Record<WorkerEngine, () => Promise<{ readonly language: Language }>> = {
  jsonata: () => import('./languages/jsonata.ts'),
  mathjs: () => import('./languages/mathjs.ts'),
  formula: () => import('./languages/formula.ts'),
  jsonpath: () => import('./languages/jsonpath.ts'),
  jmespath: () => import('./languages/jmespath.ts'),
  'json-schema': () => import('./languages/json-schema.ts'),
};

type Compile = (expression: string, names: readonly string[]) => CompiledExpression;

const sendToServer = lockDown();

const loaded = new Map<WorkerEngine, Promise<Compile>>();

function load(engine: WorkerEngine): Promise<Compile> {
  let compile = loaded.get(engine);
  if (compile === undefined) {
    compile = LOADERS[engine]().then(({ language }) => {
      send({ loaded: engine });
      return cached(language);
    });
    loaded.set(engine, compile);
  }
  return compile;
}

function cached(language: Language): Compile {
  const cache = createBoundedCache(200, (key) => {
    const [names = '', ...lines] = key.split('\n');
    return language.compile(lines.join('\n'), names === '' ? [] : names.split(','));
  });
  return (expression, names) => cache.get(`${names.join(',')}\n${expression}`);
}

let sandbox: Promise<ScriptSandbox> | undefined;

/** QuickJS is loaded by the first script. */
function loadSandbox(): Promise<ScriptSandbox> {
  sandbox ??= import('./script.ts').then(async ({ createScriptSandbox }) => {
    const made = await createScriptSandbox();
    send({ loaded: 'script' });
    return made;
  });
  return sandbox;
}

/** A language that cannot be loaded says so to the first task that needs it. */
async function preload({ languages }: PreloadTask): Promise<void> {
  await Promise.allSettled(languages.map((language) => (language === 'script' ? loadSandbox() : load(language))));
}

async function runTask(task: NumberedTask): Promise<Outcome> {
  if (task.kind !== 'script' && task.kind !== 'check-script') return runExpression(task);
  const { run, check } = await loadSandbox();
  send({ started: task.id });
  return task.kind === 'script' ? run(task) : check(task.code);
}

/** Evaluates or checks one expression. */
async function runExpression(task: ExpressionTask & { readonly id: number }): Promise<Outcome> {
  const compile = await load(task.engine);
  send({ started: task.id });
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

function send(message: WorkerMessage): void {
  sendToServer(message);
}

function ignore(): void {}

process.on('message', (task: NumberedTask | PreloadTask) => {
  if (task.kind === 'preload') {
    void preload(task);
    return;
  }
  runTask(task).then(
    (outcome) => send({ id: task.id, outcome }),
    // A language that cannot be loaded.
    (error: unknown) => send({ id: task.id, outcome: { ok: false, code: 'expression_failed', message: messageOf(error) } }),
  );
});
process.on('disconnect', () => process.exit());
// Ctrl-C and service managers signal the whole group; the server ends this process when its executions are done.
process.on('SIGINT', ignore);
process.on('SIGTERM', ignore);
// A promise that an expression left behind must not end the process under the next one: whoever awaits it has its error.
process.on('unhandledRejection', ignore);
