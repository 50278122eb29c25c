// Pure: reads an outgoing request and refuses what could smuggle something past the guard or the receiver.

import { createBoundedCache, setBounded } from '../../engine/bounded-cache.ts';
import type { OutgoingRequest } from '../../engine/plugin.ts';
import { HooklineError } from '../../errors.ts';
import type { Destination } from './targets.ts';

/** Token of RFC 9110, section 5.6.2: names of headers and methods. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,200}$/;
/** RFC 9110, section 5.5, with Latin-1: no line break and no other control character but the tab. */
const FIELD_VALUE = /^[\t\x20-\x7e\xa0-\xff]*$/;

/** What frames the message or speaks of the connection, and what decides who is meant, belongs to the sender. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Characters of all header names and values; receivers seldom take more than 8 to 16 KiB. */
const MAX_HEADERS_SIZE = 32 * 1024;
const MAX_URL_LENGTH = 16 * 1024;

/** A request that may be sent, once its address is known to be allowed. */
export interface ReadRequest extends Destination {
  /** As `URL.origin`. */
  readonly origin: string;
  /** Path and query. */
  readonly path: string;
  readonly isSecure: boolean;
  readonly method: string;
  /** Names in lower case and values, by turns. */
  readonly headers: readonly string[];
  readonly body: string | Uint8Array | undefined;
}

/** Whether a header, in lower case, frames the message or speaks of the connection: nobody but the sender sets it. */
export function isOwnHeader(key: string): boolean {
  return OWN_HEADERS.has(key) || key.startsWith('proxy-');
}

/** Why a header cannot be sent, as a sentence without its value; undefined when it can. */
export function headerFault(name: string, value: string): string | undefined {
  if (!TOKEN.test(name)) return `${JSON.stringify(name.slice(0, 100))} cannot be a header name (RFC 9110 token)`;
  const key = name.toLowerCase();
  if (isOwnHeader(key)) return `the header ${key} is set by the sender; take it out`;
  if (FIELD_VALUE.test(value)) return undefined;
  return `the value of the header ${key} has a line break, a control character or a character outside Latin-1`;
}

/** Why a URL cannot be called, as a sentence that repeats nothing of it; undefined when it can. */
export function urlFault(text: string): string | undefined {
  if (text.length > MAX_URL_LENGTH) return `the URL is longer than ${MAX_URL_LENGTH} characters`;
  if (!URL.canParse(text)) return 'the URL is not a complete one, such as https://example.com/path';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'the URL must begin with https:// or http://';
  if (url.username === '' && url.password === '') return undefined;
  return 'the URL holds credentials (user:password@); give them as authentication instead';
}

/** Where a URL leads to. */
type ReadUrl = Pick<ReadRequest, 'origin' | 'host' | 'port' | 'path' | 'isSecure'>;

/** URLs that are remembered: an endpoint is called with the same one again and again. */
const MAX_URLS = 2_000;
/** Names of headers that are remembered. */
const MAX_NAMES = 1_000;

/**
 * @param defaults headers, in lower case, of requests that do not bring them
 * @returns a function that reads requests; it throws HooklineError `request_failed`, which repeats no value of the request
 */
export function createRequestReader(defaults: Readonly<Record<string, string>>): (request: OutgoingRequest) => ReadRequest {
  const ownHeaders = Object.entries(defaults);
  const urls = createBoundedCache(MAX_URLS, readUrl);
  /** Names without fault, and their form in lower case. */
  const names = new Map<string, string>();

  function readHeader(name: string, value: string): string {
    const known = names.get(name);
    if (known !== undefined && FIELD_VALUE.test(value)) return known;
    refuse(headerFault(name, value));
    const key = name.toLowerCase();
    setBounded(names, name, key, MAX_NAMES);
    return key;
  }

  return ({ url, method = 'GET', headers: given = {}, body }) => {
    const target = urls.get(url);
    const isUsual = method === 'POST' || method === 'GET';
    refuse(isUsual || (TOKEN.test(method) && method !== 'CONNECT') ? undefined : 'the method cannot be used');
    const headers: string[] = [];
    let size = 0;
    for (const name of Object.keys(given)) {
      const value = given[name] ?? '';
      const key = readHeader(name, value);
      if (hasHeader(headers, key)) refuse(`the header ${key} is given twice`);
      headers.push(key, value);
      size += name.length + value.length;
    }
    for (const [key, value] of ownHeaders) if (!hasHeader(headers, key)) headers.push(key, value);
    if (size > MAX_HEADERS_SIZE) {
      refuse(`the headers have more than ${MAX_HEADERS_SIZE} characters; send large values in the body`);
    }
    return { ...target, method: isUsual ? method : method.toUpperCase(), headers, body };
  };
}

/** They are few: looking through them is faster than a set. */
function hasHeader(headers: readonly string[], key: string): boolean {
  for (let index = 0; index < headers.length; index += 2) if (headers[index] === key) return true;
  return false;
}

/** Where a URL leads. @throws HooklineError `request_failed` with what `urlFault` says */
export function readUrl(text: string): ReadUrl {
  refuse(urlFault(text));
  const url = new URL(text);
  const isSecure = url.protocol === 'https:';
  return {
    origin: url.origin,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? (isSecure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    isSecure,
  };
}

function refuse(fault: string | undefined): void {
  if (fault !== undefined) throw new HooklineError('request_failed', `The request cannot be sent: ${fault}.`);
}
