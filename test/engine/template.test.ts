import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPath } from '../../src/engine/path.ts';
import { createPathBudget } from '../../src/engine/path-budget.ts';
import type { Scope } from '../../src/engine/plugin.ts';
import { compileTemplate, findTemplates, hasTemplate, inspectTemplates, splitText } from '../../src/engine/template.ts';
import { HooklineError } from '../../src/errors.ts';

const scope: Scope = {
  $context: {
    headers: { 'x-id': 'h1' },
    query: { page: '2' },
    body: { id: 7, ok: false, none: null, list: [{ t: 'A' }, { t: 'B' }], 'a}}b': 'braces', 'it"s': 'quote' },
  },
  $request: { headers: { 'content-type': 'application/json' } },
  $nodes: { first: { total: 3 }, 'my-node': 'x' },
  $scopes: { each: { item: 'one' } },
  $system: { now: '2026-01-01T00:00:00.000Z' },
  $execution: { id: 'e1' },
  $resume: {},
  $secrets: { TOKEN: 's3cret' },
};

function render(value: unknown): unknown {
  return compileTemplate(value).render(scope);
}

function refusal(value: unknown): HooklineError {
  try {
    compileTemplate(value);
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'invalid_template') return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('compileTemplate', () => {
  it.each([
    ['{{$context.body.id}}', 7],
    ['{{ $context.body.ok }}', false],
    ['{{$context.body.none}}', null],
    ['{{$context.body.missing}}', undefined],
    ['{{$context.body.list.t}}', ['A', 'B']],
    ['{{$context.body.list[1].t}}', 'B'],
    ['{{$nodes.first}}', { total: 3 }],
    ['{{$jobsMapByNodeKey.first.total}}', 3],
    ['{{$nodes.my-node}}', 'x'],
    ['{{ctx.$context.query.page}}', '2'],
    ['{{$scopes.each.item}}', 'one'],
    ['{{$system.now}}', '2026-01-01T00:00:00.000Z'],
    ['{{$execution.id}}', 'e1'],
    ['{{$secrets.TOKEN}}', 's3cret'],
    ['{{$context.headers.X-ID}}', 'h1'],
    ['{{$request.headers["Content-Type"]}}', 'application/json'],
    ['{{$context.body["a}}b"]}}', 'braces'],
    ['{{$context.body["it\\"s"]}}', 'quote'],
  ])('keeps the type of %s', (text, expected) => {
    expect(render(text)).toEqual(expected);
  });

  it.each([
    ['id {{$context.body.id}}!', 'id 7!'],
    [' {{$context.body.id}}', ' 7'],
    ['{{$context.body.id}}{{$context.body.ok}}', '7false'],
    ['[{{$context.body.none}}{{$context.body.missing}}]', '[]'],
    ['list {{$context.body.list}}', 'list [{"t":"A"},{"t":"B"}]'],
    ['{"n":{{$nodes.first}}}', '{"n":{"total":3}}'],
    ['a \\{{literal}} b', 'a {{literal}} b'],
    ['\\{{$context.body.id}}', '{{$context.body.id}}'],
    ['C:\\\\{{$context.body.id}}', 'C:\\7'],
    ['C:\\dir }} and { {', 'C:\\dir }} and { {'],
  ])('renders %j as text', (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  it('walks objects and arrays, and never takes a key for a template', () => {
    expect(
      render({ a: ['{{$context.body.id}}', 1, '{{$context.body.missing}}'], b: { c: '{{$context.body.missing}}' } }),
    ).toEqual({
      a: [7, 1, null],
      b: { c: null },
    });
    expect(compileTemplate({ '{{$context}}': 1 }).isConstant).toBe(true);
  });

  it('gives constants back as they are', () => {
    const value = { a: [1, { b: 'text' }], c: null };
    const template = compileTemplate(value);
    expect(template.isConstant).toBe(true);
    expect(template.references).toEqual([]);
    expect(template.render(scope)).toBe(value);
    const part = { big: [1, 2, 3] };
    expect(compileTemplate({ part, x: '{{$execution.id}}' }).render(scope)).toHaveProperty('part', part);
  });

  it('resolves escapes inside constants', () => {
    const value = { a: ['\\{{x}}'], b: 1 };
    const template = compileTemplate(value);
    expect(template.isConstant).toBe(true);
    expect(template.render(scope)).toEqual({ a: ['{{x}}'], b: 1 });
  });

  it('lists what it refers to and where', () => {
    const { references } = compileTemplate({ headers: [{ name: 'x', value: 'n {{ $jobsMapByNodeKey.a[0].b }}' }] });
    expect(references).toEqual([
      { root: '$nodes', segments: ['a', 0, 'b'], text: '$jobsMapByNodeKey.a[0].b', at: 'headers[0].value' },
    ]);
  });

  it('leaves verbatim strings alone', () => {
    const value = { test: '{{broken', other: '{{$execution.id}}' };
    const template = compileTemplate(value, { isVerbatim: (segments) => formatPath(segments) === 'test' });
    expect(template.render(scope)).toEqual({ test: '{{broken', other: 'e1' });
  });

  it.each([
    ['{{', 'missing'],
    ['x {{$context.body', 'missing'],
    ['{{}}', 'empty'],
    ['{{ $unknown.x }}', 'no variable "$unknown"'],
    ['{{body.x}}', 'no variable "body"'],
    ['{{$context..x}}', 'character 10'],
    ['{{$context.__proto__.x}}', 'reserved'],
    ['{{$context["a}}', 'not closed'],
    ["{{$context.body.it's}}", 'quoted name'],
  ])('refuses %s', (text, reason) => {
    const error = refusal({ a: [text] });
    expect(error.message).toContain(reason);
    expect(error.message).toContain('a[0]');
    expect(error.details).toEqual({ at: 'a[0]' });
  });

  it('refuses the key __proto__ and cycles', () => {
    expect(refusal(JSON.parse('{"a":{"__proto__":{"x":1}}}')).message).toContain('__proto__');
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect(refusal(cycle).message).toContain('200 levels');
  });

  it('says so when a value cannot be written as JSON', () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const template = compileTemplate('x {{$nodes.c}}');
    expect(() => template.render({ ...scope, $nodes: { c: cycle } })).toThrow(
      expect.objectContaining({ code: 'invalid_template' }),
    );
  });

  it('handles huge text', () => {
    const huge = 'x{'.repeat(1_000_000);
    expect(render(huge)).toBe(huge);
    expect(compileTemplate('{{$nodes.h}}{{$nodes.h}}').render({ ...scope, $nodes: { h: huge } })).toHaveLength(4_000_000);
  });
});

describe('text helpers', () => {
  it('splits text into literals and templates', () => {
    const [first, second, third] = splitText('1 + {{$context.body.id}} \\{{', 'expression');
    expect(first).toBe('1 + ');
    expect(typeof second === 'object' && second.read(scope, createPathBudget())).toBe(7);
    expect(third).toBe(' {{');
  });

  it('tells templates from literal text', () => {
    expect(['{{x}}', 'a {{', '\\{{x}}', 'x}}', '\\\\{{x}}'].map(hasTemplate)).toEqual([true, true, false, false, true]);
  });

  it('reports every problem at once', () => {
    const { problems, references, places } = inspectTemplates({ a: '{{oops}}', b: ['{{$context.x}}', '{{'], c: '\\{{' });
    expect(places).toEqual(['a', 'b[0]', 'b[1]']);
    expect(problems.map(({ at }) => at)).toEqual(['a', 'b[1]']);
    expect(references.map(({ at }) => at)).toEqual(['b[0]']);
  });
});

describe('any text and any value', () => {
  const piece = fc.constantFrom('{{', '}}', '\\', '$context', '.', 'a', '["', '"]', ' ', '$nodes', '{', '}', '__proto__');
  const anyText = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  );

  it('throws nothing but invalid_template', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          const template = compileTemplate(text);
          expect(template.isConstant).toBe(!hasTemplate(text));
          expect(inspectTemplates(text).places).toEqual(hasTemplate(text) ? [''] : []);
          if (!text.includes('{{')) expect(template.render(scope)).toBe(text);
          if (hasTemplate(text)) expect(typeof compileTemplate(` ${text}`).render(scope)).toBe('string');
        } catch (error) {
          if (!(error instanceof HooklineError)) throw error;
          expect(error.code).toBe('invalid_template');
          expect(inspectTemplates(text).problems).toHaveLength(1);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('finds where each template stands', () => {
    const text = 'a {{ $context.body["a}}b"] }}, \\{{ no }} and {{open';
    const places = findTemplates(text).map(({ from, to, isClosed }) => [text.slice(from, to), isClosed]);
    expect(places).toEqual([
      ['{{ $context.body["a}}b"] }}', true],
      ['{{open', false],
    ]);
    fc.assert(
      fc.property(anyText, (any) => {
        let end = 0;
        for (const { from, to, source, isClosed } of findTemplates(any)) {
          expect(any.slice(from, to)).toBe(`{{${source}${isClosed ? '}}' : ''}`);
          expect(from).toBeGreaterThanOrEqual(end);
          end = to;
        }
      }),
    );
  });

  it('gives back any text whose braces are escaped', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const escaped = text.replaceAll(/(\\*)\{\{/g, (_, slashes: string) => `${slashes}${slashes}\\{{`);
        expect(compileTemplate(escaped).render(scope)).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('renders any JSON value without templates as itself', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('{{') && !JSON.stringify(value).includes('__proto__'));
        expect(compileTemplate(value).render(scope)).toBe(value);
        const wrapped = compileTemplate({ value, id: '{{$execution.id}}' }).render(scope);
        expect(wrapped).toEqual({ value, id: 'e1' });
      }),
    );
  });
});
