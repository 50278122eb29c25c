// Node and trigger types from outside, used through the HTTP API; and two Hooklines side by side.

import { EventEmitter } from 'node:events';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin, defineTrigger } from '../src/index.ts';
import { startHookline, TOKEN } from './start-hookline.ts';

const shout = defineNode({
  type: 'shout',
  title: 'Shout',
  description: 'Writes a text in capitals.',
  config: z.strictObject({ text: z.string(), times: z.number().int().default(1) }),
  run: ({ config }) => ({ type: 'done', output: config.text.toUpperCase().repeat(config.times) }),
});

describe('plugins', () => {
  it('runs a node type from outside, with rendered and checked configuration, and describes it', async () => {
    const hookline = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [shout] })] });
    try {
      const { hookUrl } = await hookline.workflow({
        mode: 'sync',
        trigger: { type: 'webhook', config: {} },
        nodes: [
          { key: 'loud', type: 'shout', config: { text: '{{$context.body.text}}' } },
          { key: 'answer', type: 'response', config: { body: { loud: '{{$nodes.loud}}' } } },
        ],
      });
      expect((await hookline.post(hookUrl, { text: 'hey' })).body).toEqual({ loud: 'HEY' });

      const wrong = await hookline.post(hookUrl, { text: 5 });
      expect(wrong.status).toBe(500);
      const { error } = await hookline.finished(wrong.headers.get('x-hookline-execution-id') ?? '');
      expect(error).toMatchObject({ code: 'invalid_config', details: { node: 'loud' } });

      const refused = await hookline.api('POST', '/api/workflows', {
        title: 'Wrong',
        mode: 'sync',
        trigger: { type: 'webhook', config: {} },
        nodes: [{ key: 'loud', type: 'shout', config: { text: 5, more: 1 } }],
      });
      expect(refused.status).toBe(422);
      const paths = refused.body.error.details.problems.map(({ path }: { path: string }) => path);
      expect(paths).toContain('nodes[0].config.text');

      const { body } = await hookline.api('GET', '/api/plugins');
      const described = body.nodes.find(({ type }: { type: string }) => type === 'shout');
      expect(described.config ?? described.schema).toMatchObject({ properties: { text: { type: 'string' } } });
    } finally {
      await hookline.stop();
    }
  });

  it('starts workflows from a trigger type from outside, while they are enabled', async () => {
    const bus = new EventEmitter();
    const fired: Promise<{ executionId: string }>[] = [];
    const busTrigger = defineTrigger({
      type: 'bus',
      title: 'Bus',
      description: 'Starts on an event of the program around it.',
      config: z.strictObject({ event: z.string() }),
      create: ({ event }) => ({
        listen(fire) {
          const listener = (data: unknown): void => {
            fired.push(fire(data));
          };
          bus.on(event, listener);
          return () => {
            bus.off(event, listener);
          };
        },
      }),
    });
    const hookline = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [shout], triggers: [busTrigger] })] });
    try {
      const { id } = await hookline.workflow({
        mode: 'async',
        trigger: { type: 'bus', config: { event: 'order' } },
        nodes: [{ key: 'loud', type: 'shout', config: { text: '{{$context.name}}', times: 2 } }],
      });
      bus.emit('order', { name: 'ann' });
      expect(fired).toHaveLength(1);
      const { executionId } = (await fired[0]) ?? { executionId: '' };
      expect(await hookline.finished(executionId)).toMatchObject({
        source: 'trigger',
        request: null,
        status: 'succeeded',
        jobs: [{ key: 'loud', output: 'ANNANN' }],
      });

      const replayed = await hookline.api('POST', `/api/executions/${executionId}/replay`);
      expect(await hookline.finished(replayed.body.id)).toMatchObject({ replayOf: executionId, jobs: [{ output: 'ANNANN' }] });

      await hookline.api('PATCH', `/api/workflows/${id}`, { enabled: false });
      bus.emit('order', { name: 'bob' });
      expect(fired).toHaveLength(1);
      expect(bus.listenerCount('order')).toBe(0);
      await hookline.api('PATCH', `/api/workflows/${id}`, { enabled: true });
      expect(bus.listenerCount('order')).toBe(1);
    } finally {
      await hookline.stop();
    }
    expect(bus.listenerCount('order')).toBe(0);
  });

  it('lets two Hooklines live in one process, each with its own plugins, data and prefix', async () => {
    const first = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [shout] })] });
    const second = await startHookline({ prefix: '/automation' });
    try {
      const { hookUrl } = await first.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} } });
      expect((await first.post(hookUrl, {})).status).toBe(200);
      const other = await second.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} } });
      expect(new URL(other.hookUrl).pathname).toMatch(/^\/automation\/hooks\//);
      expect((await second.post(other.hookUrl, {})).status).toBe(200);
      await request(second.server).get('/api/workflows').set('Authorization', `Bearer ${TOKEN}`).expect(404);
      const plugins = (await second.api('GET', '/api/plugins')).body.nodes.map(({ type }: { type: string }) => type);
      expect(plugins).not.toContain('shout');
      expect((await second.api('GET', '/api/workflows')).body.data).toHaveLength(1);
    } finally {
      await first.stop();
      await second.stop();
    }
  });
});
