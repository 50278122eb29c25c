// The HTTP request: calls another system and makes its answer the node's result.

import { parseJson } from '../../engine/json.ts';
import {
  type ConfigProblem,
  defineNode,
  type NodeContext,
  type OutgoingRequest,
  type OutgoingResponse,
} from '../../engine/plugin.ts';
import { type Said, say } from '../../engine/say.ts';
import { hasTemplate } from '../../engine/template.ts';
import { HooklineError } from '../../errors.ts';
import { type HttpRequestConfig, httpRequestConfigSchema } from './schema.ts';
import { basicCredentials, createRedactor } from './secrets.ts';

/** What may go wrong out there, as opposed to in the configuration. */
const FAILURES: ReadonlySet<string> = new Set([
  'address_not_allowed',
  'request_failed',
  'request_timeout',
  'response_too_large',
  'unexpected_status',
]);

/** Characters of an unsuccessful answer that its error repeats. */
const EXCERPT_LENGTH = 500;

export const httpRequestNode = defineNode<HttpRequestConfig>({
  type: 'http-request',
  title: 'HTTP request',
  description: 'Sends a request to another system. Its result is `ok`, `status`, `headers` and `body` of the answer.',
  config: httpRequestConfigSchema,
  hasEffect: true,
  sendsToTargetOnly: true,
  check: ({ url, headers, secretHeaders, auth }) => [
    ...checkUrl(url),
    ...checkHeaders(headers, secretHeaders, auth !== undefined),
  ],
  async run(context) {
    const { config, signal } = context;
    try {
      return { type: 'done', output: await call(context) };
    } catch (error) {
      const isOutside = error instanceof HooklineError && FAILURES.has(error.code);
      if (!isOutside || !config.ignoreFailure || signal.aborted) throw error;
      return { type: 'done', output: { ok: false, error: { code: error.code, message: error.message } } };
    }
  },
});

async function call(context: NodeContext<HttpRequestConfig>): Promise<unknown> {
  const { config } = context;
  const request = makeRequest(config, context.idempotencyKey);
  const response = await context.fetch(request);
  const { status } = response;
  const redact = createRedactor(config);
  const headers = Object.fromEntries(Object.entries(response.headers).map(([name, value]) => [redact(name), redact(value)]));
  const ok = config.successStatuses ? config.successStatuses.includes(status) : status >= 200 && status < 300;
  const body = readBody(response, redact);
  if (ok || config.ignoreFailure) return { ok, status, headers, body };
  const hint = status >= 300 && status < 400 ? '; redirects are not followed' : '';
  throw new HooklineError('unexpected_status', `${new URL(request.url).hostname} answered with status ${status}${hint}.`, {
    details: { status, body: (typeof body === 'string' ? body : JSON.stringify(body)).slice(0, EXCERPT_LENGTH) },
  });
}

/** @throws HooklineError `request_failed` for a URL, `invalid_config` for a body that cannot be sent */
function makeRequest(config: HttpRequestConfig, idempotencyKey: string): OutgoingRequest {
  const { method, url, query, auth, timeoutMs, maxResponseBytes } = config;
  const headers: Record<string, string> = {};
  const names = new Set<string>();
  const add = (name: string, value: string): void => {
    if (names.has(name.toLowerCase())) return;
    names.add(name.toLowerCase());
    headers[name] = value;
  };
  for (const { name, value } of [...config.headers, ...config.secretHeaders]) {
    if (value !== undefined && value !== null) add(name, String(value));
  }
  if (auth) add('Authorization', auth.type === 'bearer' ? `Bearer ${auth.token}` : `Basic ${basicCredentials(auth)}`);
  add('Idempotency-Key', idempotencyKey);
  const content = makeBody(config.body);
  if (content) add('Content-Type', content.type);
  return {
    url: query.length === 0 ? url : withQuery(url, query),
    method,
    headers,
    maxResponseBytes,
    ...(content ? { body: content.text } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

function makeBody(body: HttpRequestConfig['body']): { readonly type: string; readonly text: string } | undefined {
  switch (body.type) {
    case 'none':
      return undefined;
    case 'json':
      return { type: 'application/json', text: JSON.stringify(body.value ?? null) };
    case 'form':
      return { type: 'application/x-www-form-urlencoded', text: encode(body.fields) };
    case 'text':
      return { type: body.contentType ?? 'text/plain; charset=utf-8', text: String(body.value ?? '') };
  }
}

/** What stands in the URL stays as it is written. */
function withQuery(url: string, query: HttpRequestConfig['query']): string {
  if (!URL.canParse(url))
    throw new HooklineError('request_failed', 'The URL is not a complete one, such as https://example.com/path.');
  const parsed = new URL(url);
  const added = encode(query);
  if (added !== '') parsed.search = parsed.search === '' ? added : `${parsed.search}&${added}`;
  return parsed.href;
}

function encode(pairs: HttpRequestConfig['query']): string {
  const given = pairs.flatMap(({ name, value }): [string, string][] =>
    value === undefined || value === null ? [] : [[name, String(value)]],
  );
  return new URLSearchParams(given).toString();
}

/** JSON as its value, text as text, anything else as `{ base64 }`, in which a secret is replaced, too. JSON that is wrong is text. */
function readBody({ headers, body }: OutgoingResponse, redact: (text: string) => string): unknown {
  const type = (headers['content-type'] ?? '').toLowerCase();
  if (body.byteLength === 0) return '';
  const isJson = /^\s*application\/(?:[^;\s]+\+)?json\s*(?:;|$)/.test(type);
  const isText = /^\s*(?:text\/|application\/(?:[^;\s]+\+)?(?:xml|javascript|x-www-form-urlencoded)\s*(?:;|$))/.test(type);
  if (!isJson && !isText) return { base64: redact(Buffer.from(body).toString('base64')) };
  const text = redact(decode(body, /charset="?([^\s";]+)/.exec(type)?.[1]));
  if (!isJson) return text;
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof HooklineError) return text;
    throw error;
  }
}

function decode(body: Uint8Array, charset = 'utf-8'): string {
  try {
    return new TextDecoder(charset).decode(body);
  } catch (error) {
    if (error instanceof RangeError) return new TextDecoder().decode(body);
    throw error;
  }
}

/** What can be said of a URL before its templates are filled in. */
function checkUrl(url: string): ConfigProblem[] {
  const wrong = (said: Said): ConfigProblem[] => [{ path: 'url', code: 'invalid_url', ...said }];
  if (url.trimStart().startsWith('{{')) return [];
  if (!/^https?:\/\//i.test(url)) return wrong(say('url.scheme'));
  if (/^https?:\/\/[^/?#]*@/i.test(url)) return wrong(say('url.credentials'));
  return hasTemplate(url) || URL.canParse(url) ? [] : wrong(say('url.incomplete'));
}

function checkHeaders(
  headers: HttpRequestConfig['headers'],
  secretHeaders: HttpRequestConfig['secretHeaders'],
  hasAuth: boolean,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set(hasAuth ? ['authorization'] : []);
  const look = (list: string, items: readonly { readonly name: string }[]): void => {
    for (const [index, { name }] of items.entries()) {
      const path = `${list}[${index}].name`;
      const key = name.toLowerCase();
      if (hasTemplate(name)) continue;
      if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(key)) {
        problems.push({ path, code: 'invalid_header', ...say('header.name', { name: JSON.stringify(name) }) });
      } else if (/^(connection|content-length|expect|host|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/.test(key)) {
        problems.push({ path, code: 'invalid_header', ...say('header.own', { name: key }) });
      } else if (seen.has(key)) {
        problems.push({ path, code: 'duplicate', ...say('header.twice', { name: key }) });
      }
      seen.add(key);
    }
  };
  look('headers', headers);
  look('secretHeaders', secretHeaders);
  return problems;
}
