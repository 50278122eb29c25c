// Messages by key: the English sentence and what another language needs come from the same call.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkConfig } from '../../src/engine/config-problems.ts';
import { shapeProblems } from '../../src/engine/document.ts';
import { REPORT, sayIssue } from '../../src/engine/issue-message.ts';
import { PROBLEM_SENTENCES } from '../../src/engine/problem-sentences.ts';
import { customIssue, eitherOf, say, sentence, textOfSentence } from '../../src/engine/say.ts';
import { inspectTemplates } from '../../src/engine/template.ts';
import { HooklineError, toErrorReply } from '../../src/errors.ts';

function sayFirst(schema: z.ZodType, input: unknown) {
  const issue = schema.safeParse(input, REPORT).error?.issues[0];
  return issue === undefined ? undefined : sayIssue(issue);
}

function checkFirst(schema: z.ZodType, config: unknown) {
  return checkConfig(schema, config, { isTemplate: () => false, isWriteOnly: () => false }).findings[0];
}

describe('say', () => {
  it('fills in the parameters and keeps them', () => {
    expect(say('value.atLeast', { limit: 3 })).toEqual({
      message: 'must be at least 3',
      text: { key: 'value.atLeast', params: { limit: 3 } },
    });
    expect(say('value.empty')).toEqual({ message: 'must not be empty', text: { key: 'value.empty' } });
  });

  it('chooses the singular by the count, under one key', () => {
    expect(say('value.entriesAtMost', { count: 1 }).message).toBe('must have at most 1 entry');
    expect(say('value.entriesAtMost', { count: 2 }).message).toBe('must have at most 2 entries');
    expect(say('value.entriesAtMost', { count: 1 }).text.key).toBe('value.entriesAtMost');
  });

  it('takes sentences and errors as parameters', () => {
    expect(say('value.otherKind', { kind: say('kind.string'), given: 'true' })).toEqual({
      message: 'must be text, not true',
      text: { key: 'value.otherKind', params: { kind: { key: 'kind.string' }, given: 'true' } },
    });
    const error = new HooklineError('invalid_path', 'it is broken');
    expect(say('value.because', { what: say('value.empty'), detail: error }).text.params?.detail).toBe('it is broken');
  });

  it('fills in nothing that a parameter brings along', () => {
    expect(say('reference.unknownNode', { template: '{{key}}', key: '{{template}}' }).message).toBe(
      '{{key}}: there is no node with the key "{{template}}"',
    );
  });

  it('lists names to choose from', () => {
    const one = eitherOf(['a']);
    expect(one).toBe('"a"');
    expect(eitherOf(['a', 'b', 'c'])).toMatchObject({ message: '"a" or "b" or "c"' });
  });

  it('has no two plain sentences that are alike, since a schema brings nothing but the sentence', () => {
    const plain = Object.entries(PROBLEM_SENTENCES).filter(([, text]) => !text.includes('{{'));
    for (const [key, text] of plain) expect(textOfSentence(text), text).toEqual({ key });
  });
});

describe('sayIssue', () => {
  it('gives the key of what this file words', () => {
    expect(sayFirst(z.string().min(1), '')?.text).toEqual({ key: 'value.empty' });
    expect(sayFirst(z.string().max(2), 'abc')?.text).toEqual({ key: 'value.charactersAtMost', params: { count: 2 } });
    expect(sayFirst(z.enum(['stop', 'go']), 'got')).toEqual({
      message: 'must be one of "stop", "go"; did you mean "go"?',
      text: { key: 'value.oneOfNear', params: { values: '"stop", "go"', nearest: 'go' } },
    });
  });

  it('knows the sentence that a schema says itself, and the key that an issue of its own carries', () => {
    expect(sayFirst(z.string().regex(/^a$/, sentence('field.name')), 'b')?.text).toEqual({ key: 'field.name' });
    const schema = z.string().superRefine((_, context) => context.addIssue(customIssue(say('field.branchTwice', { key: 'x' }))));
    expect(sayFirst(schema, 'b')).toEqual({
      message: 'the branch "x" is there twice',
      text: { key: 'field.branchTwice', params: { key: 'x' } },
    });
  });

  it('leaves the words of others as they are', () => {
    expect(sayFirst(z.string().regex(/^a$/, 'must be a'), 'b')).toEqual({ message: 'must be a', text: undefined });
    expect(sayFirst(z.string().min(3, 'too short'), 'b')).toEqual({ message: 'too short', text: undefined });
    const foreign = z
      .string()
      .superRefine((_, context) => context.addIssue({ code: 'custom', message: 'no', params: { text: 1 } }));
    expect(sayFirst(foreign, 'b')).toEqual({ message: 'no', text: undefined });
  });
});

describe('the problems of a document', () => {
  it('name the kind that is missing, and all kinds of a union', () => {
    expect(checkFirst(z.strictObject({ a: z.number() }), {})).toMatchObject({
      message: 'is missing: must be a number',
      text: { key: 'value.missingKind', params: { kind: { key: 'kind.number' } } },
    });
    expect(checkFirst(z.strictObject({ a: z.union([z.string(), z.number()]) }), { a: true })).toMatchObject({
      message: 'must be text or a number',
      text: {
        key: 'value.kind',
        params: { kind: { key: 'value.or', params: { first: { key: 'kind.string' }, second: { key: 'kind.number' } } } },
      },
    });
  });

  it('have no place beside the text where several are told as one', () => {
    const schema = z.strictObject({ a: z.union([z.string(), z.literal(5)]) });
    const finding = checkFirst(schema, { a: true });
    expect(finding?.message).toBe('must be text, not true, or must be 5');
    expect(finding?.text?.key).toBe('value.orElse');
  });

  it('carry the key of what is wrong with a template, down to the path in it', () => {
    const [problem] = inspectTemplates({ a: '{{$context.a b]}}' }).problems;
    expect(problem?.text).toEqual({
      key: 'template.wrong',
      params: {
        template: '{{$context.a b]}}',
        detail: {
          key: 'path.wrong',
          params: { path: '"$context.a b]"', at: 13, detail: { key: 'path.needsQuotes' } },
        },
      },
    });
  });

  it('carry the key of an unknown field', () => {
    const { error } = z.strictObject({}).safeParse({ b: 1 }, REPORT);
    expect(error && shapeProblems(error)).toMatchObject([{ text: { key: 'value.unknownField', params: { name: 'b' } } }]);
  });
});

it('keeps the key of an error inside the server', () => {
  const said = say('path.empty');
  expect(toErrorReply(new HooklineError('invalid_path', said.message, { text: said.text })).body).toEqual({
    error: { code: 'invalid_path', message: 'it is empty' },
  });
});
