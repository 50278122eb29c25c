// Makes the exact text that is sent: the data of one message, or of the messages of a batch, in the envelope of its endpoint.

import { toFailure } from '../../engine/failure.ts';
import { toJsonValue } from '../../engine/json-value.ts';
import type { Endpoint, EndpointConfig, Envelope, Message } from '../../engine/outbound-model.ts';
import { isRecord } from '../../engine/path.ts';
import { HooklineError } from '../../errors.ts';

/** A message as it is sent to one endpoint. */
export interface BodyItem extends Pick<Message, 'id' | 'type' | 'timestamp' | 'userId'> {
  /** JSON text, in the version that is sent. It goes into the body as it is. */
  readonly data: string;
  /** That is sent; null when the type is not in the catalogue. */
  readonly version: number | null;
  /** Of the event type in the catalogue; null when it is not there: its name stands in. */
  readonly title: string | null;
}

export interface BodyInput {
  /** One, or those of a batch in order. */
  readonly items: readonly BodyItem[];
  /** Whether the body is a list, also when there is one item only. */
  readonly isBatch: boolean;
  readonly endpoint: Pick<Endpoint, 'id'> & Pick<EndpointConfig, 'url' | 'workspace'>;
}

export interface BodyTools {
  /** As `ExpressionEvaluator.evaluate`; `source` is what the expression looks at. */
  evaluate(engine: 'jsonata', expression: string, source: unknown): Promise<unknown>;
}

/**
 * The text of the body. At once, unless the envelope is an expression. Items of a batch carry their message's id, so that
 * receivers can tell repeats: as `id` in front; with the envelope `raw` an item is `{ id, data }`; what an expression gives gets
 * an `id` when it is an object without one.
 * @throws HooklineError `conversion_failed` when the expression fails or gives nothing
 */
export function makeBody(input: BodyInput, envelope: Envelope, tools: BodyTools): string | Promise<string> {
  if (envelope.type === 'jsonata') return transform(input, envelope.expression, tools);
  const write = WRITERS[envelope.type];
  const [first] = input.items;
  if (!input.isBatch && first !== undefined) return write(first, input.endpoint, '');
  return `[${input.items.map((item) => write(item, input.endpoint, `"id":${JSON.stringify(item.id)},`)).join(',')}]`;
}

/** The header `webhook-version`; undefined when nothing is known, or when the items of a batch have several. */
export function webhookVersion(items: readonly Pick<BodyItem, 'version'>[]): string | undefined {
  const version = items[0]?.version ?? null;
  return version !== null && items.every((item) => item.version === version) ? String(version) : undefined;
}

/** @param id the first member of an item of a batch, with a comma; otherwise nothing */
type Writer = (item: BodyItem, endpoint: BodyInput['endpoint'], id: string) => string;

// Put together as text: the data, which is most of it, is JSON already.
const WRITERS: Record<Exclude<Envelope['type'], 'jsonata'>, Writer> = {
  standard({ type, version, timestamp, data }, _endpoint, id) {
    const versionPart = version === null ? '' : `"version":${version},`;
    return `{${id}"type":${JSON.stringify(type)},"timestamp":"${isoTime(timestamp)}",${versionPart}"data":${data}}`;
  },

  /** Dastra, page "Webhooks". */
  dastra({ type, title, timestamp, userId, data }, endpoint, id) {
    return (
      `{${id}"webhookId":${JSON.stringify(endpoint.id)},"signatureUrl":${JSON.stringify(endpoint.url)},` +
      `"userId":${JSON.stringify(userId)},"eventType":${JSON.stringify(type)},"eventName":${JSON.stringify(title ?? type)},` +
      `"data":${data},"date":"${isoTime(timestamp)}"}`
    );
  },

  /** Logto, "What is a webhook?": the version is text. */
  logto({ type, version, timestamp, data }, _endpoint, id) {
    return `{${id}"version":"${version ?? 1}.0","event":${JSON.stringify(type)},"timestamp":"${isoTime(timestamp)}","data":${data}}`;
  },

  raw({ data }, _endpoint, id) {
    return id === '' ? data : `{${id}"data":${data}}`;
  },
};

/** Longest body that expressions may make, in characters: four times the most data that a message can have. */
const MAX_MADE_LENGTH = 4 * 1024 ** 2;

/**
 * What an expression gave, as JSON text.
 * @param place begins the sentence of the error
 * @throws HooklineError `conversion_failed` when it is too long to be sent and logged
 */
export function writeMade(value: unknown, place: string): string {
  const text = JSON.stringify(value);
  refuseLonger(text.length, place);
  return text;
}

function refuseLonger(length: number, place: string): void {
  if (length <= MAX_MADE_LENGTH) return;
  const message = `${place}: it gives ${length} characters of JSON; at most ${MAX_MADE_LENGTH} can be sent.`;
  throw new HooklineError('conversion_failed', message);
}

async function transform({ items, isBatch, endpoint }: BodyInput, expression: string, tools: BodyTools): Promise<string> {
  const made = await Promise.all(items.map((item) => evaluate(item, endpoint, expression, tools)));
  const texts = made.map((body, index) => {
    const item = items[index];
    const whole = isBatch && isRecord(body) && !Object.hasOwn(body, 'id') ? { id: item?.id, ...body } : body;
    return writeMade(whole, placeOf(item));
  });
  if (!isBatch) return texts[0] ?? 'null';
  // Then each is sent by itself.
  refuseLonger(
    texts.reduce((sum, { length }) => sum + length, 0),
    placeOf(items[0]),
  );
  return `[${texts.join(',')}]`;
}

async function evaluate(
  item: BodyItem,
  { id, url, workspace }: BodyInput['endpoint'],
  expression: string,
  tools: BodyTools,
): Promise<unknown> {
  const source = {
    id: item.id,
    type: item.type,
    version: item.version,
    timestamp: isoTime(item.timestamp),
    data: JSON.parse(item.data) as unknown,
    userId: item.userId,
    endpoint: { id, url, workspace },
  };
  const place = placeOf(item);
  const body = await evaluateOrFail(tools, expression, source, place);
  // The evaluator gives null for what is not there; no receiver expects that.
  if (body === null) throw new HooklineError('conversion_failed', `${place}: it gives nothing. Change the endpoint's envelope.`);
  return body;
}

function placeOf(item: BodyItem | undefined): string {
  return `The envelope's expression failed for an event ${item?.type ?? ''}`;
}

/**
 * An expression's value as plain JSON.
 * @param place begins the sentence of the error
 * @throws HooklineError `conversion_failed`; what says that we cannot go on ourselves is passed on
 */
export async function evaluateOrFail(tools: BodyTools, expression: string, source: unknown, place: string): Promise<unknown> {
  try {
    return toJsonValue(await tools.evaluate('jsonata', expression, source));
  } catch (error) {
    if (isOurs(error)) throw error;
    throw new HooklineError('conversion_failed', `${place}: ${toFailure(error).message}`, { cause: error });
  }
}

/** Whether it says nothing of the data: we are stopping, or the work was called off. */
function isOurs(error: unknown): boolean {
  if (error instanceof HooklineError) return error.code === 'shutting_down' || error.code === 'storage_unavailable';
  return error instanceof Error && error.name === 'AbortError';
}

/** ISO 8601, as all envelopes have it. */
function isoTime(time: number): string {
  return new Date(time).toISOString();
}
