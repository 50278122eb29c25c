// Pure: a body to try a workflow with: the pinned sample's, else one with a place for each variable of the trigger.

import { compilePath, isRecord, type Segment } from '../../../../src/engine/path.ts';
import type { CaptureView } from '../../api/trigger.ts';
import { prettyJson } from '../../ui/json-text.ts';

/** JSON text, indented. `{}` when nothing is known. */
export function exampleBody(sample: CaptureView | null, paths: readonly string[]): string {
  if (sample !== null && sample.request.body !== '') return prettyJson(sample.request.body);
  let body: unknown = {};
  for (const path of paths) body = place(body, segmentsOf(path));
  return JSON.stringify(body, null, 2);
}

/** The query of a request's URL, without `?`. */
export function queryOf(sample: CaptureView | null): string {
  const url = sample?.request.url ?? '';
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}

/** A request to keep, made of what somebody pasted; the other parts stay as they are in the sample. */
export function requestFrom(
  sample: CaptureView | null,
  url: string | null,
  pasted: { readonly body: string } | { readonly query: string },
): CaptureView['request'] {
  // Who may not see the URL may keep no request either.
  const pathname = url === null ? '/hooks/' : new URL(url).pathname;
  const query = 'query' in pasted ? pasted.query : queryOf(sample);
  const body = 'body' in pasted ? pasted.body : (sample?.request.body ?? '');
  return {
    method: 'POST',
    url: `${pathname}${query === '' ? '' : `?${query}`}`,
    headers: { ...sample?.request.headers, ...(body === '' ? {} : { 'content-type': 'application/json' }) },
    body,
    address: '',
  };
}

/** The query of a URL, a path or only a query that somebody pasted, without `?`; empty when there is none. */
export function pastedQuery(text: string): string {
  const [address = ''] = text.trim().split('#', 1);
  const start = address.indexOf('?');
  if (start !== -1) return address.slice(start + 1);
  return address.startsWith('/') || /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? '' : address;
}

function segmentsOf(path: string): readonly Segment[] {
  if (path.startsWith('$')) return [];
  try {
    return compilePath(path).segments;
  } catch {
    // A path that is still being typed has no place yet.
    return [];
  }
}

function place(target: unknown, segments: readonly Segment[]): unknown {
  const [first, ...rest] = segments;
  if (first === undefined) return target === undefined ? '' : target;
  const child = (value: unknown): unknown =>
    rest.length === 0 ? (value ?? '') : place(isContainer(value) ? value : undefined, rest);
  if (typeof first === 'number') {
    const list = Array.isArray(target) ? [...target] : [];
    // Long lists of nothing help nobody.
    const index = Math.min(first, list.length);
    list[index] = child(list[index]);
    return list;
  }
  // `items.sku` behind `items[0]` means the elements.
  if (Array.isArray(target) && target.length > 0) return target.map((element) => place(element, segments));
  const record = isRecord(target) ? target : {};
  return { ...record, [first]: child(record[first]) };
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}
