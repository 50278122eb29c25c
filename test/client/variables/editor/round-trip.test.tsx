// @vitest-environment jsdom
import { EditorView } from '@codemirror/view';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { findChips } from '../../../../client/src/variables/editor/chips.ts';
import { TemplateInput } from '../../../../client/src/variables/template-input.tsx';
import { inspectTemplates } from '../../../../src/engine/template.ts';
import { renderPart } from '../../render.tsx';

const piece = fc.oneof(
  fc.constantFrom(
    '{{',
    '}}',
    '{',
    '}',
    '\\',
    '$nodes.sum',
    '$context.body["a}}b"]',
    '\n',
    '\r',
    '\r\n',
    ' ',
    '\t',
    '\u2028',
    '"',
  ),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const anyText = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));

it('gives any text back exactly, shown in one line or in many', () => {
  const told: string[] = [];
  const field = (value: string, multiline: boolean) => (
    <TemplateInput label="Text" value={value} multiline={multiline} onChange={(next) => told.push(next)} />
  );
  const { rerender, container } = renderPart(field('', false));
  fc.assert(
    fc.property(anyText, fc.boolean(), (text, isMultiline) => {
      rerender(field(text, isMultiline));
      const view = EditorView.findFromDOM(container.querySelector<HTMLElement>('.cm-content') ?? container);
      expect(view?.state.sliceDoc()).toBe(text);
      expect(view?.state.toText(text).toString()).toBe(text);
      expect(told).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

it('makes chips of nothing but what the engine takes for a template', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const { from, to, source } of findChips(text)) {
        expect(text.slice(from, to)).toBe(`{{${source}}}`);
        const alone = inspectTemplates(text.slice(from, to));
        expect(alone.places).toEqual(['']);
      }
    }),
    { numRuns: 1000 },
  );
});
