// What the server and the processes that evaluate expressions say to each other. Everything here is structured-cloned.

import type { ExpressionEngine } from '../engine/plugin.ts';

/** The languages that run in a process of their own; `template` needs none. */
export type WorkerEngine = Exclude<ExpressionEngine, 'template'>;

export interface Inputs {
  /** Values of the templates in the expression, in the order of `names`. */
  readonly values: readonly unknown[];
  /** The variables that the expression names, such as `$context`. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** The document that JSONata, JSONPath and JMESPath query. */
  readonly input: unknown;
}

export interface ExpressionTask extends Inputs {
  readonly kind: 'check' | 'evaluate';
  readonly engine: WorkerEngine;
  /** The expression's text, its templates replaced by `names`. */
  readonly expression: string;
  readonly names: readonly string[];
}

export interface ScriptTask {
  readonly kind: 'script';
  /** Body of an async function. */
  readonly code: string;
  /** Global constants; their values as JSON. */
  readonly arguments: readonly { readonly name: string; readonly json: string }[];
  readonly timeoutMs: number;
  readonly maxMemoryBytes: number;
}

export interface ScriptCheckTask {
  readonly kind: 'check-script';
  readonly code: string;
}

export type Task = ExpressionTask | ScriptTask | ScriptCheckTask;

/** What a process loads before it can do a task: a language, or QuickJS for scripts. */
export type Loadable = WorkerEngine | 'script';

/** Loads what tasks to come will need; nothing is answered but `loaded`. */
export interface PreloadTask {
  readonly kind: 'preload';
  readonly languages: readonly Loadable[];
}

/** A task on its way to a process. */
export type NumberedTask = Task & { readonly id: number };

export function languageOf(task: Task): Loadable {
  return 'engine' in task ? task.engine : 'script';
}

/** What a process answers. `message` is for the designer. The value of a script is a `ScriptOutput`. */
export type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly code: 'invalid_expression' | 'expression_failed' | 'script_failed' | 'script_limit';
      readonly message: string;
      readonly details?: unknown;
    };

/** What a script that came to its end leaves. */
export interface ScriptOutput {
  /** The value as JSON text, so that the process does not build what only the server needs. */
  readonly json: string;
  readonly console: readonly string[];
}

export type WorkerMessage =
  /** A task's language is loaded: from here on its time counts. */
  | { readonly started: number }
  /** Once for each language and process. */
  | { readonly loaded: Loadable }
  | { readonly id: number; readonly outcome: Outcome };
