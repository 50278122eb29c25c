// @vitest-environment jsdom
// Variables in JSON: a text of their own between values, and bare inside a text, also one that has no end yet.

import { EditorState } from '@codemirror/state';
import { expect, test } from 'vitest';
import { encodeInJson } from '../../../../client/src/variables/editor/json-language.ts';

const TEMPLATE = '{{$nodes.a["b c"]}}';
const ALONE = JSON.stringify(TEMPLATE);
const INSIDE = ALONE.slice(1, -1);

test.each([
  ['', ALONE],
  ['{"id": ', ALONE],
  ['{"id": "', INSIDE],
  ['{"id": "No. ', INSIDE],
  ['{"id": "a \\" b ', INSIDE],
  ['{"id": "a \\\\", "other": ', ALONE],
  ['{\n  "id": "a",\n  "other": "', INSIDE],
])('behind %s', (before, written) => {
  for (const after of ['', '"}', '\n}']) {
    expect(encodeInJson(TEMPLATE, EditorState.create({ doc: before + after }), before.length)).toBe(written);
  }
});
