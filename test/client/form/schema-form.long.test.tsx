// @vitest-environment jsdom
// The form of every type: filled in by hand, what comes out is what was meant; and as axe sees it.

import { screen } from '@testing-library/react';
import axe from 'axe-core';
import { describe, expect, test } from 'vitest';
import { CONFIGS } from './configs.ts';
import { createFilling, enterText, fillObject } from './fill.ts';
import { renderForm } from './support.tsx';
import { nameOf, testedTypes } from './types.ts';

describe.each(testedTypes.map((type) => [nameOf(type), type] as const))('%s', (name, type) => {
  test('each field is found by its label, and what is typed is the value', async () => {
    const form = renderForm(type);
    const { config: schema } = type.description;
    const filling = createFilling(form.user, schema, [type.kind, type.description.type], type.expressions);
    const target = CONFIGS[name];
    if (name === 'node either-or') {
      await form.user.click(screen.getByRole('radio', { name: 'Long' }));
      await enterText(form.user, screen.getByLabelText(/^Guide/), 'Ada');
    } else await fillObject(filling, schema, '', [], target);
    expect(form.value()).toEqual(target);
  });

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
