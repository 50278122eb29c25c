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

export interface SettingsChange extends RetentionChange {
  readonly auditsReads?: boolean | undefined;
}

/** Each process reads them when it needs them, so a change holds everywhere with the next round of retention. */
export interface InstallationSettings {
  readonly defaults: RetentionPolicy;
  /** @throws HooklineError `storage_unavailable` */
  retention(): Promise<RetentionPolicy>;
  /** Whether reads of executions are noted in the audit log. Default false. @throws HooklineError `storage_unavailable` */
  auditsReads(): Promise<boolean>;
  /** Stores all of it or nothing. @throws HooklineError `storage_unavailable` */
  change(change: SettingsChange): Promise<void>;
}

const FINAL = EXECUTION_STATUSES.filter(isFinal);
const EXECUTIONS_PREFIX = 'retention:executions:';
const MESSAGES = 'retention:messages';
const AUDITS_READS = 'audit:reads';

/** @returns undefined for what no version has written, which is as if nobody had set it */
function readAge(stored: string): Age | undefined {
  if (stored === 'null') return null;
  const age = Number(stored);
  return stored.trim() !== '' && Number.isFinite(age) && age >= 0 ? age : undefined;
}

/** @param defaults what the configuration says */
export function createInstallationSettings(
  settings: Pick<Storage['settings'], 'get' | 'setAll'>,
  defaults: RetentionPolicy,
): InstallationSettings {
  /** One value for each, so that two changes at once do not undo each other. */
  async function read(name: string, configured: Age): Promise<Age> {
    const stored = await settings.get(name);
    const age = stored === undefined || stored === 'default' ? undefined : readAge(stored);
    // Not `??`: null is an age, too, and means that nothing is deleted.
    return age === undefined ? configured : age;
  }

  const textOf = (value: Age | 'default'): string => (value === 'default' ? value : JSON.stringify(value));

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

    auditsReads: async () => (await settings.get(AUDITS_READS)) === 'true',

    async change({ executions = {}, messagesMs, auditsReads }) {
      const values = new Map<string, string>();
      for (const status of FINAL) {
        const age = executions[status];
        if (age !== undefined) values.set(EXECUTIONS_PREFIX + status, textOf(age));
      }
      if (messagesMs !== undefined) values.set(MESSAGES, textOf(messagesMs));
      if (auditsReads !== undefined) values.set(AUDITS_READS, String(auditsReads));
      if (values.size > 0) await settings.setAll(values);
    },
  };
}
