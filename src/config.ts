// The configuration, read from the environment (nobody else reads process.env) or from createHookline's options.

import { dirname, join } from 'node:path';
import type { z } from 'zod';
import { CONFIG_FIELDS, type Config, type ConfigField, type ConfigOptions, configSchema, ENV_PREFIX } from './config/fields.ts';
import { nearestNames } from './engine/nearest.ts';
import { HooklineError } from './errors.ts';

export { CONFIG_FIELDS, type Config, type ConfigOptions };

/** One thing that is wrong with the configuration. */
export interface ConfigurationProblem {
  /** The variable's or the option's name. */
  readonly name: string;
  readonly message: string;
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
    if (Object.hasOwn(configSchema.shape, name)) known[name] = value;
    else problems.push(unknownName(name, (field) => field.name));
  }
  return check(known, problems, (field) => field.name);
}

/** The same configuration for the ports that the server really got; public addresses derived from the old ones follow. */
export function withPort(config: Config, port: number, hooksPort = config.hooksPort): Config {
  const { host, publicUrl, hooksUrl } = config;
  return parseOptions({
    ...config,
    port,
    hooksPort,
    publicUrl: publicUrl === defaultPublicUrl(host, config.port) ? undefined : publicUrl,
    hooksUrl: hooksUrl === defaultHooksUrl(host, config.hooksPort) ? undefined : hooksUrl,
  });
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
  const result = configSchema.safeParse(options);
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
  if (result.success) {
    const problem = sameOriginProblem(result.data);
    const field = CONFIG_FIELDS.find((known) => known.name === problem?.name);
    if (problem && field) problems.push({ name: nameOf(field), message: problem.message });
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
    hooksPort: config.hooksPort,
    hooksUrl: config.hooksUrl ?? defaultHooksUrl(config.host, config.hooksPort),
    secretKeyFile: config.secretKeyFile ?? join(dirname(sqlitePath(config.databaseUrl) ?? 'data/hookline.db'), 'secret.key'),
  });
}

/** Two origins that a `Host` cannot tell apart are one. */
function sameOriginProblem(config: z.output<typeof configSchema>): ConfigurationProblem | undefined {
  const { host, port, hooksPort } = config;
  if (hooksPort !== undefined && hooksPort !== 0 && hooksPort === port) {
    return { name: 'hooksPort', message: `must be another port than the server's own, which is ${port}` };
  }
  const hooksUrl = config.hooksUrl ?? defaultHooksUrl(host, hooksPort);
  // Both ports are still to be found.
  if (hooksUrl === undefined || (config.hooksUrl === undefined && hooksPort === 0)) return undefined;
  const publicUrl = config.publicUrl ?? defaultPublicUrl(host, port);
  if (plainHost(hooksUrl) !== plainHost(publicUrl)) return undefined;
  return {
    name: config.hooksUrl === undefined ? 'hooksPort' : 'hooksUrl',
    message: 'must have another host, or another port, than the public URL: otherwise it is no origin of its own',
  };
}

/** As a `Host` names it: without the default port, and without a dot at the end of the name. */
function plainHost(url: string): string {
  const { hostname, port } = new URL(url);
  return `${hostname.replace(/\.$/, '')}:${port}`;
}

/** A key file that each machine makes for itself would differ from machine to machine. */
function needsSharedKey({ role, databaseUrl, secretKey, secretKeyFile }: z.output<typeof configSchema>): boolean {
  return role !== 'all' && sqlitePath(databaseUrl) === undefined && secretKey === undefined && secretKeyFile === undefined;
}

/** Numbers and switches as values; what cannot be read stays text, and the schema refuses it. */
function readText(field: ConfigField, text: string): unknown {
  if (field.type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (field.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
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

function defaultHooksUrl(host: string, hooksPort: number | undefined): string | undefined {
  return hooksPort === undefined ? undefined : defaultPublicUrl(host, hooksPort);
}

function unknownName(name: string, nameOf: (field: ConfigField) => string): ConfigurationProblem {
  // What all names begin with would make any two of them alike.
  const start = name.startsWith(ENV_PREFIX) ? ENV_PREFIX : '';
  const known = CONFIG_FIELDS.map((field) => nameOf(field).slice(start.length));
  const nearest = nearestNames(name.slice(start.length), known, 1)[0];
  return { name, message: nearest === undefined ? 'is not known' : `is not known; did you mean ${start}${nearest}?` };
}
