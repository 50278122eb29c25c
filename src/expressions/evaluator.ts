// Evaluates expressions: the engine's port, over processes that cannot hold the server up.

import { createBoundedCache } from '../engine/bounded-cache.ts';
import { isTooLarge, MAX_VALUE_SIZE } from '../engine/json-value.ts';
import type { ExpressionEngine } from '../engine/plugin.ts';
import type { ExpressionEvaluator } from '../engine/ports.ts';
import { compileTemplate } from '../engine/template.ts';
import { HooklineError } from '../errors.ts';
import { createPool, type PoolOptions } from './pool.ts';
import { type PreparedExpression, prepareExpression } from './prepare.ts';
import type { WorkerEngine } from './task.ts';

/** Prepared expressions kept for each language. */
const MAX_PREPARED = 1000;

/**
 * Makes the evaluator. It starts processes with the first expression and not before; `template` needs none. What a language
 * gives is returned as plain JSON, missing as null.
 */
export function createEvaluator(options: PoolOptions): ExpressionEvaluator {
  const pool = createPool(options);
  const templates = createBoundedCache(MAX_PREPARED, (text) => compileTemplate(text));
  const prepared: Record<WorkerEngine, { get(text: string): PreparedExpression }> = {
    jsonata: preparedFor('jsonata'),
    mathjs: preparedFor('mathjs'),
    formula: preparedFor('formula'),
    jsonpath: preparedFor('jsonpath'),
    jmespath: preparedFor('jmespath'),
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

    close: () => pool.close(),
  };
}

function preparedFor(engine: WorkerEngine) {
  return createBoundedCache(MAX_PREPARED, (text) => prepareExpression(engine, text));
}

function describe(engine: ExpressionEngine): string {
  return `The ${engine} expression failed`;
}
