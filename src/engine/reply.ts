// Makes the reply that a flow answers with, and makes header injection impossible.

import { z } from 'zod';
import { HooklineError } from '../errors.ts';
import { ALLOWED_HOSTS_SINCE, parseAllowedHost } from './allowed-hosts.ts';
import { isTooLarge, MAX_VALUE_SIZE } from './json-value.ts';
import { FORBIDDEN_NAMES, type Reply } from './model.ts';
import type { ConfigProblem } from './plugin.ts';
import { refuseReplyHeader } from './reply-headers.ts';
import { refuseWrittenLocation } from './reply-location.ts';
import { say } from './say.ts';
import { findTemplates, hasTemplate } from './template.ts';

/** Token of RFC 9110, section 5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** RFC 9110, section 5.5: visible characters, space, tab and, as one byte each, Latin-1. No other control character. */
const FIELD_VALUE = /^[\t\x20-\x7e\xa0-\xff]*$/;

/** What frames a message, or speaks of this connection, belongs to the server (RFC 9110, sections 6.6.1 and 7.6.1). */
const SERVER_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers whose repetition cannot be joined with a comma (RFC 9110, section 5.3), so that they are given once. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set(['content-type', 'location', 'set-cookie']);

/**
 * Characters of all header names and values of one reply. Common proxies give up at 4 to 8 KiB (nginx's `proxy_buffer_size`)
 * and clients at 16 KiB (Node), and then nobody sees why.
 */
const MAX_HEADERS_SIZE = 8 * 1024;

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';

/** One header; a value that is missing leaves the header out. */
export interface ReplyHeader {
  name: string;
  value?: string | number | boolean | null | undefined;
}

const headerSchema = z.strictObject({
  name: z.string().min(1).max(200).meta({ title: 'Name' }),
  value: z.union([z.string(), z.number(), z.boolean(), z.null()]).optional().meta({ title: 'Value' }),
});

/** Hosts that a `Location` with a template in its host may lead to. */
export const allowedHostsSchema = z.array(z.string().min(1).max(300)).max(100).optional().meta({
  title: 'Allowed hosts',
  description:
    'Hosts that a Location whose host comes from a template may lead to, such as shop.example.com, shop.example.com:8443 or *.example.com. An empty list allows only paths on this server.',
  advanced: true,
  emptyIsMeant: true,
  sinceMigration: ALLOWED_HOSTS_SINCE,
});

/** The configuration of a reply, as the response node and the webhook trigger have it. Default: 200, no headers, no body. */
export const replyConfigSchema = z.strictObject({
  // Coerced: a status that a template takes from a query string is text.
  status: z.coerce.number().int().min(200).max(599).default(200).meta({
    title: 'Status',
    description: 'HTTP status code, from 200 to 599.',
  }),
  headers: z.array(headerSchema).max(100).default([]).meta({ title: 'Headers' }),
  body: z.unknown().optional().meta({
    title: 'Body',
    description: 'Text is sent as it is; anything else as JSON. Without one the reply has no body.',
  }),
  allowedHosts: allowedHostsSchema,
});

/**
 * Makes a reply. `status` is 200 to 599 (default 200; 1xx cannot end an exchange). A `body` that is text is sent as it is, as
 * `text/plain` unless a `content-type` is given; null or undefined gives no body; anything else is sent as JSON. 204, 205 and
 * 304 never have a body (RFC 9110, section 15). A header given twice is joined with a comma.
 * @throws HooklineError `invalid_reply`, naming the header
 */
export function buildReply(config: {
  readonly status?: number | undefined;
  readonly headers?: readonly ReplyHeader[] | undefined;
  readonly body?: unknown;
}): Reply {
  const { status = 200, headers: given, body } = config;
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new HooklineError('invalid_reply', `The status must be a whole number from 200 to 599, not ${describe(status)}`);
  }
  const headers: Record<string, string> = {};
  let room = MAX_HEADERS_SIZE;
  if (given !== undefined) {
    for (let index = 0; index < given.length; index++) {
      const header = given[index];
      if (header === undefined) continue;
      room -= addHeader(headers, header);
      if (room < 0) {
        throw new HooklineError(
          'invalid_reply',
          `With ${header.name.toLowerCase()} the headers have more than ${MAX_HEADERS_SIZE} characters; send large values in the body`,
        );
      }
    }
  }
  if (body === undefined || body === null || status === 204 || status === 205 || status === 304) {
    return { status, headers, body: '' };
  }
  if (typeof body === 'string') {
    headers['content-type'] ??= TEXT_TYPE;
    return { status, headers, body };
  }
  headers['content-type'] ??= JSON_TYPE;
  return { status, headers, body: toJson(body) };
}

/** What can be said of a reply before templates are filled in: headers that could never be sent, or that a workflow may not set. */
export function checkReply(config: {
  readonly headers?: readonly ReplyHeader[] | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
}): ConfigProblem[] {
  const { headers = [], allowedHosts } = config;
  const problems: ConfigProblem[] = [];
  for (const [index, header] of headers.entries()) {
    const found = hasTemplate(header.name) ? undefined : checkHeader(header, allowedHosts);
    if (found) problems.push({ path: `headers[${index}]`, ...found });
  }
  for (const [index, entry] of (allowedHosts ?? []).entries()) {
    if (parseAllowedHost(entry) !== undefined) continue;
    problems.push({
      path: `allowedHosts[${index}]`,
      code: 'invalid_host',
      ...say('hosts.entry'),
    });
  }
  return problems;
}

function checkHeader({ name, value }: ReplyHeader, allowedHosts: unknown): Omit<ConfigProblem, 'path'> | undefined {
  const isTemplate = typeof value === 'string' && hasTemplate(value);
  try {
    buildReply({ headers: [{ name, value: isTemplate ? '' : value }] });
  } catch (error) {
    if (!(error instanceof HooklineError)) throw error;
    return { code: error.code, message: error.message };
  }
  if (value === undefined || value === null) return refuseReplyHeader(name.toLowerCase(), ' = ');
  const text = String(value);
  if (name.toLowerCase() === 'location') return refuseWrittenLocation(text, allowedHosts);
  return refuseReplyHeader(name.toLowerCase(), withoutTemplates(text));
}

/** With a plain word in place of each template. */
function withoutTemplates(text: string): string {
  let result = '';
  let at = 0;
  for (const { from, to } of findTemplates(text)) {
    result += `${text.slice(at, from)}x`;
    at = to;
  }
  return result + text.slice(at);
}

/** @returns its size in characters */
function addHeader(headers: Record<string, string>, header: ReplyHeader): number {
  const { value } = header;
  if (typeof header.name !== 'string' || !TOKEN.test(header.name)) {
    throw new HooklineError('invalid_reply', `${describe(header.name)} cannot be a header name (RFC 9110 token)`);
  }
  const name = header.name.toLowerCase();
  if (SERVER_HEADERS.has(name) || name.startsWith('proxy-')) {
    throw new HooklineError('invalid_reply', `The header ${name} is set by the server; take it out of the reply`);
  }
  if (FORBIDDEN_NAMES.has(name)) throw new HooklineError('invalid_reply', `${name} is a reserved name; give the header another`);
  if (value === undefined || value === null) return 0;
  const text = typeof value === 'string' ? value : headerText(name, value);
  // A `Location` that cannot be sent is left out of the reply later on, as one that leads elsewhere is.
  if (name !== 'location' && !FIELD_VALUE.test(text)) {
    throw new HooklineError(
      'invalid_reply',
      `The value of the header ${name} has a line break, a control character or a character outside Latin-1`,
    );
  }
  const before = headers[name];
  if (before !== undefined && SINGLE_HEADERS.has(name)) {
    throw new HooklineError('invalid_reply', `The header ${name} is given twice; it can be sent once`);
  }
  headers[name] = before === undefined ? text : `${before}, ${text}`;
  return name.length + text.length;
}

function headerText(name: string, value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new HooklineError('invalid_reply', `The value of the header ${name} must be text, a number, true or false`);
}

function toJson(body: unknown): string {
  let text: string | undefined;
  let isLarge: boolean;
  try {
    isLarge = isTooLarge(body);
    if (!isLarge) text = JSON.stringify(body);
  } catch (error) {
    throw new HooklineError('invalid_reply', 'The body cannot be written as JSON', { cause: error });
  }
  if (isLarge) throw new HooklineError('invalid_reply', `The body is larger than ${MAX_VALUE_SIZE} characters`);
  if (text === undefined) throw new HooklineError('invalid_reply', 'The body cannot be written as JSON');
  return text;
}

/** A value for a message, cut short. */
function describe(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 100)) : String(value);
}
