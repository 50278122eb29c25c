// @vitest-environment jsdom
// The form of every type, as axe sees it.

import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { CONFIGS } from './configs.ts';
import { renderForm } from './support.tsx';
import { nameOf, testedTypes } from './types.ts';

describe.each(testedTypes.map((type) => [nameOf(type), type] as const))('%s', (name, type) => {
  test('axe finds nothing serious', async () => {
    const { container } = renderForm(type, { value: CONFIGS[name] ?? {} });
    const { violations } = await axe.run(container, {
      resultTypes: ['violations'],
      // There is no layout here to take colours from, and no page around.
      rules: { 'color-contrast': { enabled: false }, region: { enabled: false } },
    });
    const serious = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical');
    expect(serious.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
  });
});
