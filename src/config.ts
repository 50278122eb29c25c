// The configuration: one zod schema, read from the environment (nobody else reads process.env) or from createHookline's options.

import { isIP } from 'node:net';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { nearestNames } from './engine/nearest.ts';
import { HooklineError } from './errors.ts';
import { parseProxy } from './http/trusted-proxies.ts';
import { parsePorts, parseTarget } from './outbound/guard/targets.ts';

/** The prefix of every environment variable that is ours. A name that starts with it and is not known stops the start. */
const ENV_PREFIX = 'HOOKLINE_';

/** Largest delay that Node's timers take, in milliseconds (2^31 - 1). */
const MAX_TIMER_MS = 2_147_483_647;

const RETENTION_STATUSES = ['succeeded', 'failed', 'error', 'canceled', 'timed_out'] as const;

/** How long executions are kept after they were accepted, in milliseconds, by final status. Statuses that are not named stay. */
export type Retention = Readonly<Partial<Record<(typeof RETENTION_STATUSES)[number], number>>>;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `30d` (s, m, h, d, w) into milliseconds; undefined when it is something else. */
function parseAge(text: string): number | undefined {
  const match = /^\s*(\d{1,6})([smhdw])\s*$/.exec(text);
  const age = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ''] ?? Number.NaN);
  return age > 0 ? age : undefined;
}

/** Reads `succeeded=30d,failed=12h` (s, m, h, d, w); `none` keeps everything. Returns a sentence when it is wrong. */
function parseRetention(text: string): Retention | string {
  const rules: Partial<Record<(typeof RETENTION_STATUSES)[number], number>> = {};
  if (text.trim() === 'none') return rules;
  for (const part of text.split(',')) {
    const [, name, text = ''] = /^\s*([a-z_]+)\s*=(.*)$/.exec(part) ?? [];
    const status = RETENTION_STATUSES.find((known) => known === name);
    const age = parseAge(text);
    if (status === undefined || age === undefined) {
      return `must be \`none\` or a list such as \`succeeded=30d,failed=90d\` (statuses ${RETENTION_STATUSES.join(', ')}; units s, m, h, d, w)`;
    }
    if (rules[status] !== undefined) return `names \`${status}\` twice`;
    rules[status] = age;
  }
  return rules;
}

const retentionSchema = z
  .union([z.string(), z.partialRecord(z.enum(RETENTION_STATUSES), z.number().int().positive())])
  .transform((value, context): Retention => {
    const rules = typeof value === 'string' ? parseRetention(value) : value;
    if (typeof rules !== 'string') return Object.freeze({ ...rules });
    context.addIssue({ code: 'custom', message: rules });
    return z.NEVER;
  });

const targetsSchema = z.union([z.string(), z.array(z.string()).readonly()]).transform((value, context): readonly string[] => {
  const items = typeof value === 'string' ? value.split(',') : value;
  const targets = items.map((item) => item.trim()).filter((item) => item !== '');
  const wrong = targets.find((target) => parseTarget(target) === undefined);
  if (wrong === undefined) return Object.freeze(targets);
  const example = '`10.0.0.0/8`, `erp.internal` or `127.0.0.1:9000`';
  context.addIssue({ code: 'custom', message: `must be a list of CIDR blocks, addresses and hosts, such as ${example}` });
  return z.NEVER;
});

/** `none` becomes null. */
const ageSchema = z.union([z.string(), z.number().int().positive(), z.null()]).transform((value, context): number | null => {
  if (typeof value !== 'string') return value;
  if (value.trim() === 'none') return null;
  const age = parseAge(value);
  if (age !== undefined) return age;
  context.addIssue({ code: 'custom', message: 'must be `none` or a time such as `30d` or `12h` (units s, m, h, d, w)' });
  return z.NEVER;
});

const addressesSchema = z.union([z.string(), z.array(z.string()).readonly()]).transform((value, context): readonly string[] => {
  const items = typeof value === 'string' ? value.split(',') : value;
  const addresses = items.map((item) => item.trim()).filter((item) => item !== '');
  if (addresses.every(isAddressOrBlock)) return Object.freeze(addresses);
  const example = '`203.0.113.7` or `2001:db8::/48`';
  context.addIssue({ code: 'custom', message: `must be a list of addresses and CIDR blocks, such as ${example}` });
  return z.NEVER;
});

const proxiesSchema = z.union([z.string(), z.array(z.string()).readonly()]).transform((value, context): readonly string[] => {
  const items = typeof value === 'string' ? value.split(',') : value;
  const proxies = items.map((item) => item.trim()).filter((item) => item !== '');
  const wrong = proxies.find((entry) => parseProxy(entry) === undefined);
  if (wrong === undefined) return Object.freeze(proxies);
  const message = `names ${JSON.stringify(wrong.slice(0, 80))}, which is no address, no CIDR block, not \`loopback\` and not \`private\``;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** An address, or a block of them; unlike an allowed target neither a host nor an address with a port. */
function isAddressOrBlock(text: string): boolean {
  const target = parseTarget(text);
  return target?.range !== undefined && isIP(text.replace(/\/\d+$/, '')) !== 0;
}

function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  const isPlain = url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  return isPlain && (url.protocol === 'http:' || url.protocol === 'https:');
}

function isSecretKey(text: string): boolean {
  if (/^[0-9a-f]{64}$/i.test(text)) return true;
  return /^[A-Za-z0-9+/_-]{43}=?$/.test(text) && Buffer.from(text, 'base64').length === 32;
}

const whole = (min: number, max: number) => z.number().int().min(min).max(max);

const fields = {
  port: whole(0, 65_535).default(3000).meta({ description: 'TCP port of the server. `0` takes a free one.' }),
  host: z.string().min(1).default('127.0.0.1').meta({
    description: 'Address the server listens on. `0.0.0.0` listens on all; put a reverse proxy with TLS in front.',
  }),
  databaseUrl: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'must be `sqlite:<path>` or `postgres://…`')
    .default('sqlite:./data/hookline.db')
    .meta({
      description:
        'The database. `sqlite:<path>` is embedded, for one process; `postgres://user:password@host/database` is for any number of them.',
    }),
  role: z.enum(['all', 'web', 'worker']).default('all').meta({
    description:
      '`web` accepts requests and runs sync workflows, `worker` runs the rest, `all` does both. `web` and `worker` need PostgreSQL.',
  }),
  recoveryMs: whole(1_000, 3_600_000).default(30_000).meta({
    description: 'PostgreSQL only: how long it may take until another process goes on with what a dead one has left.',
    unit: 'milliseconds',
  }),
  publicUrl: z
    .string()
    .refine(isPublicUrl, 'must be an http or https URL without query, fragment and credentials')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .meta({ description: 'How callers reach this server; trigger URLs begin with it.', defaultText: '`http://<host>:<port>`' }),
  prefix: z
    .string()
    .regex(/^((\/[A-Za-z0-9._~-]+)+)?$/, 'must be empty or a path such as `/automation`, without a `/` at its end')
    .default('')
    .meta({ description: 'Path under which every URL of Hookline lives.' }),
  trustedProxies: proxiesSchema.prefault('').meta({
    description:
      'Reverse proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed, separated by commas: addresses, CIDR blocks, `loopback`, `private` (`10.0.0.5,fd00::/8,loopback`). Empty: no proxy; in your own Koa app `app.proxy` decides then.',
  }),
  durability: z.enum(['full', 'normal']).default('full').meta({
    description:
      '`full` syncs the disk at every commit, so an acknowledged request survives a power cut; `normal` survives a killed process, and is faster.',
  }),
  adminToken: z.string().min(16, 'must have at least 16 characters').optional().meta({
    description: 'Token of the admin API. Without one the first start generates a token and prints it once.',
    secret: true,
  }),
  secretKey: z
    .string()
    .refine(isSecretKey, 'must be 32 bytes in base64 or hex, such as the output of `openssl rand -hex 32`')
    .optional()
    .meta({
      description:
        'Key that seals stored credentials: 32 bytes in base64 or hex. Replaces the key file. Needed for the roles `web` and `worker`, unless their key file is named.',
      secret: true,
    }),
  secretKeyFile: z.string().min(1).optional().meta({
    description: 'File with that key; made at the first start. Back it up with the database.',
    defaultText: '`secret.key` beside the database file',
  }),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
    description: 'The least important log lines that are written. `debug` also prints stacks of start-up errors.',
  }),
  metrics: z.enum(['public', 'token', 'off']).default('token').meta({
    description: 'Who may read `/metrics`: anybody, holders of the admin token, or nobody.',
  }),
  maxBodyBytes: whole(1_024, 1_073_741_824).default(10_485_760).meta({
    description: "Largest body of a trigger request, after inflating; a workflow's own limit cannot exceed it.",
    unit: 'bytes',
  }),
  retention: retentionSchema.prefault('succeeded=30d,failed=90d,error=90d,canceled=90d,timed_out=90d').meta({
    description:
      'How long finished executions are kept, by status (units s, m, h, d, w). A status that is not named is kept for ever; `none` keeps all.',
  }),
  queueWindow: whole(1, 1_000_000).default(1_000).meta({
    description: 'Most accepted executions that wait in memory; the rest of a backlog waits in the database.',
    unit: 'executions',
  }),
  concurrency: whole(1, 10_000).default(64).meta({
    description: 'Most background executions that run at once.',
    unit: 'executions',
  }),
  deadlineMs: whole(1, MAX_TIMER_MS).default(30_000).meta({
    description: 'How long the caller of a sync workflow waits before 504, unless the workflow says otherwise.',
    unit: 'milliseconds',
  }),
  expressionTimeoutMs: whole(1, 600_000).default(1_000).meta({
    description: 'Time limit of one expression (JSONata, mathjs, …).',
    unit: 'milliseconds',
  }),
  expressionWorkers: whole(1, 64).default(2).meta({
    description: 'Most processes that evaluate expressions; none is started before the first expression.',
    unit: 'processes',
  }),
  expressionMemoryMb: whole(32, 16_384).default(256).meta({
    description: 'Memory limit of one such process.',
    unit: 'MiB',
  }),
  outboundAllow: targetsSchema.prefault('').meta({
    description:
      'Targets inside your network that workflows may send requests to, separated by commas: CIDR blocks, addresses or hosts, each address or host perhaps with a port (`10.0.0.0/8,erp.internal,127.0.0.1:9000`). All others must be on the public Internet.',
  }),
  outboundPorts: z
    .string()
    .refine((text) => parsePorts(text) !== undefined, 'must be a list of ports and ranges, such as `443,8000-8999`')
    .default('80,443,1024-65535')
    .meta({
      description: 'Ports that outgoing requests may use; an allowed target that names a port may be called on that one too.',
    }),
  outboundTimeoutMs: whole(1, 3_600_000).default(15_000).meta({
    description: 'How long an outgoing request may take, its whole answer included, when its node does not say.',
    unit: 'milliseconds',
  }),
  outboundMaxTimeoutMs: whole(1, 3_600_000).default(600_000).meta({
    description: 'Longest time that a node may give an outgoing request; what it asks beyond is cut.',
    unit: 'milliseconds',
  }),
  outboundPlainHttp: z.boolean().default(false).meta({
    description:
      'Whether webhooks may go to `http://` URLs of the public Internet. Without it they need `https://`, except to targets of `HOOKLINE_OUTBOUND_ALLOW`.',
  }),
  senderAddresses: addressesSchema.prefault('').meta({
    description:
      'Addresses that this installation sends from, separated by commas (`203.0.113.7,2001:db8::/48`): shown to receivers who only let in what they know.',
  }),
  messageRetention: ageSchema.prefault('30d').meta({
    description:
      'How long messages are kept with their deliveries and attempts once none is pending any more (units s, m, h, d, w); `none` keeps them for ever.',
  }),
  passwordCost: whole(14, 20).default(17).meta({
    description:
      'What checking a password costs: N of scrypt as a power of two. 17 takes 128 MiB and about a third of a second of one core; each step doubles both. Passwords are encoded anew when their users sign in.',
  }),
  deliveryConcurrency: whole(1, 10_000).default(512).meta({
    description: 'Most webhooks that are being sent at once, to all endpoints together.',
    unit: 'requests',
  }),
  shutdownGraceMs: whole(0, MAX_TIMER_MS).default(10_000).meta({
    description: 'How long a stop waits for running executions; those still running continue at the next start.',
    unit: 'milliseconds',
  }),
  autoMigrate: z.boolean().default(true).meta({
    description: 'Bring the database schema up to date at the start; otherwise run `hookline migrate` first.',
  }),
};

const schema = z.strictObject(fields);

/** The configuration as createHookline takes it: every field optional, defaults as in the README's table. */
export type ConfigOptions = z.input<typeof schema>;

/** The complete configuration, frozen. */
export type Config = Readonly<
  Omit<z.output<typeof schema>, 'publicUrl' | 'secretKeyFile'> & { publicUrl: string; secretKeyFile: string }
>;

/** One thing that is wrong with the configuration. */
export interface ConfigurationProblem {
  /** The variable's or the option's name. */
  readonly name: string;
  readonly message: string;
}

/** What the README's table and `hookline config` know of one field. */
export interface ConfigField {
  readonly name: string;
  readonly env: string;
  /** Allowed values, in words. */
  readonly values: string;
  /** The default as it would be written in the environment, or what it is derived from. */
  readonly defaultText: string;
  readonly description: string;
  readonly isSecret: boolean;
}

const JSON_FIELDS = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).properties ?? {};

/** Every field in the order of the schema. */
export const CONFIG_FIELDS: readonly ConfigField[] = Object.entries(JSON_FIELDS).map(([name, json]) => {
  const field = typeof json === 'object' ? json : {};
  const { defaultText, secret, unit } = field as { defaultText?: string; secret?: boolean; unit?: string };
  return {
    name,
    env: ENV_PREFIX + name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase(),
    values: describeValues(field, unit),
    defaultText: defaultText ?? (field.default === undefined ? '' : String(field.default)),
    description: field.description ?? '',
    isSecret: secret === true,
  };
});

function describeValues(field: z.core.JSONSchema.BaseSchema, unit: string | undefined): string {
  if (field.enum) return `one of ${field.enum.map((value) => `\`${value}\``).join(', ')}`;
  if (field.type === 'boolean') return '`true` or `false`';
  if (field.type === 'integer')
    return `a whole number from ${field.minimum} to ${field.maximum}${unit === undefined ? '' : ` ${unit}`}`;
  return 'text';
}

/**
 * Reads the configuration from environment variables. An empty variable counts as not set.
 * @param given what the command line says, which wins
 * @throws HooklineError `invalid_configuration` that lists every problem, unknown `HOOKLINE_…` names included
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env, given: { readonly role?: string | undefined } = {}): Config {
  const problems: ConfigurationProblem[] = [];
  const options: Record<string, unknown> = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(ENV_PREFIX) || text === undefined || text === '') continue;
    const field = CONFIG_FIELDS.find((known) => known.env === name);
    if (field) options[field.name] = readText(field, text);
    else problems.push(unknownName(name, (known) => known.env));
  }
  if (given.role !== undefined) options.role = given.role;
  return check(options, problems, (field) => field.env);
}

/**
 * Checks options given in code with the same schema.
 * @throws HooklineError `invalid_configuration` that lists every problem, unknown names included
 */
export function parseOptions(options: ConfigOptions): Config {
  const problems: ConfigurationProblem[] = [];
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) {
    if (Object.hasOwn(fields, name)) known[name] = value;
    else problems.push(unknownName(name, (field) => field.name));
  }
  return check(known, problems, (field) => field.name);
}

/** The same configuration for the port that the server really got; a public address derived from the old one follows. */
export function withPort(config: Config, port: number): Config {
  const isDerived = config.publicUrl === defaultPublicUrl(config.host, config.port);
  return parseOptions({ ...config, port, publicUrl: isDerived ? undefined : config.publicUrl });
}

/** Whether somebody who looks for a bug asked for stacks, also when the rest of the configuration is wrong. */
export function wantsStacks(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.HOOKLINE_LOG_LEVEL === 'debug';
}

/** The configuration for reading: no secrets, and no password in the database's URL. */
export function describeConfig(config: Config): Record<string, unknown> {
  const shown = CONFIG_FIELDS.map((field): [string, unknown] => {
    const value = config[field.name as keyof Config];
    if (field.isSecret) return [field.name, value === undefined ? '(not set)' : '(set)'];
    if (field.name === 'databaseUrl') return [field.name, String(value).replace(/\/\/[^@/]*@/, '//***@')];
    return [field.name, value];
  });
  return Object.fromEntries(shown);
}

/** The path of a `sqlite:` database file, or undefined for other databases. */
export function sqlitePath(databaseUrl: string): string | undefined {
  return databaseUrl.startsWith('sqlite:') ? databaseUrl.slice('sqlite:'.length) : undefined;
}

function check(
  options: Record<string, unknown>,
  problems: ConfigurationProblem[],
  nameOf: (field: ConfigField) => string,
): Config {
  const result = schema.safeParse(options);
  for (const issue of result.error?.issues ?? []) {
    const field = CONFIG_FIELDS.find((known) => known.name === issue.path[0]);
    if (field) problems.push({ name: nameOf(field), message: explain(field, issue, options[field.name]) });
  }
  if (result.success && needsSharedKey(result.data)) {
    const [key, file] = ['secretKey', 'secretKeyFile'].map((name) => CONFIG_FIELDS.find((field) => field.name === name));
    const remedy = `Make one with \`openssl rand -hex 32\` and give it to all, here or in ${file && nameOf(file)}`;
    const message = `is missing: processes that share a database need the same key, so none is made up. ${remedy}`;
    if (key) problems.push({ name: nameOf(key), message });
  }
  if (problems.length > 0 || !result.success) {
    const list = problems.map(({ name, message }) => `\n  ${name} ${message}`).join('');
    const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`;
    throw new HooklineError('invalid_configuration', `The configuration has ${count}:${list}`, { details: { problems } });
  }
  const config = result.data;
  return Object.freeze({
    ...config,
    publicUrl: config.publicUrl ?? defaultPublicUrl(config.host, config.port),
    secretKeyFile: config.secretKeyFile ?? join(dirname(sqlitePath(config.databaseUrl) ?? 'data/hookline.db'), 'secret.key'),
  });
}

/** A key file that each machine makes for itself would differ from machine to machine. */
function needsSharedKey({ role, databaseUrl, secretKey, secretKeyFile }: z.output<typeof schema>): boolean {
  return role !== 'all' && sqlitePath(databaseUrl) === undefined && secretKey === undefined && secretKeyFile === undefined;
}

/** Numbers and switches as values; what cannot be read stays text, and the schema refuses it. */
function readText(field: ConfigField, text: string): unknown {
  const type = JSON_FIELDS[field.name];
  const kind = typeof type === 'object' ? type.type : undefined;
  if (kind === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

function explain(field: ConfigField, issue: z.core.$ZodIssue, value: unknown): string {
  const isOwnSentence = issue.code === 'custom' || issue.code === 'invalid_format' || field.isSecret;
  const sentence = isOwnSentence && /^(must|names) /.test(issue.message) ? issue.message : `must be ${field.values}`;
  // Such a sentence has the wrong part in it.
  if (sentence.startsWith('names ')) return sentence;
  const mayShow = !field.isSecret && !field.name.endsWith('Url') && ['string', 'number', 'boolean'].includes(typeof value);
  return mayShow ? `${sentence}, not ${JSON.stringify(value).slice(0, 80)}` : sentence;
}

function defaultPublicUrl(host: string, port: number): string {
  const isEverywhere = host === '0.0.0.0' || host === '::';
  const name = isEverywhere ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

function unknownName(name: string, nameOf: (field: ConfigField) => string): ConfigurationProblem {
  // What all names begin with would make any two of them alike.
  const start = name.startsWith(ENV_PREFIX) ? ENV_PREFIX : '';
  const known = CONFIG_FIELDS.map((field) => nameOf(field).slice(start.length));
  const nearest = nearestNames(name.slice(start.length), known, 1)[0];
  return { name, message: nearest === undefined ? 'is not known' : `is not known; did you mean ${start}${nearest}?` };
}
