import { describe, expect, test } from 'vitest';
import type { OutboundStore } from '../../src/engine/outbound-ports.ts';
import type { Log } from '../../src/engine/plugin.ts';
import { HooklineError } from '../../src/errors.ts';
import { MAX_LABELLED_ENDPOINTS } from '../../src/http/delivery-metrics.ts';
import { createMetrics } from '../../src/http/metrics.ts';

const COUNTS = { queued: 3, running: 1, waiting: 2, succeeded: 9, failed: 0, error: 4, canceled: 0, timed_out: 0 };

type Backlog = Awaited<ReturnType<OutboundStore['deliveries']['backlog']>>;

function setUp(oldestQueuedAt: () => Promise<number | null> = async () => null, backlog: Backlog = []) {
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
  const outbound = {
    endpoints: { countByStatus: async () => ({ active: 2, blocked: 1, disabled: 0 }) },
    deliveries: {
      countByStatus: async () => ({ pending: 9, succeeded: 4, failed: 1, expired: 0, canceled: 0 }),
      backlog: async () => backlog,
    },
  };
  const metrics = createMetrics({ stats: () => stats, executions, outbound, unreadableRows: () => 0, now: () => time, log });
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

describe('metrics of webhooks', () => {
  const attempt = (status: number | null, succeeded = false, code = 'unexpected_status') => ({
    succeeded,
    status,
    error: succeeded ? null : { code, message: 'no' },
    timings: { totalMs: 120 },
  });

  test('attempts count by endpoint and outcome, with their duration', async () => {
    const { metrics, text } = setUp();
    metrics.countAttempt('ep_1', attempt(200, true));
    metrics.countAttempt('ep_1', attempt(503));
    metrics.countAttempt('ep_1', attempt(null, false, 'request_timeout'));
    metrics.countAttempt('url_abc', attempt(404));
    const lines = (await text()).split('\n');
    expect(lines).toContain('hookline_delivery_attempts_total{endpoint="ep_1",outcome="succeeded"} 1');
    expect(lines).toContain('hookline_delivery_attempts_total{endpoint="ep_1",outcome="5xx"} 1');
    expect(lines).toContain('hookline_delivery_attempts_total{endpoint="ep_1",outcome="request_timeout"} 1');
    expect(lines).toContain('hookline_delivery_attempts_total{endpoint="url",outcome="4xx"} 1');
    expect(lines).toContain('hookline_delivery_attempt_duration_seconds_bucket{le="0.25",endpoint="ep_1"} 3');
    expect(lines).toContain('hookline_delivery_attempt_duration_seconds_count{endpoint="ep_1"} 3');
  });

  test('what is still to be delivered is told by status and by endpoint', async () => {
    const { text } = setUp(undefined, [
      { endpointId: 'ep_1', status: 'active', pending: 3, oldestAt: 9_000 },
      { endpointId: 'ep_2', status: 'blocked', pending: 5, oldestAt: 4_000 },
    ]);
    const lines = (await text()).split('\n');
    expect(lines).toContain('hookline_endpoints{status="blocked"} 1');
    expect(lines).toContain('hookline_deliveries{status="pending"} 4');
    expect(lines).toContain('hookline_deliveries{status="held"} 5');
    expect(lines).toContain('hookline_deliveries{status="succeeded"} 4');
    expect(lines).toContain('hookline_deliveries_pending{endpoint="ep_1"} 3');
    expect(lines).toContain('hookline_deliveries_held{endpoint="ep_2"} 5');
    expect(lines).toContain('hookline_oldest_undelivered_age_seconds{endpoint="ep_2"} 6');
  });

  test('endpoints beyond the first five hundred share one label', async () => {
    const backlog: Backlog = Array.from({ length: MAX_LABELLED_ENDPOINTS + 2 }, (_, index) => ({
      endpointId: `ep_${String(index).padStart(4, '0')}`,
      status: 'active',
      pending: 2,
      oldestAt: 10_000 - index,
    }));
    const { metrics, text } = setUp(undefined, backlog.toReversed());
    await text();
    metrics.countAttempt('ep_9999', attempt(200, true));
    const lines = (await text()).split('\n');
    expect(lines.filter((line) => line.startsWith('hookline_deliveries_pending{'))).toHaveLength(MAX_LABELLED_ENDPOINTS + 1);
    expect(lines).toContain('hookline_deliveries_pending{endpoint="ep_0499"} 2');
    expect(lines).toContain('hookline_deliveries_pending{endpoint="other"} 4');
    expect(lines).toContain('hookline_oldest_undelivered_age_seconds{endpoint="other"} 0.501');
    expect(lines).toContain('hookline_delivery_attempts_total{endpoint="other",outcome="succeeded"} 1');
  });
});
