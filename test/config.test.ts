import { describe, expect, it } from 'vitest';
import {
  CONFIG_FIELDS,
  type ConfigurationProblem,
  describeConfig,
  loadConfig,
  parseOptions,
  sqlitePath,
  withPort,
} from '../src/config.ts';
import { HooklineError } from '../src/errors.ts';

function refusal(run: () => unknown): HooklineError {
  try {
    run();
  } catch (error) {
    if (error instanceof HooklineError) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

function problemsOf(error: HooklineError): readonly ConfigurationProblem[] {
  return (error.details as { problems: ConfigurationProblem[] }).problems;
}

const DAY_MS = 86_400_000;

describe('loadConfig', () => {
  it('has a default for everything', () => {
    const config = loadConfig({ PATH: '/bin' });
    expect(config).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      databaseUrl: 'sqlite:./data/hookline.db',
      publicUrl: 'http://127.0.0.1:3000',
      prefix: '',
      durability: 'full',
      secretKeyFile: 'data/secret.key',
      metrics: 'token',
      maxBodyBytes: 10_485_760,
      deadlineMs: 30_000,
      autoMigrate: true,
    });
    expect(config.adminToken).toBeUndefined();
    expect(config.retention).toEqual({
      succeeded: 30 * DAY_MS,
      failed: 90 * DAY_MS,
      error: 90 * DAY_MS,
      canceled: 90 * DAY_MS,
      timed_out: 90 * DAY_MS,
    });
  });

  it('is frozen', () => {
    const config = loadConfig({});
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.retention)).toBe(true);
  });

  it('reads numbers, switches and text', () => {
    const config = loadConfig({
      HOOKLINE_PORT: '0',
      HOOKLINE_AUTO_MIGRATE: 'false',
      HOOKLINE_PREFIX: '/automation',
      HOOKLINE_DURABILITY: 'normal',
      HOOKLINE_PUBLIC_URL: 'https://hooks.example.com/',
      HOOKLINE_DATABASE_URL: 'sqlite:/var/lib/hookline/main.db',
    });
    expect(config).toMatchObject({
      port: 0,
      autoMigrate: false,
      prefix: '/automation',
      durability: 'normal',
      publicUrl: 'https://hooks.example.com',
      secretKeyFile: '/var/lib/hookline/secret.key',
    });
  });

  it('takes an empty variable as not set', () => {
    expect(loadConfig({ HOOKLINE_ADMIN_TOKEN: '', HOOKLINE_PORT: '' })).toEqual(loadConfig({}));
  });

  it.each([
    ['none', {}],
    ['succeeded=7d', { succeeded: 7 * DAY_MS }],
    [' failed = 12h , timed_out=2w', { failed: DAY_MS / 2, timed_out: 14 * DAY_MS }],
  ])('reads the retention %j', (text, expected) => {
    expect(loadConfig({ HOOKLINE_RETENTION: text }).retention).toEqual(expected);
  });

  it.each(['', 'x', 'running=1d', 'succeeded=0d', 'succeeded=1y', 'succeeded=1d,', 'succeeded=1d,succeeded=2d', '__proto__=1d'])(
    'refuses the retention %j',
    (text) => {
      expect(refusal(() => parseOptions({ retention: text })).message).toContain('retention');
    },
  );

  it('reads targets and ports of outgoing requests', () => {
    const config = loadConfig({
      HOOKLINE_OUTBOUND_ALLOW: '10.0.0.0/8, erp.internal,[fd00::1]:9000,',
      HOOKLINE_OUTBOUND_PORTS: '443,8000-8999',
    });
    expect(config.outboundAllow).toEqual(['10.0.0.0/8', 'erp.internal', '[fd00::1]:9000']);
    expect(Object.isFrozen(config.outboundAllow)).toBe(true);
    expect(config.outboundPorts).toBe('443,8000-8999');
    expect(loadConfig({})).toMatchObject({ outboundAllow: [], outboundTimeoutMs: 15_000, outboundMaxTimeoutMs: 600_000 });
    expect(parseOptions({ outboundAllow: ['127.0.0.1:9000'] }).outboundAllow).toEqual(['127.0.0.1:9000']);
  });

  it.each([
    [{ HOOKLINE_OUTBOUND_ALLOW: '10.0.0.0/33' }, 'must be a list of CIDR blocks, addresses and hosts'],
    [{ HOOKLINE_OUTBOUND_ALLOW: 'a,http://b' }, 'must be a list of CIDR blocks, addresses and hosts'],
    [{ HOOKLINE_OUTBOUND_PORTS: '443,x' }, 'must be a list of ports and ranges'],
    [{ HOOKLINE_OUTBOUND_TIMEOUT_MS: '0' }, 'must be a whole number from 1 to 3600000 milliseconds'],
  ])('refuses %j', (env, message) => {
    expect(refusal(() => loadConfig(env)).message).toContain(message);
  });

  it('reads what concerns webhooks that are sent', () => {
    expect(loadConfig({})).toMatchObject({
      outboundPlainHttp: false,
      senderAddresses: [],
      messageRetention: 30 * DAY_MS,
      passwordCost: 17,
      deliveryConcurrency: 512,
    });
    const config = loadConfig({
      HOOKLINE_OUTBOUND_PLAIN_HTTP: 'true',
      HOOKLINE_SENDER_ADDRESSES: '203.0.113.7, 2001:db8::/48,198.51.100.0/24,',
      HOOKLINE_MESSAGE_RETENTION: '12h',
      HOOKLINE_DELIVERY_CONCURRENCY: '8',
    });
    expect(config).toMatchObject({
      outboundPlainHttp: true,
      senderAddresses: ['203.0.113.7', '2001:db8::/48', '198.51.100.0/24'],
      messageRetention: 12 * 3_600_000,
      deliveryConcurrency: 8,
    });
    expect(Object.isFrozen(config.senderAddresses)).toBe(true);
    expect(parseOptions(config)).toEqual(config);
    const endless = loadConfig({ HOOKLINE_MESSAGE_RETENTION: 'none' });
    expect(endless.messageRetention).toBeNull();
    expect(parseOptions(endless)).toEqual(endless);
  });

  it.each([
    [{ HOOKLINE_SENDER_ADDRESSES: 'mail.example.com' }, 'must be a list of addresses and CIDR blocks'],
    [{ HOOKLINE_SENDER_ADDRESSES: '203.0.113.7:443' }, 'must be a list of addresses and CIDR blocks'],
    [{ HOOKLINE_SENDER_ADDRESSES: '203.0.113.0/33' }, 'must be a list of addresses and CIDR blocks'],
    [{ HOOKLINE_MESSAGE_RETENTION: '30' }, 'must be `none` or a time such as `30d`'],
    [{ HOOKLINE_MESSAGE_RETENTION: '0d' }, 'must be `none` or a time such as `30d`'],
    [{ HOOKLINE_DELIVERY_CONCURRENCY: '0' }, 'must be a whole number from 1 to 10000 requests'],
    [{ HOOKLINE_OUTBOUND_PLAIN_HTTP: 'yes' }, 'must be `true` or `false`'],
  ])('refuses %j', (env, message) => {
    expect(refusal(() => loadConfig(env)).message).toContain(message);
  });

  it('reads trusted proxies, and names the entry that is none', () => {
    expect(loadConfig({}).trustedProxies).toEqual([]);
    const config = loadConfig({ HOOKLINE_TRUSTED_PROXIES: 'loopback, private,203.0.113.7,2001:db8::/48,' });
    expect(config.trustedProxies).toEqual(['loopback', 'private', '203.0.113.7', '2001:db8::/48']);
    expect(Object.isFrozen(config.trustedProxies)).toBe(true);
    expect(parseOptions(config)).toEqual(config);
    const wrong = { HOOKLINE_TRUSTED_PROXIES: 'loopback,10.0.0.0/33' };
    const none = 'which is no address, no CIDR block, not `loopback` and not `private`';
    expect(problemsOf(refusal(() => loadConfig(wrong)))).toEqual([
      { name: 'HOOKLINE_TRUSTED_PROXIES', message: `names "10.0.0.0/33", ${none}` },
    ]);
    expect(problemsOf(refusal(() => parseOptions({ trustedProxies: ['proxy.internal'] })))).toEqual([
      { name: 'trustedProxies', message: `names "proxy.internal", ${none}` },
    ]);
  });

  it('lists every problem at once, unknown names with the nearest known one', () => {
    const error = refusal(() =>
      loadConfig({
        HOOKLINE_PORT: 'abc',
        HOOKLINE_DURABILTY: 'full',
        HOOKLINE_PREFIX: 'automation/',
        HOOKLINE_DURABILITY: 'ful',
        HOOKLINE_SOMETHING_ELSE: '1',
        HOOKLINE_FOO: '1',
        HOOKLINE_AUTO_MIGRATE: 'yes',
      }),
    );
    expect(error.code).toBe('invalid_configuration');
    expect(Object.fromEntries(problemsOf(error).map(({ name, message }) => [name, message]))).toEqual({
      HOOKLINE_PORT: 'must be a whole number from 0 to 65535, not "abc"',
      HOOKLINE_DURABILTY: 'is not known; did you mean HOOKLINE_DURABILITY?',
      HOOKLINE_PREFIX: 'must be empty or a path such as `/automation`, without a `/` at its end, not "automation/"',
      HOOKLINE_DURABILITY: 'must be one of `full`, `normal`, not "ful"',
      HOOKLINE_SOMETHING_ELSE: 'is not known',
      HOOKLINE_FOO: 'is not known',
      HOOKLINE_AUTO_MIGRATE: 'must be `true` or `false`, not "yes"',
    });
    for (const { name, message } of problemsOf(error)) expect(error.message).toContain(`\n  ${name} ${message}`);
  });

  it.each([
    { HOOKLINE_PORT: '65536' },
    { HOOKLINE_PORT: '1.5' },
    { HOOKLINE_PORT: '1e3' },
    { HOOKLINE_CONCURRENCY: '0' },
    { HOOKLINE_PUBLIC_URL: 'ftp://example.com' },
    { HOOKLINE_PUBLIC_URL: 'https://user:pw@example.com' },
    { HOOKLINE_PREFIX: '//x' },
    { HOOKLINE_DATABASE_URL: 'mysql://localhost/x' },
    { HOOKLINE_LOG_LEVEL: 'loud' },
  ])('refuses %j', (env) => {
    expect(problemsOf(refusal(() => loadConfig(env))).map(({ name }) => name)).toEqual(Object.keys(env));
  });

  it('never shows a secret, neither in a message nor in the description of the configuration', () => {
    const secret = 'hunter2';
    const error = refusal(() =>
      loadConfig({
        HOOKLINE_ADMIN_TOKEN: secret,
        HOOKLINE_SECRET_KEY: secret,
        HOOKLINE_DATABASE_URL: `mysql://me:${secret}@db/x`,
        HOOKLINE_PUBLIC_URL: `https://me:${secret}@example.com`,
      }),
    );
    expect(problemsOf(error)).toHaveLength(4);
    expect(JSON.stringify(error) + error.message).not.toContain(secret);
    const config = parseOptions({
      adminToken: `${secret}Kp6wN2zRt8Vm4XbQ9hLc5yFj3sGd7aEu`,
      secretKey: '0123456789abcdef'.repeat(4),
      databaseUrl: `postgres://me:${secret}@db/x`,
    });
    const shown = JSON.stringify(describeConfig(config));
    expect(shown).not.toMatch(/hunter2|0123456789abcdef/);
    expect(shown).toContain('postgres://***@db/x');
  });

  it('derives a public address that can be opened', () => {
    expect(loadConfig({ HOOKLINE_HOST: '0.0.0.0', HOOKLINE_PORT: '8080' }).publicUrl).toBe('http://localhost:8080');
    expect(loadConfig({ HOOKLINE_HOST: '::1' }).publicUrl).toBe('http://[::1]:3000');
  });
});

describe('parseOptions', () => {
  it('takes its own result again', () => {
    const config = parseOptions({ retention: 'succeeded=1d', port: 1 });
    expect(parseOptions(config)).toEqual(config);
  });

  it('names options as they are written in code', () => {
    const error = refusal(() => parseOptions({ port: '3000', durabilty: 'full' } as never));
    expect(problemsOf(error).map(({ name }) => name)).toEqual(['durabilty', 'port']);
    expect(error.message).toContain('did you mean durability?');
  });

  it('takes undefined as not given', () => {
    expect(parseOptions({ port: undefined, adminToken: undefined })).toEqual(parseOptions({}));
  });
});

describe('CONFIG_FIELDS', () => {
  it('describes every field', () => {
    expect(CONFIG_FIELDS.map(({ name }) => name).sort()).toEqual(
      [...Object.keys(loadConfig({})), 'adminToken', 'secretKey', 'otherSecretKeys'].sort(),
    );
    for (const field of CONFIG_FIELDS) {
      expect(field.description, field.name).toMatch(/\.$/);
      expect(field.values, field.name).not.toBe('');
      expect(field.env).toMatch(/^HOOKLINE_[A-Z]+(_[A-Z]+)*$/);
    }
  });
});

describe('sqlitePath', () => {
  it('gives the path of a SQLite file only', () => {
    expect(sqlitePath('sqlite:./a.db')).toBe('./a.db');
    expect(sqlitePath('postgres://x')).toBeUndefined();
  });
});

describe('the origin of trigger URLs', () => {
  const messagesOf = (env: NodeJS.ProcessEnv): string[] =>
    problemsOf(refusal(() => loadConfig(env))).map(({ name, message }) => `${name} ${message}`);

  it('is none, a URL, or follows from a port', () => {
    expect(loadConfig({}).hooksUrl).toBeUndefined();
    expect(loadConfig({ HOOKLINE_HOOKS_URL: 'https://hooks.example.com/' }).hooksUrl).toBe('https://hooks.example.com');
    expect(loadConfig({ HOOKLINE_HOOKS_PORT: '3001' })).toMatchObject({ hooksPort: 3001, hooksUrl: 'http://127.0.0.1:3001' });
    const both = { HOOKLINE_HOOKS_PORT: '3001', HOOKLINE_HOOKS_URL: 'https://hooks.example.com' };
    expect(loadConfig(both)).toMatchObject({ hooksPort: 3001, hooksUrl: 'https://hooks.example.com' });
  });

  it.each([
    ['https://a.example', 'https://a.example'],
    ['https://a.example/', 'https://A.example:443/path'],
    ['https://a.example', 'https://a.example.'],
    // A Host does not say by which scheme it was asked.
    ['https://a.example', 'http://a.example'],
    ['http://127.0.0.1:3000', 'http://127.0.0.1:3000'],
  ])('cannot be told from the public URL %s when it is %s', (publicUrl, hooksUrl) => {
    expect(messagesOf({ HOOKLINE_PUBLIC_URL: publicUrl, HOOKLINE_HOOKS_URL: hooksUrl })).toEqual([
      expect.stringMatching(/^HOOKLINE_HOOKS_URL must have another host, or another port, than the public URL/),
    ]);
  });

  it('is neither the own port nor something else than a URL', () => {
    expect(messagesOf({ HOOKLINE_HOOKS_URL: 'http://127.0.0.1:3000' })).toHaveLength(1);
    expect(messagesOf({ HOOKLINE_PORT: '3000', HOOKLINE_HOOKS_PORT: '3000' })).toEqual([
      expect.stringMatching(/^HOOKLINE_HOOKS_PORT must be another port than the server's own, which is 3000/),
    ]);
    for (const url of ['hooks.example.com', 'ftp://a', 'https://u:p@a', 'https://a/?x', 'https://a/#x']) {
      expect(messagesOf({ HOOKLINE_HOOKS_URL: url }), url).toHaveLength(1);
    }
  });

  it('follows the ports that were found', () => {
    const config = withPort(loadConfig({ HOOKLINE_PORT: '0', HOOKLINE_HOOKS_PORT: '0' }), 4711, 4712);
    expect(config).toMatchObject({ publicUrl: 'http://127.0.0.1:4711', hooksPort: 4712, hooksUrl: 'http://127.0.0.1:4712' });
    const named = loadConfig({ HOOKLINE_PORT: '0', HOOKLINE_HOOKS_PORT: '0', HOOKLINE_HOOKS_URL: 'https://hooks.example.com' });
    expect(withPort(named, 4711, 4712)).toMatchObject({ hooksPort: 4712, hooksUrl: 'https://hooks.example.com' });
  });
});

describe('who reaches the designer', () => {
  it('lists hosts and addresses', () => {
    const config = loadConfig({
      HOOKLINE_ALLOWED_HOSTS: ' a.internal, *.b.local ',
      HOOKLINE_ADMIN_ADDRESSES: '10.0.0.0/8,loopback',
    });
    expect(config).toMatchObject({ allowedHosts: ['a.internal', '*.b.local'], adminAddresses: ['10.0.0.0/8', 'loopback'] });
    expect(loadConfig({})).toMatchObject({ allowedHosts: [], adminAddresses: [] });
  });

  it.each([
    ['HOOKLINE_ALLOWED_HOSTS', 'https://a', '"https://a"'],
    ['HOOKLINE_ALLOWED_HOSTS', 'a.example:3000', '"a.example:3000"'],
    ['HOOKLINE_ALLOWED_HOSTS', 'ok,*', '"*"'],
    ['HOOKLINE_ADMIN_ADDRESSES', '10.0.0.0/33', '"10.0.0.0/33"'],
    ['HOOKLINE_ADMIN_ADDRESSES', 'example.com', '"example.com"'],
  ])('%s=%s names what is wrong', (name, value, wrong) => {
    const [problem] = problemsOf(refusal(() => loadConfig({ [name]: value })));
    expect(problem).toMatchObject({ name, message: expect.stringContaining(`names ${wrong}`) });
  });
});

describe('withPort', () => {
  it('moves a derived public address along, and leaves a configured one alone', () => {
    expect(withPort(loadConfig({ HOOKLINE_PORT: '0' }), 4711)).toMatchObject({ port: 4711, publicUrl: 'http://127.0.0.1:4711' });
    const behindProxy = loadConfig({ HOOKLINE_PORT: '0', HOOKLINE_PUBLIC_URL: 'https://hooks.example.com' });
    expect(withPort(behindProxy, 4711).publicUrl).toBe('https://hooks.example.com');
  });
});
