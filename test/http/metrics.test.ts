import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/engine/plugin.ts';
import { createMetrics } from '../../src/http/metrics.ts';

function setUp(oldestQueuedAt: () => Promise<number | null> = async () => null) {
  const warnings: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (_fields, message) => void warnings.push(message), error() {} };
  const stats = { running: 2, queued: 7 };
  const metrics = createMetrics({ stats: () => stats, executions: { oldestQueuedAt }, now: () => 10_000, log });
  return { metrics, warnings, text: async () => (await metrics.render()).text };
}

describe('metrics', () => {
  test('requests count by outcome, executions by status with their duration', async () => {
    const { metrics, text } = setUp();
    metrics.countTrigger('accepted');
    metrics.countTrigger('accepted');
    metrics.countTrigger('unauthorized');
    metrics.countExecution('succeeded', 20);
    metrics.countExecution('error', 2_000);
    const lines = (await text()).split('\n');
    expect(lines).toContain('hookline_trigger_requests_total{outcome="accepted"} 2');
    expect(lines).toContain('hookline_trigger_requests_total{outcome="unauthorized"} 1');
    expect(lines).toContain('hookline_executions_finished_total{status="succeeded"} 1');
    expect(lines).toContain('hookline_execution_duration_seconds_sum{status="error"} 2');
    expect(lines).toContain('hookline_execution_duration_seconds_bucket{le="0.025",status="succeeded"} 1');
    expect(lines).toContain('hookline_execution_duration_seconds_bucket{le="0.01",status="succeeded"} 0');
  });

  test('the state of the engine is read when it is asked for', async () => {
    const lines = (await setUp(async () => 4_000).text()).split('\n');
    expect(lines).toContain('hookline_executions_running 2');
    expect(lines).toContain('hookline_executions_queued 7');
    expect(lines).toContain('hookline_oldest_queued_age_seconds 6');
    expect((await setUp().text()).split('\n')).toContain('hookline_oldest_queued_age_seconds 0');
  });

  test('a storage that cannot be read costs one gauge, not the others', async () => {
    const { text, warnings } = setUp(async () => {
      throw new Error('disk gone');
    });
    const answer = await text();
    expect(answer).toContain('hookline_executions_running 2');
    expect(answer).not.toMatch(/^hookline_oldest_queued_age_seconds/m);
    expect(warnings).toHaveLength(1);
  });

  test('two in one process do not mix', async () => {
    const [one, two] = [setUp(), setUp()];
    one.metrics.countTrigger('answered');
    expect(await one.text()).toContain('outcome="answered"} 1');
    expect(await two.text()).not.toContain('outcome="answered"');
    expect(await two.text()).toContain('process_cpu_seconds_total');
  });
});
