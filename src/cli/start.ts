// `hookline start`: the real server.

import type { OneTimeLinkView } from '../access/model.ts';
import { type Config, loadConfig } from '../config.ts';
import { HooklineError } from '../errors.ts';
import type { Hookline } from '../index.ts';
import { version } from '../version.ts';
import { printError } from './print-error.ts';
import { serve } from './serve.ts';
import { stopOnSignals } from './signals.ts';

/** The database was migrated, by another process, beyond what this version can work on. */
const EXIT_TOO_OLD = 3;

export interface StartOptions {
  /** `all`, `web` or `worker`; default what the environment says. */
  readonly role?: string;
}

/** Starts the server with the configuration of the environment and keeps it running until a signal comes. */
export async function start({ role }: StartOptions = {}): Promise<void> {
  const serving = serve(loadConfig(undefined, { role }), (error) => void serving.then(({ stop }) => endTooOld(error, stop)));
  const { hookline, config, stop } = await serving;
  // Before the first line: whoever reads it may send a signal at once.
  stopOnSignals(stop);
  const base = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}${config.prefix}`;
  console.log(`Hookline ${version} listens on ${base}`);
  if (config.hooksUrl !== undefined && config.role !== 'worker') console.log(describeHooks(config));
  for (const line of config.role === 'worker' ? describeWorker(config, base) : describeWeb(config)) console.log(line);
  if (config.role !== 'worker') for (const line of await describeDesigner(hookline)) console.log(line);
  if (hookline.generatedAdminToken !== undefined) {
    console.log(`Admin token, shown only this once: ${hookline.generatedAdminToken}`);
  }
}

/** A supervisor that starts this version again only makes it refuse to start: hence an exit code that it can be told about. */
async function endTooOld(error: HooklineError, stop: () => Promise<void>): Promise<void> {
  await stop();
  printError(error);
  process.exit(EXIT_TOO_OLD);
}

/** Where the designer is and, as long as nobody can sign in, how to begin. */
async function describeDesigner(hookline: Hookline): Promise<string[]> {
  const designer = `Designer ${hookline.designerUrl}`;
  let link: OneTimeLinkView | undefined;
  try {
    link = await hookline.createSetupLink();
  } catch (error) {
    // The database has gone away since the start, or a signal has come: no reason for a server to end.
    if (!(error instanceof HooklineError) || error.code !== 'storage_unavailable') throw error;
    return [designer, `Whether somebody can sign in could not be found out: ${error.message} The next start tells.`];
  }
  if (link === undefined) return [designer];
  return [
    designer,
    `Nobody can sign in yet. Make yourself the owner with this link, which works once and for 24 hours: ${link.url}`,
  ];
}

function describeHooks({ hooksUrl, prefix, hooksPort }: Config): string {
  const port = hooksPort === undefined ? 'by the host that a request names' : `on port ${hooksPort}`;
  return `Trigger and resume URLs ${hooksUrl}${prefix}/hooks/…, ${port}; the designer and the API do not exist there.`;
}

function describeWorker({ concurrency, metrics }: Config, base: string): string[] {
  return [
    `Role worker: runs what web processes accept, up to ${concurrency} executions at once; answers no trigger URL and no API.`,
    `Health ${base}/healthz, ${base}/readyz${metrics === 'off' ? '' : `, ${base}/metrics`}`,
  ];
}

function describeWeb({ role, publicUrl, prefix }: Config): string[] {
  const api = `Admin API ${publicUrl}${prefix}/api, described by /api/openapi.json`;
  if (role !== 'web') return [api];
  return ['Role web: accepts requests and runs sync workflows; async ones need at least one process of the role worker.', api];
}
