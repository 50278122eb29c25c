// Every error that Hookline raises on purpose: its code, its HTTP status, and whether its message may be shown to a caller.

interface CatalogueEntry {
  /** HTTP status of the reply when this error ends a request. */
  readonly status: number;
  /** Whether `message` and `details` may leave the server; otherwise the caller sees a general sentence. */
  readonly exposed: boolean;
}

/** The catalogue. A code is part of the public API: it is never renamed or used for something else. */
export const ERROR_CATALOGUE = {
  // What a caller of the trigger URL or of the admin API can meet
  invalid_request: { status: 400, exposed: true },
  invalid_json: { status: 400, exposed: true },
  unauthorized: { status: 401, exposed: true },
  forbidden: { status: 403, exposed: true },
  // The user has to enter the password again first
  password_needed: { status: 403, exposed: true },
  // A code of an app or a recovery code that does not let in; a user who has to set up a second factor first
  wrong_code: { status: 403, exposed: true },
  second_factor_required: { status: 403, exposed: true },
  not_found: { status: 404, exposed: true },
  hook_not_found: { status: 404, exposed: true },
  workflow_not_found: { status: 404, exposed: true },
  revision_not_found: { status: 404, exposed: true },
  execution_not_found: { status: 404, exposed: true },
  endpoint_not_found: { status: 404, exposed: true },
  event_type_not_found: { status: 404, exposed: true },
  message_not_found: { status: 404, exposed: true },
  delivery_not_found: { status: 404, exposed: true },
  user_not_found: { status: 404, exposed: true },
  token_not_found: { status: 404, exposed: true },
  session_not_found: { status: 404, exposed: true },
  secret_not_found: { status: 404, exposed: true },
  method_not_allowed: { status: 405, exposed: true },
  conflict: { status: 409, exposed: true },
  // A newer request took the place of one that waited
  superseded: { status: 409, exposed: true },
  // Callbacks that come too late: a second one, one after the time-out, one for an execution that has ended
  already_resumed: { status: 409, exposed: true },
  execution_ended: { status: 409, exposed: true },
  // Another process runs the execution by now
  ownership_lost: { status: 409, exposed: true },
  payload_too_large: { status: 413, exposed: true },
  unsupported_media_type: { status: 415, exposed: true },
  invalid_workflow: { status: 422, exposed: true },
  missing_value: { status: 422, exposed: true },
  // A path that would visit too much of a request
  path_too_costly: { status: 422, exposed: true },
  // An event that the catalogue does not allow
  invalid_event: { status: 422, exposed: true },
  // An endpoint, or a version of an event type, that cannot be as it is wanted
  invalid_endpoint: { status: 422, exposed: true },
  invalid_event_type: { status: 422, exposed: true },
  // A password that others try first
  weak_password: { status: 422, exposed: true },
  // The designer and the API: by a host name, or from an address, that they do not answer
  client_address_refused: { status: 403, exposed: true },
  unknown_host: { status: 421, exposed: true },
  too_many_requests: { status: 429, exposed: true },
  internal: { status: 500, exposed: false },
  storage_unavailable: { status: 503, exposed: true },
  shutting_down: { status: 503, exposed: true },
  deadline_exceeded: { status: 504, exposed: true },
  // Grammars: paths, templates, query strings, expressions
  invalid_path: { status: 422, exposed: true },
  invalid_template: { status: 422, exposed: true },
  invalid_query: { status: 400, exposed: true },
  invalid_expression: { status: 422, exposed: true },
  // What a node or the runner can end an execution with
  invalid_config: { status: 500, exposed: true },
  invalid_reply: { status: 500, exposed: true },
  expression_failed: { status: 500, exposed: true },
  expression_timeout: { status: 500, exposed: true },
  unknown_type: { status: 500, exposed: true },
  node_failed: { status: 500, exposed: true },
  loop_limit: { status: 500, exposed: true },
  invalid_delay: { status: 500, exposed: true },
  wait_timed_out: { status: 500, exposed: true },
  subflow_too_deep: { status: 500, exposed: true },
  subflow_failed: { status: 500, exposed: true },
  script_failed: { status: 500, exposed: true },
  script_limit: { status: 500, exposed: true },
  // Outgoing requests
  address_not_allowed: { status: 500, exposed: true },
  request_failed: { status: 500, exposed: true },
  request_timeout: { status: 500, exposed: true },
  response_too_large: { status: 500, exposed: true },
  // Credentials or secrets that would go to a host nobody has allowed, or be used where they may not
  host_not_allowed: { status: 500, exposed: true },
  secret_not_allowed_here: { status: 500, exposed: true },
  credential_dropped: { status: 422, exposed: true },
  unexpected_status: { status: 500, exposed: true },
  // Deliveries: data that cannot be made into the version or the envelope that an endpoint wants; held for too long
  conversion_failed: { status: 500, exposed: true },
  held_too_long: { status: 500, exposed: true },
  // What stops the start
  invalid_configuration: { status: 500, exposed: true },
  duplicate_plugin: { status: 500, exposed: true },
  migration_needed: { status: 500, exposed: true },
} as const satisfies Record<string, CatalogueEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOGUE;

/** A message by its key and parameters, for who says it in another language; a parameter may be such a message itself. */
export interface MessageText {
  readonly key: string;
  readonly params?: Readonly<Record<string, string | number | MessageText>> | undefined;
}

export interface ErrorOptions {
  /** What the reader needs to act: the list of problems, the name of the missing path. Never a secret. */
  readonly details?: unknown;
  /** HTTP headers the reply must carry, such as `WWW-Authenticate`, `Allow` or `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The message by its key, when it is told as a problem of a document; it stays inside the server. */
  readonly text?: MessageText | undefined;
  readonly cause?: unknown;
}

/** The one error class. `message` is written for the person who can do something about it. */
export class HooklineError extends Error {
  override readonly name = 'HooklineError';
  readonly code: ErrorCode;
  readonly details: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: MessageText | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details;
    this.headers = options.headers ?? {};
    this.text = options.text;
  }

  get status(): number {
    return ERROR_CATALOGUE[this.code].status;
  }
}

export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: { readonly code: string; readonly message: string; readonly details?: unknown } };
}

/** `Retry-After` of a 503 that does not know better, in seconds: about as long as an operator's script takes to make room. */
const RETRY_AFTER_SECONDS = '5';

/** The one error shape of every HTTP reply. What is not a HooklineError says nothing about the inside. */
export function toErrorReply(error: unknown): ErrorReply {
  if (error instanceof HooklineError && ERROR_CATALOGUE[error.code].exposed) {
    const { code, message, details, status } = error;
    return {
      status,
      // Whoever is told to come back later is told when, too.
      headers: status === 503 ? { 'Retry-After': RETRY_AFTER_SECONDS, ...error.headers } : error.headers,
      body: { error: details === undefined ? { code, message } : { code, message, details } },
    };
  }
  return {
    status: 500,
    headers: {},
    body: { error: { code: 'internal', message: 'Something went wrong on our side. The server log says what.' } },
  };
}
