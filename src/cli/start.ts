// `hookline start`: the real server.

import { loadConfig } from '../config.ts';
import { version } from '../version.ts';
import { serve } from './serve.ts';
import { stopOnSignals } from './signals.ts';

/** Starts the server with the configuration of the environment and keeps it running until a signal comes. */
export async function start(): Promise<void> {
  const { hookline, config, stop } = await serve(loadConfig());
  // Before the first line: whoever reads it may send a signal at once.
  stopOnSignals(stop);
  const base = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${config.port}${config.prefix}`;
  console.log(`Hookline ${version} listens on ${base}`);
  console.log(`Admin API ${config.publicUrl}${config.prefix}/api, described by /api/openapi.json`);
  if (hookline.generatedAdminToken !== undefined) {
    console.log(`Admin token, shown only this once: ${hookline.generatedAdminToken}`);
  }
}
