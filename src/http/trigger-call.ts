// One call of a trigger URL, from the network or from inside: the checks in the order of the README's table, then the engine.

import { type CompiledWorkflow, isHttpTrigger } from '../engine/compile.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecutionWithJobs } from '../engine/model.ts';
import type { RequestHead } from '../engine/plugin.ts';
import { toStoredRequest } from '../engine/stored-request.ts';
import { HooklineError } from '../errors.ts';
import { decodeText } from './request-body.ts';

export interface TriggerCallOptions {
  readonly engine: Pick<Engine, 'accept'>;
  /** Upper bound in bytes for the limit of any workflow. */
  readonly maxBodyBytes: number;
}

/**
 * Resolves when the reply may be sent. `readBody` is called behind the checks that need no body.
 * @throws HooklineError what the call is refused with
 */
export type CallTrigger = (
  target: CompiledWorkflow | undefined,
  head: RequestHead,
  readBody: (maxBytes: number) => Buffer | Promise<Buffer>,
) => Promise<ExecutionWithJobs>;

export function createTriggerCall({ engine, maxBodyBytes }: TriggerCallOptions): CallTrigger {
  return async (target, head, readBody) => {
    if (!target?.workflow.enabled || !isHttpTrigger(target.trigger)) {
      throw new HooklineError('hook_not_found', 'There is no enabled workflow behind this URL.');
    }
    const { trigger } = target;
    if (head.method !== 'POST') {
      throw new HooklineError('method_not_allowed', 'A trigger URL takes POST requests only.', { headers: { Allow: 'POST' } });
    }
    trigger.admit?.(head);
    const rawBody = await readBody(Math.min(trigger.maxBodyBytes, maxBodyBytes));
    trigger.verify?.({ ...head, rawBody });
    const type = head.headers['content-type'];
    return engine.accept(target, toStoredRequest(head, decodeText(rawBody, typeof type === 'string' ? type : undefined)));
  };
}
