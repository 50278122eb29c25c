// Text that may be JSON.

import { expect, test } from 'vitest';
import { compactJson, prettyJson } from '../../../client/src/ui/json-text.ts';

test('JSON is indented to be read and joined to be copied; other text stays', () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(compactJson('{\n "a": 1 }')).toBe('{"a":1}');
  expect(compactJson('a=1')).toBe('a=1');
});
