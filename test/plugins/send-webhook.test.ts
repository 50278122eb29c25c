import { describe, expect, it } from 'vitest';
import type { ConfigProblem } from '../../src/engine/plugin.ts';
import { sendWebhookNode } from '../../src/plugins/send-webhook/node.ts';
import { NOW, runNode } from './node-context.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const url = 'https://example.com/hooks';
const parse = (config: unknown) => sendWebhookNode.config.parse(config);
const toUrl = (more: object = {}) => ({ to: { type: 'url', url, ...more } });

async function problemsOf(config: unknown): Promise<string[]> {
  const found: readonly ConfigProblem[] = (await sendWebhookNode.check?.(parse(config), { mode: 'async', earlier: [] })) ?? [];
  return found.map(({ path, code }) => `${path}: ${code}`);
}

describe('send webhook', () => {
  it('publishes to all who subscribe and goes on, unless it is told otherwise', () => {
    const config = { event: 'order.created', data: { id: [1] }, version: 2, userId: 7 };
    expect(runNode(sendWebhookNode, config)).toEqual({
      type: 'publish',
      event: { type: 'order.created', data: { id: [1] }, version: 2, userId: '7' },
      isAwaited: false,
    });
    expect(runNode(sendWebhookNode, { event: 'a' })).toMatchObject({
      event: { data: null, version: undefined, userId: undefined },
    });
    expect(runNode(sendWebhookNode, { event: 'a', userId: null })).toMatchObject({ event: { userId: undefined } });
    expect(sendWebhookNode.branches?.(parse(config))).toEqual([]);
    expect(sendWebhookNode.waits?.(parse(config))).toBe(false);
  });

  it('waits for the outcome when it is told to, a day at most or as long as it says', () => {
    const wait = (more: object) => runNode(sendWebhookNode, { event: 'a', wait: true, ...more });
    expect(wait({})).toMatchObject({ isAwaited: true, until: NOW + 86_400_000 });
    expect(wait({ waitLimit: 1.5, waitUnit: 'minutes' })).toMatchObject({ until: NOW + 90_000 });
    expect(sendWebhookNode.branches?.(parse({ event: 'a', wait: true }))).toEqual(['delivered', 'failed']);
    expect(sendWebhookNode.waits?.(parse({ event: 'a', wait: true }))).toBe(true);
  });

  it('sends to one URL with what an endpoint would have, under the name of its node', () => {
    const settings = { headers: [{ name: 'X-A', value: '1' }], timeoutMs: 500, retry: { type: 'none' } };
    expect(runNode(sendWebhookNode, toUrl({ secret: SECRET, ...settings }))).toEqual({
      type: 'publish',
      event: {
        type: 'message',
        data: null,
        version: undefined,
        userId: undefined,
        target: { url, secret: SECRET, settings, scope: 'undefined/node' },
      },
      isAwaited: false,
    });
  });

  it.each([
    [{}],
    [{ to: { type: 'subscribers' } }],
    [{ to: { type: 'nobody' }, event: 'a' }],
    [{ event: 'a b' }],
    [{ event: 'a', version: 0 }],
    [{ event: 'a', waitLimit: 0 }],
    [{ event: 'a', waitLimit: 401 }],
    [{ event: 'a', waitUnit: 'weeks' }],
    [{ event: 'a', extra: 1 }],
    [{ to: { type: 'url' } }],
    [{ to: { type: 'url', url, secret: 'short' } }],
    [{ to: { type: 'url', url, blocking: {} } }],
    [{ to: { type: 'url', url, headers: [{ name: 'a b', value: '' }] } }],
    [{ to: { type: 'url', url, profiles: [] } }],
  ])('refuses %j', (config) => {
    expect(sendWebhookNode.config.safeParse(config).success).toBe(false);
  });

  it('says of a URL and of keys what is wrong before anything is sent', async () => {
    expect(await problemsOf({ event: 'a' })).toEqual([]);
    expect(await problemsOf(toUrl({ secret: SECRET }))).toEqual([]);
    expect(await problemsOf(toUrl({ secret: SECRET.slice(6) }))).toEqual([]);
    expect(await problemsOf(toUrl())).toEqual([]);
    expect(await problemsOf(toUrl({ url: '{{$context.body.url}}' }))).toEqual([]);
    expect(await problemsOf(toUrl({ url: 'https://{{$context.body.host}}/' }))).toEqual([]);
    expect(await problemsOf(toUrl({ url: 'example.com' }))).toEqual(['to.url: invalid_url']);
    expect(await problemsOf(toUrl({ url: 'https://a:b@example.com/' }))).toEqual(['to.url: invalid_url']);
    expect(await problemsOf(toUrl({ url: 'https://[' }))).toEqual(['to.url: invalid_url']);
    expect(await problemsOf(toUrl({ secret: 'not-base64!' }))).toEqual(['to.secret: invalid_secret']);
    const headers = ['X-Shop', 'Webhook-Id', 'HOST', 'Content-Type'].map((name) => ({ name, value: 'a' }));
    expect(await problemsOf(toUrl({ headers, secretHeaders: [{ name: 'x-shop', value: 'b' }] }))).toEqual([
      'to.headers[1].name: invalid_header',
      'to.headers[2].name: invalid_header',
      'to.headers[3].name: invalid_header',
      'to.secretHeaders[0].name: invalid_header',
    ]);
    expect(await problemsOf(toUrl({ secret: 'any text', profiles: [{ type: 'github' }] }))).toEqual([]);
    expect(await problemsOf(toUrl({ profiles: [{ type: 'github', secret: 'any text' }, { type: 'dastra' }] }))).toEqual([
      'to.profiles[1]: missing_secret',
    ]);
    expect(await problemsOf(toUrl({ secret: 'any text', profiles: [{ type: 'standard' }, { type: 'standard-v1a' }] }))).toEqual([
      'to.profiles[0]: invalid_secret',
      'to.profiles[1]: invalid_profile',
    ]);
  });
});
