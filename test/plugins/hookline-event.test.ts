import { describe, expect, it } from 'vitest';
import type { OperationalEvent, OperationalEventType } from '../../src/engine/outbound-model.ts';
import { hooklineEventTrigger } from '../../src/plugins/hookline-event/trigger.ts';

function hears(config: unknown, type: OperationalEventType, data: OperationalEvent['data'] = {}): boolean {
  const tools = { template: () => ({ render: () => null, isConstant: true }), secret: (text: string) => () => text };
  const trigger = hooklineEventTrigger.create(hooklineEventTrigger.config.parse(config), tools);
  if (!('hears' in trigger)) throw new Error('It does not hear events.');
  return trigger.hears({ type, timestamp: 1, data });
}

describe('the trigger on Hookline events', () => {
  it('hears all of them unless it names some', () => {
    expect(hears({}, 'delivery.failed')).toBe(true);
    expect(hears({ events: ['endpoint.blocked', 'delivery.*'] }, 'endpoint.blocked')).toBe(true);
    expect(hears({ events: ['endpoint.blocked', 'delivery.*'] }, 'delivery.expired')).toBe(true);
    expect(hears({ events: ['endpoint.blocked', 'delivery.*'] }, 'endpoint.unblocked')).toBe(false);
    expect(hears({ events: ['*'] }, 'endpoint.failing')).toBe(true);
  });

  it('hears of one workspace or one endpoint when it names them', () => {
    const data = { endpoint: { id: 'ep_1', workspace: 'acme' } };
    expect(hears({ workspace: 'acme' }, 'endpoint.blocked', data)).toBe(true);
    expect(hears({ workspace: '' }, 'endpoint.blocked', data)).toBe(false);
    expect(hears({ endpointId: 'ep_1', workspace: 'acme' }, 'endpoint.blocked', data)).toBe(true);
    expect(hears({ endpointId: 'ep_2' }, 'endpoint.blocked', data)).toBe(false);
    expect(hears({ endpointId: 'ep_1' }, 'endpoint.blocked')).toBe(false);
  });

  it.each([[{ events: [] }], [{ events: ['order.created'] }], [{ endpointId: '' }], [{ extra: 1 }]])('refuses %j', (config) => {
    expect(hooklineEventTrigger.config.safeParse(config).success).toBe(false);
  });
});
