// What an actor may see of capabilities: one filter for everything that the admin API answers, whichever route it comes from.

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Actor } from '../access/model.ts';
import { type ConcealedKinds, concealCapabilities, concealLongText } from '../engine/capabilities.ts';
import type { HookKeyDirectory } from '../engine/hook-key-directory.ts';
import { ERROR_CATALOGUE, HooklineError } from '../errors.ts';
import { EventStream, type StreamEvent } from './route.ts';

/** Whether an actor sees hook keys, which let anybody start a workflow. */
export function maySeeHookKeys(actor: Actor | null): boolean {
  return actor?.permissions.has('workflows:write') === true;
}

/** Whether an actor sees resume URLs, which let anybody end a wait. */
export function maySeeResumeUrls(actor: Actor | null): boolean {
  return actor?.permissions.has('executions:write') === true;
}

/** Replaces what its actor may not see. */
export interface Reveal {
  /** A reply, as JSON. @throws HooklineError `storage_unavailable` */
  json(json: string): Promise<string>;
  /** An error as its actor may read it. */
  error(error: unknown): Promise<unknown>;
  stream(stream: EventStream): EventStream;
  /** Replaces in short texts, as things are now. */
  texts(): Promise<(text: string) => string>;
}

/** @returns undefined for who may see everything: then there is nothing to do */
export type RevealFor = (actor: Actor | null) => Reveal | undefined;

export function createRevealFor(hookKeys: HookKeyDirectory): RevealFor {
  return (actor) => {
    const hidesKeys = !maySeeHookKeys(actor);
    const resumeTokens = !maySeeResumeUrls(actor);
    if (!hidesKeys && !resumeTokens) return undefined;
    const kinds = async (): Promise<ConcealedKinds> => ({
      hookKeys: hidesKeys ? await hookKeys.current() : undefined,
      resumeTokens,
    });
    const json = async (text: string): Promise<string> => concealLongText(text, await kinds(), nextTurn);
    return {
      json,

      async error(error) {
        // Of others only a general sentence is told.
        if (!(error instanceof HooklineError) || !ERROR_CATALOGUE[error.code].exposed) return error;
        // Our own words, and there is nobody to ask for keys.
        if (error.code === 'storage_unavailable') return error;
        const { code, message, details, headers, text, cause } = error;
        const shown = JSON.parse(await json(JSON.stringify({ message, details })));
        return new HooklineError(code, shown.message, { details: shown.details, headers, text, cause });
      },

      stream: ({ open }) => new EventStream((signal) => revealEach(open(signal), json)),

      async texts() {
        const now = await kinds();
        return (text) => concealCapabilities(text, now);
      },
    };
  };
}

async function* revealEach(
  events: AsyncIterable<StreamEvent>,
  json: (text: string) => Promise<string>,
): AsyncGenerator<StreamEvent> {
  for await (const { data, ...event } of events) yield { ...event, data: JSON.parse(await json(JSON.stringify(data))) };
}
