// Runs scripts in QuickJS, compiled to WebAssembly: the language alone, without any input or output.

import {
  newQuickJSWASMModule,
  type QuickJSContext,
  type QuickJSHandle,
  type QuickJSRuntime,
  type QuickJSWASMModule,
  RELEASE_SYNC,
} from 'quickjs-emscripten';
import { MAX_VALUE_SIZE } from '../engine/json-value.ts';
import { createScriptConsole } from './script-console.ts';
import { SCRIPT_PRELUDE } from './script-prelude.ts';
import type { Outcome, ScriptTask } from './task.ts';

/** More, and the stack of the process that runs QuickJS overflows before that of the script. */
const MAX_STACK_BYTES = 128 * 1024;

/** Jobs of promises between two looks at the clock. */
const JOBS_AT_ONCE = 100;

/** QuickJS is kept for the next script only when this one could not take more than this. */
const MAX_KEPT_BYTES = 64 * 1024 * 1024;

const FILE_NAME = 'script';
const WRAPPER = 'async function () {';
/** Lines that the wrapper puts in front of the script's own. */
const WRAPPER_LINES = 1;

type Fault = Extract<Outcome, { ok: false }>;

/** An end that is not the script's own error. */
class ScriptStop extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

/** The state of one script. */
interface Session {
  readonly context: QuickJSContext;
  readonly runtime: QuickJSRuntime;
  readonly limits: { readonly timeoutMs: number; readonly maxMemoryBytes: number };
  readonly code: string;
  isLate(): boolean;
  /** Notes what must be freed at the end, for QuickJS to be fit for the next script. */
  keep(handle: QuickJSHandle): QuickJSHandle;
}

type ScriptLimits = Pick<ScriptTask, 'timeoutMs' | 'maxMemoryBytes'>;

/** For looking at the syntax. */
const CHECK_LIMITS: ScriptLimits = { timeoutMs: 1_000, maxMemoryBytes: 64 * 1024 * 1024 };

export interface ScriptSandbox {
  /** The value of a success is a `ScriptOutput`. */
  run(task: ScriptTask): Promise<Outcome>;
  /** Only looks at the syntax. */
  check(code: string): Promise<Outcome>;
}

/** Makes the sandbox. Each script has a context of its own; one that ended badly takes its whole QuickJS with it. */
export async function createScriptSandbox(): Promise<ScriptSandbox> {
  let module: QuickJSWASMModule | undefined = await newQuickJSWASMModule(RELEASE_SYNC);

  async function withSession(code: string, limits: ScriptLimits, use: (session: Session) => Outcome): Promise<Outcome> {
    const current = module ?? (await newQuickJSWASMModule(RELEASE_SYNC));
    // Kept for the next script only when this one has left nothing behind.
    module = undefined;
    const runtime = current.newRuntime();
    runtime.setMemoryLimit(limits.maxMemoryBytes);
    runtime.setMaxStackSize(MAX_STACK_BYTES);
    const deadline = performance.now() + limits.timeoutMs;
    let isLate = false;
    runtime.setInterruptHandler(() => {
      isLate ||= performance.now() > deadline;
      return isLate;
    });
    const kept: { dispose(): void }[] = [runtime];
    const keep = (handle: QuickJSHandle) => {
      kept.push(handle);
      return handle;
    };
    try {
      const context = runtime.newContext();
      kept.push(context);
      const outcome = use({ context, runtime, limits, code, keep, isLate: () => isLate || performance.now() > deadline });
      for (const handle of kept.reverse()) handle.dispose();
      // The memory of WebAssembly never shrinks.
      if (limits.maxMemoryBytes <= MAX_KEPT_BYTES) module = current;
      return outcome;
    } catch (error) {
      return isLate ? tooLong(limits) : faultOf(error, limits);
    }
  }

  return {
    check: (code) =>
      withSession(code, CHECK_LIMITS, (session) => {
        compile(session);
        return { ok: true, value: null };
      }),

    run: (task) => {
      const output = createScriptConsole();
      return withSession(task.code, task, (session) => {
        const tools = prepare(session, task, (text) => output.write(text));
        const main = compile(session, tools);
        const json = readResult(session, tools, settle(session, tools, call(session, tools, main, [])));
        return { ok: true, value: { json, console: [...output.lines] } };
      }).then((outcome) =>
        outcome.ok || output.lines.length === 0
          ? outcome
          : { ...outcome, details: { ...(outcome.details as object | undefined), console: [...output.lines] } },
      );
    },
  };
}

/** Runs the prelude and defines the arguments. @returns the prelude's tools */
function prepare(session: Session, task: ScriptTask, write: (text: string) => boolean): QuickJSHandle {
  const { context, keep } = session;
  const make = unwrap(session, context.evalCode(SCRIPT_PRELUDE, 'sandbox'));
  const answer = (text: QuickJSHandle) => (write(context.getString(text)) ? context.true : context.false);
  const writer = keep(context.newFunction('write', answer));
  const size = keep(context.newNumber(MAX_VALUE_SIZE));
  const tools = unwrap(session, context.callFunction(make, context.undefined, writer, size));
  for (const { name, json } of task.arguments) {
    const define = keep(context.getProp(tools, 'define'));
    call(session, tools, define, [keep(context.newString(name)), keep(context.newString(json))]);
  }
  return tools;
}

/** Makes a function of the script. @throws ScriptStop when its syntax is wrong */
function compile(session: Session, tools?: QuickJSHandle): QuickJSHandle {
  const { context, code } = session;
  const wrapped = `${WRAPPER}\n${code}\n}`;
  const main = unwrap(session, context.evalCode(`(${wrapped})`, FILE_NAME, { strict: true }), tools);
  // Code that closes the function's brace would otherwise go on outside it.
  const text = unwrap(session, context.callFunction(functionText(session), main));
  if (context.typeof(main) === 'function' && context.getString(text) === wrapped) return main;
  throw new ScriptStop({ ok: false, code: 'script_failed', message: 'SyntaxError: there is a } without its {' });
}

function functionText(session: Session): QuickJSHandle {
  return unwrap(session, session.context.evalCode('(function () { return Function.prototype.toString.call(this); })', 'sandbox'));
}

function call(session: Session, tools: QuickJSHandle, fn: QuickJSHandle, args: QuickJSHandle[]): QuickJSHandle {
  return unwrap(session, session.context.callFunction(fn, session.context.undefined, ...args), tools);
}

/** Runs what the script awaits until its promise is settled. */
function settle(session: Session, tools: QuickJSHandle, promise: QuickJSHandle): QuickJSHandle {
  const { context, runtime } = session;
  for (;;) {
    if (session.isLate()) throw new ScriptStop(tooLong(session.limits));
    const state = context.getPromiseState(promise);
    if (state.type === 'fulfilled') return session.keep(state.value);
    if (state.type === 'rejected') throw new ScriptStop(describe(session, state.error, tools));
    if (!runtime.hasPendingJob()) {
      throw new ScriptStop({
        ok: false,
        code: 'script_failed',
        message: 'The script awaits a promise that nothing settles: there are no timers and no requests in a script',
      });
    }
    // An error of a job is that of a promise nobody looks at, or the deadline, which is looked at above.
    const ran = runtime.executePendingJobs(JOBS_AT_ONCE);
    if (ran.error) ran.error.dispose();
  }
}

function readResult(session: Session, tools: QuickJSHandle, value: QuickJSHandle): string {
  const { context } = session;
  const text = context.getString(call(session, tools, session.keep(context.getProp(tools, 'toJson')), [value]));
  if (text.startsWith('+')) return text.slice(1);
  throw new ScriptStop({ ok: false, code: 'script_failed', message: `The script's result cannot be used: ${text.slice(1)}` });
}

/** A value, or the end of the script. */
function unwrap(session: Session, result: ReturnType<QuickJSContext['evalCode']>, tools?: QuickJSHandle): QuickJSHandle {
  if (!result.error) return session.keep(result.value);
  if (session.isLate()) throw new ScriptStop(tooLong(session.limits));
  throw new ScriptStop(describe(session, result.error, tools));
}

/** What a script threw, with its place in the script. */
function describe(session: Session, error: QuickJSHandle, tools: QuickJSHandle | undefined): Fault {
  const { context, runtime, limits } = session;
  if (session.isLate()) return tooLong(limits);
  const used = runtime.computeMemoryUsage();
  const bytes = context.getNumber(context.getProp(used, 'memory_used_size'));
  // Without memory there is none for an error either: then null is thrown.
  if (context.typeof(error) !== 'object' && bytes > limits.maxMemoryBytes / 2) return tooMuch(limits);
  if (context.eq(error, context.null) && bytes > limits.maxMemoryBytes / 2) return tooMuch(limits);
  // The description needs a little, too.
  runtime.setMemoryLimit(-1);
  let found: { name: string; message: string; stack: string };
  if (tools === undefined) {
    const read = (name: string) => context.getString(context.getProp(error, name));
    found = { name: read('name'), message: read('message'), stack: read('stack') };
  } else {
    const text = context.callFunction(context.getProp(tools, 'describe'), context.undefined, error);
    if (text.error) {
      const message = session.isLate() ? undefined : 'The script threw something that cannot be shown';
      return message === undefined ? tooLong(limits) : { ok: false, code: 'script_failed', message };
    }
    found = JSON.parse(context.getString(text.value));
  }
  const { name, message, stack } = found;
  if (name === 'InternalError' && /out of memory|too long/.test(message)) return tooMuch(limits);
  const place = placeIn(stack, session.code);
  const what =
    message === 'stack overflow'
      ? 'RangeError: the script calls itself too deep, or its code or data is nested too deep'
      : name === ''
        ? `The script threw ${message}`
        : `${name}: ${message}`;
  return {
    ok: false,
    code: 'script_failed',
    message: place === undefined ? what : `${what} (line ${place.line}:${place.column})`,
    details: { ...(name === '' ? {} : { name }), ...place },
  };
}

/** The first place of a stack that is in the script itself. Both count from 1. */
function placeIn(stack: string, code: string): { line: number; column: number } | undefined {
  const lines = code.split('\n');
  for (const [, line, column] of stack.matchAll(/\bscript:(\d+):(\d+)/g)) {
    const own = Number(line) - WRAPPER_LINES;
    if (own < 1) continue;
    // Something that is missing at the end is found out behind it.
    if (own > lines.length) return { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
    return { line: own, column: Number(column) };
  }
  return undefined;
}

/** What QuickJS itself, or the process around it, could not go on with. */
function faultOf(error: unknown, limits: ScriptLimits): Fault {
  if (error instanceof ScriptStop) return error.fault;
  if (error instanceof RangeError && error.message.includes('call stack')) {
    return {
      ok: false,
      code: 'script_failed',
      message: 'RangeError: the script calls itself too deep, or its code or data is nested too deep',
    };
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (/memory/i.test(reason)) return tooMuch(limits);
  return { ok: false, code: 'script_failed', message: `The script could not be run: ${reason.slice(0, 500)}` };
}

function tooLong({ timeoutMs }: ScriptLimits): Fault {
  return { ok: false, code: 'script_limit', message: `The script took longer than ${timeoutMs} ms and was stopped` };
}

function tooMuch({ maxMemoryBytes }: ScriptLimits): Fault {
  const megabytes = Math.round((maxMemoryBytes / 1024 / 1024) * 10) / 10;
  return { ok: false, code: 'script_limit', message: `The script needed more than ${megabytes} MB of memory and was stopped` };
}
