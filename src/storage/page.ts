// Pages of a list: opaque cursors that hold the place of the last item, and limits.

import type { Page, PageRequest } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';

const MAX_LIMIT = 100;
/** No place of ours is longer; a longer cursor is not even decoded. */
const MAX_CURSOR_LENGTH = 256;

/** What a list is ordered by, such as `[createdAt, id]`. */
export type Place = readonly (string | number)[];

export interface ListKind<Position extends Place> {
  /** Goes into the cursor, so that one list's cursor is refused by another. */
  readonly name: string;
  /** Whether a decoded cursor is a place in this list. */
  isPlace(value: readonly unknown[]): value is Position;
}

/**
 * The place in a cursor, or undefined without one.
 * @throws HooklineError `invalid_request` when the cursor is not one of this list's
 */
export function placeOf<Position extends Place>(kind: ListKind<Position>, cursor: string | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const decoded = cursor.length > MAX_CURSOR_LENGTH ? undefined : decode(cursor);
  if (Array.isArray(decoded)) {
    const [name, ...place]: unknown[] = decoded;
    if (name === kind.name && kind.isPlace(place)) return place;
  }
  throw new HooklineError(
    'invalid_request',
    'The cursor is not one of this list. Pass the `nextCursor` of the previous page unchanged.',
  );
}

/**
 * The limit of a request.
 * @throws HooklineError `invalid_request` unless it is a whole number from 1 to 100
 */
export function limitOf({ limit }: PageRequest): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new HooklineError('invalid_request', `The limit must be a whole number from 1 to ${MAX_LIMIT}.`);
}

/** Makes a page of up to `limit + 1` items; the one too many says that another page follows. */
export function toPage<Item, Position extends Place>(
  kind: ListKind<Position>,
  items: readonly Item[],
  limit: number,
  placeOfItem: (item: Item) => Position,
): Page<Item> {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  const hasMore = items.length > limit && last !== undefined;
  return { items: page, nextCursor: hasMore ? encode([kind.name, ...placeOfItem(last)]) : null };
}

function encode(value: readonly unknown[]): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
