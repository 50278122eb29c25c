// Evaluates expressions: the engine's port, over processes that cannot hold the server up.

import { createBoundedCache } from '../engine/bounded-cache.ts';
import { isTooLarge, MAX_VALUE_SIZE } from '../engine/json-value.ts';
import type { ExpressionEngine } from '../engine/plugin.ts';
import type { ExpressionEvaluator } from '../engine/ports.ts';
import { argumentNameFault } from '../engine/script-names.ts';
import { compileTemplate } from '../engine/template.ts';
import { HooklineError } from '../errors.ts';
import { createGuard } from './guard.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { type PreparedExpression, prepareExpression } from './prepare.ts';
import type { ScriptOutput, WorkerEngine } from './task.ts';

/** Prepared expressions kept for each language. */
const MAX_PREPARED = 1000;

/**
 * Makes the evaluator. It starts processes with the first expression and not before; `template` needs none. What a language
 * gives is returned as plain JSON, missing as null.
 */
export function createEvaluator(options: PoolOptions): ExpressionEvaluator {
  const guard = createGuard();
  const pool = createPool(options, guard);
  // Processes of their own: a script may take a minute, and expressions do not wait for one.
  const scriptPool = createPool(options, guard);
  const templates = createBoundedCache(MAX_PREPARED, (text) => compileTemplate(text));
  const prepared: Record<WorkerEngine, { get(text: string): PreparedExpression }> = {
    jsonata: preparedFor('jsonata'),
    mathjs: preparedFor('mathjs'),
    formula: preparedFor('formula'),
    jsonpath: preparedFor('jsonpath'),
    jmespath: preparedFor('jmespath'),
    'json-schema': preparedFor('json-schema'),
  };

  return {
    async check(engine, expression) {
      try {
        if (engine === 'template') {
          templates.get(expression);
          return undefined;
        }
        const { expression: text, names } = prepared[engine].get(expression);
        const task = { kind: 'check', engine, expression: text, names, values: [], variables: {}, input: null } as const;
        const outcome = await pool.run(task);
        return outcome.ok ? undefined : outcome.message;
      } catch (error) {
        if (error instanceof HooklineError && error.code !== 'shutting_down') return error.message;
        throw error;
      }
    },

    async evaluate(engine, expression, scope, { source, hasSource, signal }) {
      if (engine === 'template') return templates.get(expression).render(scope) ?? null;
      const { expression: text, names, read } = prepared[engine].get(expression);
      const inputs = read(scope, { source, hasSource });
      if (isTooLarge(inputs)) {
        throw new HooklineError(
          'expression_failed',
          `The values for the expression are larger than ${MAX_VALUE_SIZE} characters`,
        );
      }
      const outcome = await pool.run({ kind: 'evaluate', engine, expression: text, names, ...inputs }, signal);
      if (outcome.ok) return outcome.value;
      throw new HooklineError('expression_failed', `${describe(engine)}: ${outcome.message}`);
    },

    async checkScript(code) {
      // With the expressions, since saving a workflow does not wait for scripts that run.
      const outcome = await pool.run({ kind: 'check-script', code });
      return outcome.ok ? undefined : outcome.message;
    },

    async runScript(code, { arguments: values, timeoutMs, maxMemoryBytes, signal }) {
      const entries = Object.entries(values).map(([name, value]) => {
        const fault = argumentNameFault(name);
        if (fault !== undefined)
          throw new HooklineError('script_failed', `The argument ${JSON.stringify(name)} ${fault.message}`);
        return { name, json: toJson(name, value) };
      });
      if (isTooLarge(entries)) {
        throw new HooklineError('script_failed', `The script's arguments are larger than ${MAX_VALUE_SIZE} characters`);
      }
      const outcome = await scriptPool.run({ kind: 'script', code, arguments: entries, timeoutMs, maxMemoryBytes }, signal);
      if (!outcome.ok) throw new HooklineError(outcome.code, outcome.message, { details: outcome.details });
      const { json, console } = outcome.value as ScriptOutput;
      return { value: JSON.parse(json), console };
    },

    async close() {
      await Promise.all([pool.close(), scriptPool.close()]);
    },
  };
}

function preparedFor(engine: WorkerEngine) {
  return createBoundedCache(MAX_PREPARED, (text) => prepareExpression(engine, text));
}

function toJson(name: string, value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null';
  } catch (error) {
    throw new HooklineError('script_failed', `The argument ${name} is not JSON`, { cause: error });
  }
}

function describe(engine: ExpressionEngine): string {
  return `The ${engine} expression failed`;
}
