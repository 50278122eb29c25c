// Settings of the whole installation that people change while it runs; what they leave alone is as it was configured.

import { EXECUTION_STATUSES, type ExecutionStatus, isFinal } from './model.ts';
import type { Storage } from './ports.ts';

/** Milliseconds since the acceptance; null: for ever. */
type Age = number | null;

/** How long things are kept. */
export interface RetentionPolicy {
  /** Executions, by the status that they ended with; a status that is not named: for ever. */
  readonly executions: Readonly<Partial<Record<ExecutionStatus, Age>>>;
  /** Messages with their deliveries and attempts. */
  readonly messagesMs: Age;
}

/** What is left out stays; `default`: as configured. */
export interface RetentionChange {
  readonly executions?: Readonly<Partial<Record<ExecutionStatus, Age | 'default' | undefined>>> | undefined;
  readonly messagesMs?: Age | 'default' | undefined;
}

/** Each process reads them when it needs them, so a change holds everywhere with the next round of retention. */
export interface InstallationSettings {
  readonly defaults: RetentionPolicy;
  /** @throws HooklineError `storage_unavailable` */
  retention(): Promise<RetentionPolicy>;
  /** @throws HooklineError `storage_unavailable`, also when only a part of it was stored */
  changeRetention(change: RetentionChange): Promise<void>;
  /** Whether owners must have a second factor. Default false. @throws HooklineError `storage_unavailable` */
  isSecondFactorRequired(): Promise<boolean>;
  requireSecondFactor(isRequired: boolean): Promise<void>;
}

const FINAL = EXECUTION_STATUSES.filter(isFinal);
const EXECUTIONS_PREFIX = 'retention:executions:';
const MESSAGES = 'retention:messages';
const SECOND_FACTOR = 'second-factor:owners';

/** @param defaults what the configuration says */
export function createInstallationSettings(
  settings: Pick<Storage['settings'], 'get' | 'set'>,
  defaults: RetentionPolicy,
): InstallationSettings {
  /** One value for each, so that two changes at once do not undo each other. */
  async function read(name: string, configured: Age): Promise<Age> {
    const stored = await settings.get(name);
    return stored === undefined || stored === 'default' ? configured : (JSON.parse(stored) as Age);
  }

  async function write(name: string, value: Age | 'default' | undefined): Promise<void> {
    if (value !== undefined) await settings.set(name, value === 'default' ? value : JSON.stringify(value));
  }

  return {
    defaults,
    async retention() {
      const entries = FINAL.map(async (status): Promise<[ExecutionStatus, Age]> => {
        return [status, await read(EXECUTIONS_PREFIX + status, defaults.executions[status] ?? null)];
      });
      return {
        executions: Object.fromEntries(await Promise.all(entries)),
        messagesMs: await read(MESSAGES, defaults.messagesMs),
      };
    },

    async changeRetention({ executions = {}, messagesMs }) {
      for (const status of FINAL) await write(EXECUTIONS_PREFIX + status, executions[status]);
      await write(MESSAGES, messagesMs);
    },

    isSecondFactorRequired: async () => (await settings.get(SECOND_FACTOR)) === 'required',
    requireSecondFactor: (isRequired) => settings.set(SECOND_FACTOR, isRequired ? 'required' : 'optional'),
  };
}
