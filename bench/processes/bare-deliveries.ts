// Measures what a bare loop over undici posts per second: bodies that are signed already, nothing stored.
// Usage: bare-deliveries.ts <BareParameters as JSON>.

import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Pool } from 'undici';
import { keepBusy, parameters, round } from './hookline.ts';

export interface BareParameters {
  readonly ports: readonly number[];
  readonly count: number;
  /** Requests at once to each port. */
  readonly concurrency: number;
  /** Characters of the body. */
  readonly bodyLength: number;
}

export interface BareRate {
  readonly perSecond: number;
}

const { ports, count, concurrency, bodyLength } = parameters<BareParameters>();
const key = randomBytes(32);
const timestamp = String(Math.floor(Date.now() / 1000));

interface Signed {
  readonly body: string;
  readonly headers: Record<string, string>;
}

function sign(index: number): Signed {
  const id = `msg_${randomUUID().replaceAll('-', '')}`;
  const data = { number: index, note: 'x'.repeat(bodyLength) };
  const body = JSON.stringify({ type: 'bench.event', timestamp: new Date().toISOString(), data });
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'bare/1',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature}`,
  };
  return { body, headers };
}

const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: concurrency, pipelining: 1 }));

async function post(signed: readonly Signed[]): Promise<void> {
  await keepBusy(pools.length * concurrency, signed.length, async (index) => {
    const one = signed[index];
    if (!one) return;
    const pool = pools[index % pools.length];
    const response = await pool?.request({ method: 'POST', path: '/', ...one });
    if (response?.statusCode !== 200) throw new Error(`The receiver answered with ${response?.statusCode}`);
    await response.body.dump();
  });
}

await post(Array.from({ length: 2_000 }, (_, index) => sign(index)));
const signed = Array.from({ length: count }, (_, index) => sign(index));
const startedAt = performance.now();
await post(signed);
const rate: BareRate = { perSecond: round((count * 1_000) / (performance.now() - startedAt), 0) };
await Promise.all(pools.map((pool) => pool.close()));
console.log(JSON.stringify(rate));
