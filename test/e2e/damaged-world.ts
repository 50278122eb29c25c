// A database in which one row of each list cannot be read, as a bad disk or a newer version would leave it.

import { join } from 'node:path';
import sqlite3 from 'sqlite3';
import { expect, vi } from 'vitest';
import { PATIENCE } from '../patience.ts';
import type { DesignerServer } from './server.ts';

/** What was damaged, by id; each has a sound neighbour. */
export interface DamagedWorld {
  /** Its live revision and its pinned sample. */
  readonly workflow: string;
  /** A sound one with an older revision that cannot be read. */
  readonly withOldRevision: string;
  readonly execution: string;
  readonly endpoint: string;
  /** A sound endpoint that was sent the message; its delivery and the attempt are damaged. */
  readonly receiver: string;
  readonly message: string;
}

const answer = { key: 'answer', type: 'response', config: { body: 'ok' } };
const document = (title: string) => ({
  title,
  mode: 'sync',
  enabled: true,
  trigger: { type: 'webhook', config: {} },
  nodes: [answer],
});
const SAMPLE = { method: 'POST', url: '/', headers: {}, body: '{"a":1}', address: '127.0.0.1' };

/** Makes the rows over the API and damages them in the database of the running server. */
export async function createDamagedWorld(server: DesignerServer): Promise<DamagedWorld> {
  const make = (path: string, body: object) => server.api('POST', path, body);
  const sound = await make('/api/workflows', document('Sound workflow'));
  const hook: string = sound.hookUrl;
  await server.post(hook, {});
  await server.post(hook, {});
  const [execution] = (await server.api('GET', '/api/executions?limit=1')).data;

  const { id: withOldRevision } = sound;
  await server.api('PATCH', `/api/workflows/${withOldRevision}`, { nodes: [{ ...answer, config: { body: 'still ok' } }] });
  const { id: workflow } = await make('/api/workflows', document('Damaged workflow'));
  await make(`/api/workflows/${workflow}/sample`, { request: SAMPLE });

  await make('/api/event-types', { name: 'sound.type', schema: {} });
  await make('/api/event-types', { name: 'damaged.type', schema: {} });
  const { id: receiver } = await make('/api/endpoints', { url: hook, description: 'Sound endpoint', eventTypes: ['sound.type'] });
  const unused = { url: 'https://receiver.invalid/', description: 'Damaged endpoint', enabled: false };
  const { id: endpoint } = await make('/api/endpoints', unused);
  const { id: message } = await make('/api/messages', { type: 'sound.type', data: { total: 5 } });
  const isDelivered = async () => (await server.api('GET', `/api/deliveries?messageId=${message}`)).data[0]?.attemptCount;
  await vi.waitFor(async () => expect(await isDelivered()).toBe(1), PATIENCE);
  await make('/api/messages', { type: 'sound.type', data: { total: 6 } });

  await make('/api/users', { email: 'damaged@example.com', name: 'Damaged User', role: 'editor' });
  await make('/api/tokens', { name: 'damaged token', permissions: ['workflows:read'], expiresAt: null });
  await make('/api/tokens', { name: 'sound token', permissions: ['workflows:read'], expiresAt: null });
  const host = { allowedHosts: ['api.example.com'] };
  await make('/api/secrets', { name: 'DAMAGED', value: 'open sesame, and quickly', description: '', ...host });

  await runOn(
    join(server.folder, 'hookline.db'),
    `UPDATE revisions SET document = '{"trigger":{}}' WHERE workflow_id = '${workflow}';
     UPDATE revisions SET document = 'no json' WHERE workflow_id = '${withOldRevision}' AND revision = 1;
     UPDATE workflows SET tags = 'no json' WHERE id = '${workflow}';
     UPDATE samples SET request = '{}' WHERE workflow_id = '${workflow}';
     UPDATE executions SET status = 'hibernating', source = 'telepathy', result = 'no json' WHERE id = '${execution.id}';
     UPDATE endpoints SET config = '{}', state = '[]' WHERE id = '${endpoint}';
     UPDATE messages SET source = 'no json' WHERE id = '${message}';
     UPDATE deliveries SET status = 'levitating', error = '"text"' WHERE message_id = '${message}';
     UPDATE attempts SET kind = 'rumour', detail = '{}';
     UPDATE event_types SET schema = '{' WHERE name = 'damaged.type';
     UPDATE users SET role = 'emperor' WHERE email = 'damaged@example.com';
     UPDATE api_tokens SET permissions = '["workflows:read","moon:walk"]' WHERE name = 'damaged token';
     UPDATE secrets SET allowed_hosts = 'no json' WHERE name = 'DAMAGED';
     UPDATE audit_log SET fields = 'no json', actor_kind = 'robot' WHERE action = 'createSecret';`,
  );
  return { workflow, withOldRevision, execution: execution.id, endpoint, receiver, message };
}

function runOn(file: string, sql: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(file);
    database.configure('busyTimeout', 10_000);
    database.exec(sql, (error) => database.close((closing) => (error || closing ? reject(error ?? closing) : resolve())));
  });
}
