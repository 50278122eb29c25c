// The fields of the configuration: one zod schema, and what people are told of each field.

import { z } from 'zod';
import { parsePorts } from '../outbound/guard/targets.ts';
import {
  addressesSchema,
  ageSchema,
  hostsSchema,
  isPublicUrl,
  isSecretKey,
  MAX_TIMER_MS,
  proxiesSchema,
  refuseWeakToken,
  retentionSchema,
  targetsSchema,
  whole,
} from './values.ts';

/** The prefix of every environment variable that is ours. A name that starts with it and is not known stops the start. */
export const ENV_PREFIX = 'HOOKLINE_';

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
    .meta({
      description:
        'How callers reach this server; trigger URLs begin with it unless `HOOKLINE_HOOKS_URL` is set. The designer and the API answer by its host name.',
      defaultText: '`http://<host>:<port>`',
    }),
  hooksUrl: z
    .string()
    .refine(isPublicUrl, 'must be an http or https URL without query, fragment and credentials')
    .transform((url) => url.replace(/\/+$/, ''))
    .optional()
    .meta({
      description:
        'An origin of their own for trigger and resume URLs: another host, or another port, than that of `HOOKLINE_PUBLIC_URL`. The designer and the API do not exist there, and trigger URLs exist nowhere else.',
      defaultText: '`http://<host>:<hooks port>` with a `HOOKLINE_HOOKS_PORT`, else none: one origin for both',
    }),
  hooksPort: whole(0, 65_535).optional().meta({
    description:
      'Second TCP port of `hookline start`, for trigger and resume URLs alone. Without it the `Host` of a request decides which origin it belongs to. `0` takes a free one.',
    defaultText: 'none',
  }),
  allowedHosts: hostsSchema.prefault('').meta({
    description:
      'Further host names that the designer and the API answer by, separated by commas (`hookline.internal,*.cluster.local`), beside that of `HOOKLINE_PUBLIC_URL` and loopback names. Others get 421; trigger URLs are not affected.',
  }),
  adminAddresses: proxiesSchema.prefault('').meta({
    description:
      'From where the designer, the API and `/metrics` can be reached, separated by commas: addresses, CIDR blocks, `loopback`, `private`. Others get 403; trigger and resume URLs, `/healthz` and `/readyz` are not affected. Empty: from everywhere.',
  }),
  prefix: z
    .string()
    .regex(/^((\/[A-Za-z0-9._~-]+)+)?$/, 'must be empty or a path such as `/automation`, without a `/` at its end')
    .default('')
    .meta({ description: 'Path under which every URL of Hookline lives.' }),
  trustedProxies: proxiesSchema.prefault('').meta({
    description:
      'Reverse proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host` are believed, separated by commas: addresses, CIDR blocks, `loopback`, `private` (`10.0.0.5,fd00::/8,loopback`). Empty: no proxy; in your own Koa app `app.proxy` decides then.',
  }),
  durability: z.enum(['full', 'normal']).default('full').meta({
    description:
      '`full` syncs the disk at every commit, so an acknowledged request survives a power cut; `normal` survives a killed process, and is faster.',
  }),
  adminToken: z.string().superRefine(refuseWeakToken).optional().meta({
    description:
      'Token of the admin API: at least 32 characters that nobody can guess, such as the output of `openssl rand -hex 32`. Without one the first start generates a token and prints it once.',
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
  otherSecretKeys: z
    .string()
    .refine(
      (text) => text.split(',').every((key) => key.trim() === '' || isSecretKey(key.trim())),
      'must be keys of 32 bytes in base64 or hex, separated by commas',
    )
    .optional()
    .meta({
      description:
        'Further keys that decrypt stored credentials and never encrypt, separated by commas: the keys before a rotation, or the next one until every process knows it.',
      secret: true,
    }),
  secretKeyFile: z.string().min(1).optional().meta({
    description:
      'File with that key; made at the first start. Back it up with the database. One key a line: the first encrypts, the others only decrypt.',
    defaultText: '`secret.key` beside the database file',
  }),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info').meta({
    description: 'The least important log lines that are written. `debug` also prints stacks of start-up errors.',
  }),
  metrics: z.enum(['public', 'token', 'off']).default('token').meta({
    description:
      'Who may read `/metrics`: everyone, holders of the admin token or of an API token with `metrics:read`, or nobody.',
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

/** Options with their defaults; unknown names are refused. */
export const configSchema = z.strictObject(fields);

/** The configuration as createHookline takes it: every field optional, defaults as in the README's table. */
export type ConfigOptions = z.input<typeof configSchema>;

/** The complete configuration, frozen. */
export type Config = Readonly<
  Omit<z.output<typeof configSchema>, 'publicUrl' | 'secretKeyFile'> & {
    publicUrl: string;
    /** Undefined: trigger and resume URLs are at the public URL. */
    hooksUrl?: string | undefined;
    secretKeyFile: string;
  }
>;

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
  /** As JSON Schema calls it; undefined for what several kinds of values are taken for. */
  readonly type: z.core.JSONSchema.BaseSchema['type'];
}

const JSON_FIELDS = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }).properties ?? {};

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
    type: field.type,
  };
});

function describeValues(field: z.core.JSONSchema.BaseSchema, unit: string | undefined): string {
  if (field.enum) return `one of ${field.enum.map((value) => `\`${value}\``).join(', ')}`;
  if (field.type === 'boolean') return '`true` or `false`';
  if (field.type === 'integer')
    return `a whole number from ${field.minimum} to ${field.maximum}${unit === undefined ? '' : ` ${unit}`}`;
  return 'text';
}
