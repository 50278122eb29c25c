// Test calls: a workflow is called as its trigger URL would be, from inside, by somebody who is signed in.

import { validateHeaderName, validateHeaderValue } from 'node:http';
import { type Captures, captured } from '../engine/captures.ts';
import { type CompiledWorkflow, isHttpTrigger } from '../engine/compile.ts';
import { concealExecution } from '../engine/concealed-execution.ts';
import type { Engine } from '../engine/engine.ts';
import type { ExecutionWithJobs, Reply } from '../engine/model.ts';
import type { Log, RequestHead } from '../engine/plugin.ts';
import { NO_SECRETS, type SecretVault } from '../engine/secret-vault.ts';
import { toStoredRequest } from '../engine/stored-request.ts';
import { HooklineError } from '../errors.ts';
import { toText } from './body-tap.ts';
import type { Metrics } from './metrics.ts';
import { errorAnswer } from './middleware/errors.ts';
import type { ReplyHeaders } from './reply-headers.ts';
import { inflateBody } from './request-body.ts';
import { replyHeaders } from './routes/hooks.ts';
import { createTriggerCall, type TriggerCallOptions } from './trigger-call.ts';

/** What a person types to call a workflow. */
export interface TestCall {
  readonly headers: Readonly<Record<string, string>>;
  /** With or without `?`. */
  readonly query: string;
  /** As it is sent. */
  readonly body: string;
  /** Of a body that is not empty, unless the headers say so themselves. */
  readonly contentType: string;
  /** Whether the credentials that the workflow asks for are added, unless there is an `Authorization` already. */
  readonly authenticate: boolean;
}

export interface TestCallResult {
  readonly reply: Reply;
  readonly durationMs: number;
  /** Null when the call was refused. */
  readonly executionId: string | null;
  /** The workflow is disabled: it was run by hand, and nobody looked at credentials, media type and limits. */
  readonly skippedChecks: boolean;
}

/** @throws HooklineError `workflow_not_found`, `conflict` when it is not called over HTTP, `invalid_request` for such headers */
export type CallWorkflow = (
  workflow: { readonly id: string; readonly hookKey: string },
  call: TestCall,
) => Promise<TestCallResult>;

export interface HookCallsOptions extends Pick<TriggerCallOptions, 'throttle'> {
  readonly engine: Pick<Engine, 'find' | 'accept' | 'run'>;
  /** Where callers reach the trigger URLs: `https://hooks.example.com/automation`. */
  readonly baseUrl: string;
  /** What every answer there carries. */
  readonly replyHeaders: ReplyHeaders;
  readonly maxBodyBytes: number;
  readonly metrics: Pick<Metrics, 'countTrigger'>;
  readonly captures: Pick<Captures, 'isWanted' | 'add'>;
  /** Default: there are no secrets. */
  readonly vault?: Pick<SecretVault, 'current'> | undefined;
  readonly log: Log;
}

/** What belongs to a connection, and there is none; the length is counted. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
/** Of the reply's body. */
const MAX_REPLY_BYTES = 1024 * 1024;

export function createHookCalls(options: HookCallsOptions): CallWorkflow {
  const { engine, metrics, captures, vault = NO_SECRETS, log } = options;
  const callTrigger = createTriggerCall(options);
  const { host, pathname } = new URL(options.baseUrl);

  /** As if it had come over the network. */
  async function overHttp(target: CompiledWorkflow, head: RequestHead, body: Buffer): Promise<ExecutionWithJobs> {
    const { id, mode } = target.workflow;
    const encoding = head.headers['content-encoding'];
    const coding = typeof encoding === 'string' ? encoding : undefined;
    const work = () => callTrigger(target, head, (maxBytes) => inflateBody(body, coding, maxBytes));
    try {
      const isShown = captures.isWanted(id);
      const execution = await (isShown
        ? captured(captures, id, toStoredRequest(head, await toText(body, coding)), work)
        : work());
      metrics.countTrigger(mode === 'sync' ? 'answered' : 'accepted');
      return execution;
    } catch (error) {
      metrics.countTrigger(error instanceof HooklineError ? error.code : 'internal');
      throw error;
    }
  }

  return async ({ id, hookKey }, call) => {
    const target = await engine.find(hookKey);
    if (!target) throw new HooklineError('workflow_not_found', `There is no workflow ${id}.`);
    const { trigger, workflow } = target;
    if (!isHttpTrigger(trigger)) {
      throw new HooklineError('conflict', 'This workflow has no trigger URL. Run it by hand instead.');
    }
    const body = Buffer.from(call.body);
    const given = headersOf(call, body, host);
    const search = searchOf(call.query);
    const url = `${pathname.replace(/\/$/, '')}/hooks/${hookKey}${search}`;
    const begin = performance.now();
    const measured = () => ({ durationMs: performance.now() - begin, skippedChecks: !workflow.enabled });
    try {
      const credentials = workflow.enabled && call.authenticate ? trigger.callerHeaders?.() : {};
      const headers = { ...credentials, ...given };
      const execution = await (workflow.enabled
        ? overHttp(target, { method: 'POST', url, headers, address: '' }, body)
        : engine.run(id, { headers, query: search, rawBody: call.body }));
      const { id: executionId } = execution;
      // Who is signed in may not see what callers are told of secrets.
      const { response } = concealExecution(execution, vault.current().concealer);
      const reply = response ?? { status: 204, headers: {}, body: '' };
      return { ...measured(), reply: shown(reply, replyHeaders(reply, executionId, options.replyHeaders)), executionId };
    } catch (error) {
      const request = { method: 'POST', path: `/hooks/${hookKey}`, requestId: given['x-request-id'] };
      const answer = errorAnswer(error, request, log);
      const text = JSON.stringify(answer.body);
      const own = { 'Content-Type': 'application/json; charset=utf-8', 'Content-Length': Buffer.byteLength(text) };
      const reply = { status: answer.status, headers: {}, body: text };
      return { ...measured(), reply: shown(reply, { ...options.replyHeaders, ...answer.headers, ...own }), executionId: null };
    }
  };
}

/** As Node would have them from the network. @throws HooklineError `invalid_request` */
function headersOf(call: TestCall, body: Buffer, host: string): Record<string, string> {
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries({ 'content-type': call.contentType, ...call.headers })) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch (cause) {
      throw new HooklineError('invalid_request', `The header "${name.slice(0, 100)}" cannot be sent.`, { cause });
    }
    if (Object.hasOwn(call.headers, name) && !CONNECTION_HEADERS.has(name.toLowerCase()))
      given[name.toLowerCase()] = value.trim();
  }
  return {
    host,
    'user-agent': 'Hookline (test call)',
    ...(body.length === 0 ? {} : { 'content-type': call.contentType }),
    ...given,
    ...(body.length === 0 ? {} : { 'content-length': String(body.length) }),
  };
}

/** Encoded as a client would: a URL has no spaces and no letters beyond ASCII. */
function searchOf(query: string): string {
  const url = new URL('http://localhost/');
  url.search = query;
  return url.search;
}

function shown({ status, body }: Reply, headers: Readonly<Record<string, string | number>>): Reply {
  const bytes = Buffer.from(body);
  const isLong = bytes.length > MAX_REPLY_BYTES;
  const text = isLong ? new TextDecoder().decode(bytes.subarray(0, MAX_REPLY_BYTES), { stream: true }) : body;
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    body: text,
  };
}
