// `hookline doctor`: says what is stuck and why.

import { loadConfig } from '../config.ts';
import { diagnose } from '../doctor/diagnose.ts';
import { formatReport } from '../doctor/report.ts';
import { createRegistry } from '../engine/registry.ts';
import { builtIns } from '../plugins/index.ts';

/** Prints the report; the exit code is 1 when something needs attention. @throws HooklineError as `diagnose` does */
export async function doctor({ json = false }: { json?: boolean }): Promise<void> {
  const { databaseUrl: url, recoveryMs } = loadConfig();
  const registry = createRegistry([builtIns]);
  const isNodeType = (type: string): boolean => registry.node(type) !== undefined;
  const report = await diagnose({ url, recoveryMs, now: Date.now(), isNodeType });
  console.log(json ? JSON.stringify(report, null, 2) : formatReport(report));
  if (!report.isHealthy) process.exitCode = 1;
}
