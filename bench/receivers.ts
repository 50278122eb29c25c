// Starts the receivers of a measurement and asks them what came.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ports, ReceiverParameters } from './processes/receivers.ts';

export interface Receivers {
  readonly ports: Ports;
  stop(): Promise<void>;
}

export async function startReceivers(parameters: ReceiverParameters): Promise<Receivers> {
  const script = fileURLToPath(new URL('processes/receivers.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, JSON.stringify(parameters)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    ports: JSON.parse(line) as Ports,
    async stop() {
      const exited = once(child, 'exit');
      child.stdin.end();
      await exited;
    },
  };
}
