// One call of a trigger URL, from the network or from inside: the checks in the order of the README's table, then the engine.

import type { TriggerThrottle } from '../access/throttle/trigger-throttle.ts';
import { type CompiledWorkflow, isHttpTrigger } from '../engine/compile.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecutionWithJobs } from '../engine/model.ts';
import type { HttpTrigger, RequestHead } from '../engine/plugin.ts';
import { toStoredRequest } from '../engine/stored-request.ts';
import { HooklineError } from '../errors.ts';
import { decodeText } from './request-body.ts';

export interface TriggerCallOptions {
  readonly engine: Pick<Engine, 'accept'>;
  /** Upper bound in bytes for the limit of any workflow. */
  readonly maxBodyBytes: number;
  /** Slows down who guesses credentials. */
  readonly throttle: TriggerThrottle;
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

export function createTriggerCall({ engine, maxBodyBytes, throttle }: TriggerCallOptions): CallTrigger {
  return async (target, head, readBody) => {
    if (!target?.workflow.enabled || !isHttpTrigger(target.trigger)) {
      throw new HooklineError('hook_not_found', 'There is no enabled workflow behind this URL.');
    }
    const { trigger } = target;
    if (head.method !== 'POST') {
      throw new HooklineError('method_not_allowed', 'A trigger URL takes POST requests only.', { headers: { Allow: 'POST' } });
    }
    const admitted = admit(trigger, target.workflow.id, head, throttle);
    if (admitted !== undefined) await admitted;
    const rawBody = await readBody(Math.min(trigger.maxBodyBytes, maxBodyBytes));
    trigger.verify?.({ ...head, rawBody });
    const type = head.headers['content-type'];
    return engine.accept(target, toStoredRequest(head, decodeText(rawBody, typeof type === 'string' ? type : undefined)));
  };
}

/**
 * Most calls are let in at once; only wrong credentials, and right ones from a place where others guess, take a moment.
 * @throws HooklineError (also the promise) what the trigger refuses it with, or `too_many_requests`
 */
function admit(
  trigger: HttpTrigger,
  workflowId: string,
  head: RequestHead,
  throttle: TriggerThrottle,
): Promise<void> | undefined {
  if (trigger.checksCredentials !== true) {
    trigger.admit?.(head);
    return undefined;
  }
  const { authorization } = head.headers;
  // A test call from inside has no address; all of them are one place.
  const caller = { workflowId, address: head.address, authorization: typeof authorization === 'string' ? authorization : '' };
  try {
    trigger.admit?.(head);
  } catch (error) {
    if (!(error instanceof HooklineError) || error.code !== 'unauthorized') throw error;
    return throttle.refuse(caller).then(() => {
      throw error;
    });
  }
  return throttle.admit(caller);
}
