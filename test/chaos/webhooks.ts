// Outgoing webhooks in a chaos run: endpoints that receive, programs that publish, and what must have arrived in the end.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { StoredExecution } from './check.ts';
import type { Incidents } from './incidents.ts';
import { pause } from './load.ts';
import type { ChaosStore } from './stores.ts';

/** A webhook that came. Times are milliseconds since 1970. */
interface Received {
  readonly path: string;
  readonly id: string;
  readonly at: number;
  readonly status: number;
}

interface Published {
  readonly id: string;
  readonly key: string;
}

/** Calls the admin API somewhere. @returns undefined when nobody has answered */
export type CallApi = (
  method: string,
  path: string,
  body: object,
  headers?: Record<string, string>,
) => Promise<{ status: number; body: unknown } | undefined>;

export interface Webhooks {
  /** Where workflows send theirs; nobody checks their signature. */
  readonly url: string;
  /** Makes the endpoints. */
  subscribe(call: CallApi): Promise<void>;
  /** Begins to publish; the function ends it. */
  publish(options: { readonly call: CallApi; readonly callers: number; readonly pauseMs: number }): () => Promise<void>;
  /** When everything has ended. */
  check(store: ChaosStore, executions: readonly StoredExecution[], incidents: Incidents, slackMs: number): Promise<WebhookReport>;
  stop(): Promise<void>;
}

export interface WebhookReport {
  readonly published: number;
  /** Deliveries of all messages, those of workflows too. */
  readonly deliveries: number;
  /** Webhooks that came again although they had been answered with 200. */
  readonly repeats: number;
  readonly problems: readonly string[];
}

/** What each endpoint does: `flaky` refuses the first request of every id. */
const ENDPOINTS = ['/ok', '/flaky', '/slow'] as const;
const SLOW_MS = 30;
const RETRY_PAUSE_MS = 100;
/** The one that workflows send to. */
const FREE_PATH = '/free';

export async function startWebhooks(): Promise<Webhooks> {
  const received: Received[] = [];
  const seen = new Set<string>();
  const verifiers = new Map<string, Webhook>();
  const forged: string[] = [];
  const published: Published[] = [];

  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const path = request.url ?? '';
      const id = String(request.headers['webhook-id']);
      const body = Buffer.concat(chunks).toString('utf8');
      if (path !== FREE_PATH) {
        try {
          verifiers.get(path)?.verify(body, request.headers as Record<string, string>);
        } catch (error) {
          forged.push(`${path} ${id}: ${String(error)}`);
        }
      }
      const mark = `${path} ${id}`;
      const status = path === '/flaky' && !seen.has(mark) ? 500 : 200;
      seen.add(mark);
      received.push({ path, id, at: Date.now(), status });
      if (path === '/slow') await pause(SLOW_MS);
      response.writeHead(status, { 'Content-Type': 'application/json' }).end('{"received":true}');
    });
    // Its sender was killed in the middle.
    request.on('error', () => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function publishOne(call: CallApi, key: string, isStopped: () => boolean): Promise<void> {
    while (!isStopped()) {
      const body = { type: 'chaos.order', data: { key } };
      const answer = await call('POST', '/api/messages', body, { 'Idempotency-Key': key });
      if (answer && answer.status < 300) {
        published.push({ id: (answer.body as { id: string }).id, key });
        return;
      }
      await pause(RETRY_PAUSE_MS);
    }
  }

  return {
    url: url + FREE_PATH,
    async subscribe(call) {
      for (const path of ENDPOINTS) {
        const answer = await call('POST', '/api/endpoints', {
          url: url + path,
          eventTypes: ['chaos.*'],
          retry: { type: 'custom', delaysMs: Array.from({ length: 40 }, () => 100), jitter: 0 },
          blocking: { enabled: false },
        });
        if (answer?.status !== 201) throw new Error(`The endpoint was refused: ${JSON.stringify(answer)}`);
        verifiers.set(path, new Webhook((answer.body as { secret: string }).secret));
      }
    },
    publish({ call, callers, pauseMs }) {
      let isStopped = false;
      const running = Array.from({ length: callers }, async (_, caller) => {
        for (let n = 1; !isStopped; n += 1) {
          await publishOne(call, `chaos-${caller}-${n}`, () => isStopped);
          await pause(pauseMs);
        }
      });
      return async () => {
        isStopped = true;
        await Promise.all(running);
      };
    },
    async check(store, executions, incidents, slackMs) {
      const problems = forged.map((one) => `A webhook was not signed as it should be: ${one}`);
      const deliveries = await store.rows<{ message_id: string; endpoint_id: string; status: string }>(
        'SELECT message_id, endpoint_id, status FROM deliveries',
      );
      const byMessage = new Map<string, string[]>();
      for (const { message_id: id, endpoint_id: endpointId, status } of deliveries) {
        if (status !== 'succeeded') problems.push(`The delivery of ${id} to ${endpointId} is ${status}`);
        byMessage.set(id, [...(byMessage.get(id) ?? []), endpointId]);
      }
      const arrived = new Map<string, Received[]>();
      for (const one of received) {
        const mark = `${one.path} ${one.id}`;
        arrived.set(mark, [...(arrived.get(mark) ?? []), one]);
      }
      const hasArrived = (path: string, id: string): boolean =>
        arrived.get(`${path} ${id}`)?.some(({ status }) => status === 200) === true;
      for (const { id, key } of published) {
        const count = byMessage.get(id)?.length ?? 0;
        if (count !== ENDPOINTS.length) problems.push(`The message ${id} (${key}) was acknowledged and has ${count} deliveries`);
      }
      for (const [id, endpointIds] of byMessage) {
        const isFree = endpointIds.some((endpointId) => endpointId.startsWith('url_'));
        for (const path of isFree ? [FREE_PATH] : ENDPOINTS) {
          if (!hasArrived(path, id)) problems.push(`The message ${id} has never arrived at ${path}`);
        }
      }
      const ids = new Set(published.map(({ id }) => id));
      if (ids.size !== published.length) problems.push('Two publications with different keys were one message');
      const again = await store.rows<{ idempotency_key: string }>(
        'SELECT idempotency_key FROM messages WHERE idempotency_key IS NOT NULL GROUP BY idempotency_key HAVING count(*) > 1',
      );
      for (const { idempotency_key: key } of again) problems.push(`There are two messages with the key ${key}`);
      for (const { id, workflow, status, jobs } of executions) {
        if (workflow !== 'announcing' || status !== 'succeeded') continue;
        const told = jobs.filter(({ path, status: state }) => path === 'tell' && state === 'succeeded').at(-1)?.output;
        if ((told as { delivered?: boolean } | undefined)?.delivered !== true) {
          problems.push(`announcing ${id} went on without a delivered webhook: ${JSON.stringify(told)}`);
        }
      }
      let repeats = 0;
      for (const [mark, list] of arrived) {
        for (const [index, one] of list.entries()) {
          if (one.status !== 200 || index === list.length - 1) continue;
          repeats += 1;
          if (!incidents.touch(one.at - slackMs, one.at + slackMs)) problems.push(`${mark} came again, and nothing explains it`);
        }
      }
      return { published: published.length, deliveries: deliveries.length, repeats, problems };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
