// Makes the reply that a flow answers with, and makes header injection impossible.

import { z } from 'zod';
import { HooklineError } from '../errors.ts';
import { isTooLarge, MAX_VALUE_SIZE } from './json-value.ts';
import { FORBIDDEN_NAMES, type Reply } from './model.ts';
import type { ConfigProblem } from './plugin.ts';
import { hasTemplate } from './template.ts';

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

/** What can be said of headers before templates are filled in: names and values that could never be sent. */
export function checkReply({ headers = [] }: { readonly headers?: readonly ReplyHeader[] | undefined }): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [index, { name, value }] of headers.entries()) {
    if (hasTemplate(name)) continue;
    try {
      buildReply({ headers: [{ name, value: typeof value === 'string' && hasTemplate(value) ? '' : value }] });
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
      problems.push({ path: `headers[${index}]`, code: error.code, message: error.message });
    }
  }
  return problems;
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
  if (!FIELD_VALUE.test(text)) {
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
