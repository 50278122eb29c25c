// Makes the variables of one execution.

import type { Execution, StoredRequest } from './model.ts';
import type { Scope } from './plugin.ts';
import { parseQuery } from './query.ts';

/** What the trigger made of the request: `context` is `$context`, `body` the parsed body for `$request.body`. */
export interface ParsedRequest {
  readonly context: unknown;
  readonly body: unknown;
}

/** The variables at the start of an execution; the runner adds results to `$nodes`. */
export function createScope(
  execution: Pick<Execution, 'id' | 'workflowId' | 'revision' | 'createdAt' | 'request'>,
  parsed: ParsedRequest,
  now: () => number,
): Scope {
  const { request } = execution;
  return {
    $context: parsed.context,
    $request: request === null ? null : requestVariable(request, parsed.body),
    $nodes: {},
    $scopes: {},
    $system: {
      get now() {
        return new Date(now()).toISOString();
      },
    },
    $execution: {
      id: execution.id,
      workflowId: execution.workflowId,
      revision: execution.revision,
      get createdAt() {
        return new Date(execution.createdAt).toISOString();
      },
    },
  };
}

function requestVariable(request: StoredRequest, body: unknown): unknown {
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    // Parsed when somebody asks: most flows do not.
    get query() {
      const start = request.url.indexOf('?');
      return parseQuery(start === -1 ? '' : request.url.slice(start + 1));
    },
    body,
    rawBody: request.body,
    address: request.address,
  };
}
