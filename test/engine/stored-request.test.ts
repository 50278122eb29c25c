// Requests as they are stored, typed in by hand or received, and the replies of flows that give none.

import { describe, expect, it } from 'vitest';
import { toManualRequest } from '../../src/engine/manual-request.ts';
import { EXECUTION_STATUSES } from '../../src/engine/model.ts';
import { standardReply } from '../../src/engine/standard-reply.ts';
import { isSecretHeader, REDACTED, toStoredRequest } from '../../src/engine/stored-request.ts';

const head = { method: 'POST', url: '/hooks/k?a=1', address: '::1' };

describe('a stored request', () => {
  it('has the text of the body, and headers that came twice joined', () => {
    const headers = { 'content-type': 'application/json', 'x-list': ['a', 'b'], 'x-none': undefined };
    expect(toStoredRequest({ ...head, headers }, '{}')).toEqual({
      ...head,
      headers: { 'content-type': 'application/json', 'x-list': 'a, b' },
      body: '{}',
    });
  });

  it.each([
    'authorization',
    'proxy-authorization',
    'cookie',
    'x-api-key',
    'x-auth-token',
    'x-gitlab-token',
    'x-telegram-bot-api-secret-token',
    'x-amz-security-token',
  ])('never holds what %s says', (name) => {
    const stored = toStoredRequest({ ...head, headers: { [name]: 'hunter2' } }, '');
    expect(stored.headers).toEqual({ [name]: REDACTED });
    expect(isSecretHeader(name.toUpperCase())).toBe(true);
    const manual = toManualRequest('k', { headers: { [name.toUpperCase()]: 'hunter2' } });
    expect(JSON.stringify(manual)).not.toContain('hunter2');
  });

  it.each(['x-hub-signature-256', 'stripe-signature', 'webhook-id', 'x-request-id', 'user-agent'])('keeps %s', (name) => {
    expect(toStoredRequest({ ...head, headers: { [name]: 'v' } }, '').headers).toEqual({ [name]: 'v' });
    expect(isSecretHeader(name)).toBe(false);
  });

  it('takes own headers alone, and no prototype', () => {
    const headers = Object.assign(Object.create({ inherited: 'x' }), JSON.parse('{"__proto__":"x","constructor":"own"}'));
    const stored = toStoredRequest({ ...head, headers }, '');
    expect(Object.getPrototypeOf(stored.headers)).toBe(Object.prototype);
    expect(Object.keys(stored.headers)).toEqual(['constructor']);
  });
});

describe('a manual request', () => {
  it('looks as if somebody had POSTed it', () => {
    expect(toManualRequest('key', { headers: { 'X-A': 'a' }, query: '?q=1', body: { n: 5 } })).toEqual({
      method: 'POST',
      url: '/hooks/key?q=1',
      headers: { 'content-type': 'application/json', 'x-a': 'a' },
      body: '{"n":5}',
      address: '',
    });
  });

  it('has an empty body and no type when nothing was typed in, and a body that is null when that was', () => {
    expect(toManualRequest('key', {})).toMatchObject({ url: '/hooks/key', headers: {}, body: '' });
    expect(toManualRequest('key', { body: null })).toMatchObject({ body: 'null' });
  });
});

describe('the standard reply', () => {
  it('says how it went and no more than the id of the execution', () => {
    const statusOf = Object.fromEntries(EXECUTION_STATUSES.map((status) => [status, standardReply('id-1', status).status]));
    expect(statusOf).toMatchObject({ succeeded: 200, failed: 500, error: 500, timed_out: 504, canceled: 503, waiting: 500 });
    expect(standardReply('id-1', 'succeeded').body).toBe('ok');
    expect(JSON.parse(standardReply('id-1', 'timed_out').body)).toEqual({
      error: {
        code: 'deadline_exceeded',
        message: 'The workflow did not answer in time.',
        details: { executionId: 'id-1', status: 'timed_out' },
      },
    });
  });
});
