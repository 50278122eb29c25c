// Pure: the differences between two revisions, in an order and a form that people read.

import type { Document } from '../../../../src/engine/model.ts';
import { walkNodes } from '../../../../src/engine/tree.ts';
import type { ComparisonJson } from '../../api/workflows.ts';

type Change = ComparisonJson['changes'][number];

/** One value that differs. */
export interface ValueWords {
  /** As a person reads it: `config.test.all[0].right` -> `test › all › 1 › right`. */
  readonly place: string;
  /** Absent where there was nothing. */
  readonly before?: string;
  readonly after?: string;
  /** It changed, and may not be seen. */
  readonly isSecret: boolean;
}

/** All that happened to one node, the trigger or the settings. */
export interface ChangeWords {
  readonly key: string;
  readonly subject: 'node' | 'trigger' | 'settings';
  /** The node's title, else its key; empty for trigger and settings. */
  readonly name: string;
  /** Its type; undefined for trigger and settings. */
  readonly type: string | undefined;
  readonly kinds: readonly Change['kind'][];
  readonly values: readonly ValueWords[];
}

/** Longest value that is shown, in characters. */
const MAX_LENGTH = 160;

/** @param from and `to`: the documents that were compared, for the titles */
export function changeWords(comparison: ComparisonJson, from: Document, to: Document): ChangeWords[] {
  const nodes = new Map<string, { name: string; type: string }>();
  for (const { nodes: list } of [from, to]) {
    walkNodes(list, (node) => nodes.set(node.key, { name: node.title || node.key, type: node.type }));
  }
  const words = new Map<string, ChangeWords>();
  for (const change of comparison.changes) {
    const subject = change.key !== null ? 'node' : change.path === 'settings' ? 'settings' : 'trigger';
    const key = change.key ?? `$${subject}`;
    const known = words.get(key);
    const node = change.key === null ? undefined : nodes.get(change.key);
    words.set(key, {
      key,
      subject,
      name: node?.name ?? change.key ?? '',
      type: node?.type,
      kinds: [...(known?.kinds ?? []), change.kind],
      values: [...(known?.values ?? []), ...(change.values ?? []).map(valueWords)],
    });
  }
  return [...words.values()];
}

function valueWords(value: NonNullable<Change['values']>[number]): ValueWords {
  return {
    place: readablePath(value.path),
    isSecret: value.secret === true,
    ...(value.secret === true || value.before === undefined ? {} : { before: valueText(value.before) }),
    ...(value.secret === true || value.after === undefined ? {} : { after: valueText(value.after) }),
  };
}

/** Without the word `config`, list places counted from 1. */
export function readablePath(path: string): string {
  return path
    .replace(/^config\.?/, '')
    .replace(/\[(\d+)\]/g, (_, index: string) => `.${Number(index) + 1}`)
    .split('.')
    .filter((step) => step !== '')
    .join(' › ');
}

/** Text as it is, everything else as JSON; cut when it is long. */
export function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}
