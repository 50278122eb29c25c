// The trigger "Webhook event": a URL of the workflow's own that another system POSTs JSON to.

import { parseJson } from '../../engine/json.ts';
import { isJsonPath } from '../../engine/json-path.ts';
import type { Reply } from '../../engine/model.ts';
import { appendSegment, compilePath, formatPath, joinPaths } from '../../engine/path.ts';
import { type ConfigProblem, defineTrigger, type IncomingRequest } from '../../engine/plugin.ts';
import { parseQuery } from '../../engine/query.ts';
import { buildReply, checkReply, replyConfigSchema } from '../../engine/reply.ts';
import { say } from '../../engine/say.ts';
import { isSecretHeader } from '../../engine/stored-request.ts';
import { HooklineError } from '../../errors.ts';
import { basicHeader, createBasicAuth } from './basic-auth.ts';
import { type PathVariable, type WebhookConfig, webhookConfigSchema } from './schema.ts';
import { compileHeaders, compilePart } from './variables.ts';

export const webhookTrigger = defineTrigger<WebhookConfig>({
  type: 'webhook',
  title: 'Webhook event',
  description: 'Starts when another system sends a POST request with JSON to the URL of this workflow.',
  config: webhookConfigSchema,

  check(config, { mode }) {
    const problems: ConfigProblem[] = [
      ...checkReply(config.response ?? {}).map((found) => ({ ...found, path: `response.${found.path}` })),
      ...checkPaths('query', config.query),
      ...checkPaths('body', config.body),
      ...checkHeaders(config),
    ];
    if (mode === 'sync' && config.response !== undefined) {
      problems.push({
        path: 'response',
        code: 'not_used',
        ...say('field.responseNotUsed'),
        severity: 'warning',
      });
    }
    return problems;
  },

  aliases({ headers, query, body }) {
    const pathOf = ({ path, name }: PathVariable): string => name ?? normalPath(path);
    return [
      ...headers.map(({ name, alias }) => ({ path: appendSegment('headers', name.toLowerCase()), alias })),
      ...query.map((variable) => ({ path: joinPaths('query', pathOf(variable)), alias: variable.alias })),
      ...body.map((variable) => ({ path: joinPaths('body', pathOf(variable)), alias: variable.alias })),
    ].flatMap(({ path, alias }) => (alias === undefined || alias === '' ? [] : [{ path, alias }]));
  },

  create(config, tools) {
    const { auth } = config;
    const password = auth && readPassword(tools.secret(auth.password));
    const checkCredentials = auth && password && createBasicAuth(auth.username, password);
    const readHeaders = compileHeaders(config.headers);
    const readQuery = compilePart('query', config.query);
    const readBody = compilePart('body', config.body);
    const responseConfig = { status: 200, headers: [], body: 'ok', ...config.response };
    const response = tools.template(responseConfig);
    const fixedReply = response.isConstant ? toReply(responseConfig) : undefined;

    return {
      maxBodyBytes: config.maxBodyBytes,
      deadlineMs: config.deadlineMs,

      // What a caller must prove before the body is read stands here, cheapest first.
      admit(head) {
        const { authorization } = head.headers;
        checkCredentials?.(typeof authorization === 'string' ? authorization : undefined);
      },

      checksCredentials: auth !== undefined,
      callerHeaders: () => (auth && password ? { authorization: basicHeader(auth.username, password()) } : {}),

      // What needs the exact bytes stands here.
      verify: requireJson,

      parse(request) {
        const start = request.url.indexOf('?');
        const query = parseQuery(start === -1 ? '' : request.url.slice(start + 1));
        const body = request.body === '' ? undefined : parseJson(request.body);
        return { context: { headers: readHeaders(request.headers), query: readQuery(query), body: readBody(body) }, body };
      },

      reply(scope) {
        return fixedReply ?? toReply(response.render(scope));
      },
    };
  },
});

/** A caller who is to be let in or not need not hear which secret is missing; the server's log says it. */
function readPassword(read: () => string): () => string {
  return () => {
    try {
      return read();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new HooklineError('internal', `The Basic password of a workflow cannot be read. ${reason}`, { cause: error });
    }
  };
}

/** @throws HooklineError `invalid_reply` */
function toReply(config: unknown): Reply {
  const { data, error } = replyConfigSchema.safeParse(config);
  if (data) return buildReply(data);
  const [issue] = error.issues;
  throw new HooklineError(
    'invalid_reply',
    `The response, ${formatPath(issue?.path ?? [])}: ${issue?.message ?? 'cannot be sent'}`,
  );
}

/** An empty body needs no type; anything else must say that it is JSON (RFC 8259, RFC 6839). */
function requireJson({ headers, rawBody }: IncomingRequest): void {
  if (rawBody.byteLength === 0) return;
  const type = headers['content-type'];
  if (typeof type === 'string' && /^\s*application\/(?:[a-z0-9!#$&^_.+-]+\+)?json\s*(?:;|$)/i.test(type)) return;
  throw new HooklineError(
    'unsupported_media_type',
    `The body must be JSON: send "Content-Type: application/json"${typeof type === 'string' ? ` instead of "${type.slice(0, 100)}"` : ''}.`,
    { headers: { Accept: 'application/json' } },
  );
}

function checkPaths(part: 'query' | 'body', variables: readonly PathVariable[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const [index, variable] of variables.entries()) {
    const place = `${part}[${index}]`;
    if (isJsonPath(variable.path) && variable.name === undefined) {
      problems.push({ path: `${place}.name`, code: 'name_needed', ...say('field.nameForJsonPath') });
    }
    try {
      compilePart(part, [variable]);
      // A default must have a place to stand in; trying it once finds an index that is too high.
      if (variable.default !== undefined && !isJsonPath(variable.path)) compilePart(part, [variable])(undefined);
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
      problems.push({ path: `${place}.path`, code: error.code, message: error.message, text: error.text });
    }
    const name = variable.name ?? normalPath(variable.path);
    if (seen.has(name)) problems.push({ path: place, code: 'duplicate', ...say('field.listedTwice', { name }) });
    seen.add(name);
  }
  return problems;
}

/** A path that does not compile has its own problem already. */
function normalPath(path: string): string {
  try {
    return compilePath(path).segments.join('.');
  } catch (error) {
    if (error instanceof HooklineError) return path;
    throw error;
  }
}

function checkHeaders({ headers }: WebhookConfig): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const seen = new Set<string>();
  for (const [index, { name }] of headers.entries()) {
    const key = name.toLowerCase();
    if (seen.has(key)) {
      problems.push({ path: `headers[${index}].name`, code: 'duplicate', ...say('field.listedTwice', { name }) });
    }
    seen.add(key);
    if (isSecretHeader(key)) {
      problems.push({
        path: `headers[${index}].name`,
        code: 'secret_header',
        ...say('field.secretHeader', { name }),
        severity: 'warning',
      });
    }
  }
  return problems;
}
