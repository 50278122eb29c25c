// Says what is wrong with an endpoint before it is saved: all of it at once, each with its place.

import type { z } from 'zod';
import { checkConfig } from '../engine/config-problems.ts';
import type { Problem } from '../engine/model.ts';
import {
  type EndpointConfig,
  type EndpointSecrets,
  endpointConfigSchema,
  type SignatureProfile,
} from '../engine/outbound-model.ts';
import { compilePath, formatPath } from '../engine/path.ts';
import type { ExpressionEvaluator } from '../engine/ports.ts';
import { type ErrorCode, HooklineError } from '../errors.ts';
import { headerFault } from './guard/outgoing-request.ts';
import { keyFault, secretFault } from './signing/keys.ts';
import { schemeOf } from './signing/profiles.ts';
import { validateProfiles } from './signing/validate-profiles.ts';
import { type Catalogue, isSubscribed } from './subscriptions.ts';

export interface EndpointChecks {
  readonly evaluator: Pick<ExpressionEvaluator, 'check'>;
  /** What is wrong with a URL, as a sentence; undefined when it may be tried. See `createUrlProblem`. */
  urlProblem(url: string): string | undefined;
}

/** More problems help nobody. */
const MAX_PROBLEMS = 100;
/** Says what the body is and how it comes; the sender's own. */
const BODY_HEADER = /^(content-.*|webhook-.*)$/;

export function problem(path: string, code: string, message: string, severity: Problem['severity'] = 'error'): Problem {
  return { path, code, message, severity };
}

/** An error with this code that has the problems as `details`. */
export function problemsError(code: ErrorCode, what: string, problems: readonly Problem[]): HooklineError {
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `;
  const reason = first === undefined ? '' : `: ${where}${first.message.replace(/\.$/, '')}${more}`;
  return new HooklineError(code, `${what} is not valid${reason}.`, { details: { problems: problems.slice(0, MAX_PROBLEMS) } });
}

/** Parses with a schema; what does not fit becomes problems. */
export function parseWith<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
): { readonly value: z.output<Schema> | undefined; readonly problems: readonly Problem[] } {
  const { findings, parsed } = checkConfig(schema, input, { isTemplate: () => false, isWriteOnly: () => false });
  const problems = findings.map(({ segments, code, message }) => problem(formatPath(segments), code, message));
  return { value: problems.length === 0 ? (parsed as z.output<Schema>) : undefined, problems };
}

export function parseEndpointConfig(input: unknown) {
  return parseWith(endpointConfigSchema, input);
}

/** @param options.isNewSecret whether the secret was just typed in: what is wrong with it is then said of it */
export async function findEndpointProblems(
  config: EndpointConfig,
  secrets: EndpointSecrets,
  catalogue: Catalogue,
  checks: EndpointChecks,
  options: { readonly isNewSecret: boolean },
): Promise<Problem[]> {
  const ofSecret = options.isNewSecret ? secretProblems(secrets.secret, config.profiles) : [];
  const ofProfiles = ofSecret.length > 0 ? [] : validateProfiles(config.profiles, secrets);
  return [
    ...urlProblems(config.url, checks),
    ...headerProblems(config),
    ...ofSecret,
    ...ofProfiles.map(({ path, message }) => problem(path, 'invalid_profile', message)),
    ...(await envelopeProblems(config, checks)),
    ...orderingProblems(config),
    ...versionProblems(config, catalogue),
    ...durationProblems(config),
  ];
}

/** Each profile that signs with the endpoint's secret says how it wants it written. */
export function secretProblems(secret: string, profiles: readonly SignatureProfile[]): Problem[] {
  const faults = profiles.filter(usesEndpointSecret).flatMap((profile) => secretFault(secret, profile) ?? []);
  // It is kept also when no profile uses it now.
  const [first = keyFault(secret, 'text')] = faults;
  return first === undefined ? [] : [problem('secret', 'invalid_secret', first)];
}

/** Whether a profile signs with the endpoint's secret: not with a key of its own, nor with the key pair. */
export function usesEndpointSecret(profile: SignatureProfile): boolean {
  return 'secret' in profile ? profile.secret === undefined : profile.type !== 'standard-v1a';
}

function urlProblems(url: string, checks: EndpointChecks): Problem[] {
  const fault = checks.urlProblem(url);
  return fault === undefined ? [] : [problem('url', 'invalid_url', fault)];
}

/** Headers that cannot be sent, that the sender or a signature sets itself, or that are given twice. */
export function headerProblems({
  headers,
  secretHeaders,
  profiles,
}: Pick<EndpointConfig, 'headers' | 'secretHeaders' | 'profiles'>): Problem[] {
  const signing = new Set(
    profiles.flatMap((profile) => {
      const { header, companions } = schemeOf(profile);
      return [header, ...Object.keys(companions)].map((name) => name.toLowerCase());
    }),
  );
  const seen = new Set<string>();
  const judge = (list: 'headers' | 'secretHeaders', index: number, name: string, value: string): Problem[] => {
    const place = `${list}[${index}]`;
    const key = name.toLowerCase();
    if (BODY_HEADER.test(key)) return [problem(`${place}.name`, 'invalid_header', `the header ${key} is set by the sender`)];
    if (signing.has(key)) return [problem(`${place}.name`, 'invalid_header', `the header ${key} is set by a signature profile`)];
    const fault = headerFault(name, value);
    if (fault !== undefined) return [problem(place, 'invalid_header', fault)];
    if (seen.has(key)) return [problem(`${place}.name`, 'invalid_header', `the header ${key} is given twice`)];
    seen.add(key);
    return [];
  };
  return [
    ...headers.flatMap(({ name, value }, index) => judge('headers', index, name, value)),
    ...secretHeaders.flatMap(({ name, value }, index) => judge('secretHeaders', index, name, value)),
  ];
}

async function envelopeProblems({ envelope }: EndpointConfig, { evaluator }: EndpointChecks): Promise<Problem[]> {
  if (envelope.type !== 'jsonata') return [];
  const fault = await evaluator.check('jsonata', envelope.expression);
  return fault === undefined ? [] : [problem('envelope.expression', 'invalid_expression', fault)];
}

function orderingProblems({ ordering }: EndpointConfig): Problem[] {
  if (ordering.type !== 'key') return [];
  try {
    compilePath(ordering.path);
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return [problem('ordering.path', error.code, error.message)];
  }
  return [];
}

function versionProblems(config: EndpointConfig, catalogue: Catalogue): Problem[] {
  return Object.entries(config.versions).flatMap(([name, version]) => {
    // What it does not get needs no version, and loses it.
    if (!isSubscribed(config.eventTypes, name)) return [];
    const versions = catalogue.get(name);
    const path = formatPath(['versions', name]);
    if (versions === undefined) return [problem(path, 'unknown_event_type', `the catalogue has no event type ${name}`)];
    if (versions.some((known) => known.version === version)) return [];
    const known = versions.map((one) => one.version).join(', ');
    return [problem(path, 'unknown_version', `${name} has no version ${version}; it has ${known}`)];
  });
}

/** Of lengths that only make sense together. */
function durationProblems({ retry }: EndpointConfig): Problem[] {
  if (retry.type !== 'exponential' || retry.maxDelayMs >= retry.firstDelayMs) return [];
  return [problem('retry.maxDelayMs', 'invalid_value', 'must not be shorter than firstDelayMs')];
}
