import { describe, expect, test } from 'vitest';
import type { Log } from '../../src/engine/plugin.ts';
import { HooklineError } from '../../src/errors.ts';
import { createMetrics } from '../../src/http/metrics.ts';

const COUNTS = { queued: 3, running: 1, waiting: 2, succeeded: 9, failed: 0, error: 4, canceled: 0, timed_out: 0 };

function setUp(oldestQueuedAt: () => Promise<number | null> = async () => null) {
  let reads = 0;
  let time = 10_000;
  const warnings: string[] = [];
  const log: Log = { debug() {}, info() {}, warn: (_fields, message) => void warnings.push(message), error() {} };
  const stats = { running: 2, queued: 7 };
  const executions = {
    oldestQueuedAt,
    countByStatus: async () => {
      reads += 1;
      return COUNTS;
    },
    nextWakeAt: async () => 7_500,
  };
  const metrics = createMetrics({ stats: () => stats, executions, now: () => time, log });
  const pass = (ms: number): void => {
    time += ms;
  };
  return { metrics, warnings, pass, reads: () => reads, text: async () => (await metrics.render()).text };
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

  test('what all processes have is read from storage, but not counted at every scrape', async () => {
    const { text, reads, pass } = setUp();
    const lines = (await text()).split('\n');
    expect(lines).toContain('hookline_executions{status="succeeded"} 9');
    expect(lines).toContain('hookline_executions{status="error"} 4');
    expect(lines).toContain('hookline_queue_depth 3');
    expect(lines).toContain('hookline_wake_lag_seconds 2.5');
    pass(9_999);
    expect(await text()).toContain('hookline_wake_lag_seconds 12.499');
    expect(reads()).toBe(1);
    pass(1);
    await text();
    expect(reads()).toBe(2);
  });

  test('outgoing requests count by the class of their answer, or by their error', async () => {
    const { metrics, text } = setUp();
    const outcomes = [204, 503, new HooklineError('request_timeout', 'late')];
    const fetch = metrics.countRequests(async (index: number) => {
      const outcome = outcomes[index];
      if (typeof outcome === 'number') return new Response(null, { status: outcome });
      throw outcome;
    });
    await fetch(0);
    await fetch(1);
    await expect(fetch(2)).rejects.toMatchObject({ code: 'request_timeout' });
    const lines = (await text()).split('\n');
    for (const outcome of ['2xx', '5xx', 'request_timeout']) {
      expect(lines).toContain(`hookline_outgoing_requests_total{outcome="${outcome}"} 1`);
    }
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
    expect(await two.text()).toMatch(/^nodejs_eventloop_lag_seconds /m);
  });
});
