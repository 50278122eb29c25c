// Pure: makes a message in English together with its key and parameters, so that the designer can say it in another language.

import type { MessageText } from '../errors.ts';
import { PROBLEM_SENTENCES } from './problem-sentences.ts';

type Sentences = typeof PROBLEM_SENTENCES;
type WithoutNumber<Key> = Key extends `${infer Base}_one` ? Base : Key extends `${infer Base}_other` ? Base : Key;

/** A key of `Problem.text` that the built-in parts use. */
export type ProblemKey = WithoutNumber<keyof Sentences>;

type SentenceOf<Key extends ProblemKey> = Key extends keyof Sentences
  ? Sentences[Key]
  : `${Key}_other` extends infer Plural extends keyof Sentences
    ? Sentences[Plural]
    : never;
type NamesIn<Sentence> = Sentence extends `${string}{{${infer Name}}}${infer Rest}` ? Name | NamesIn<Rest> : never;
type Names<Key extends ProblemKey> = NamesIn<SentenceOf<Key>>;

/** The keys of sentences with nothing to fill in. */
export type PlainKey = { [Key in ProblemKey]: [Names<Key>] extends [never] ? Key : never }[ProblemKey];

/** A message as it is told: in English and, unless somebody else has worded it, as key and parameters. An error is one, too. */
export interface Said {
  readonly message: string;
  readonly text?: MessageText | undefined;
}

type Parameters<Key extends ProblemKey> = [Names<Key>] extends [never]
  ? []
  : [parameters: Readonly<Record<Names<Key>, string | number | Said>>];

type Value = string | number | Said;

/** By key: words, and at every second place the name of what stands between them. */
const sentences: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(PROBLEM_SENTENCES).map(([key, text]) => [key, text.split(/\{\{(\w+)\}\}/)]),
);

/** A sentence of `PROBLEM_SENTENCES` with its parameters, which may be sentences themselves. */
export function say<Key extends ProblemKey>(key: Key, ...[parameters]: Parameters<Key>): Said & { readonly text: MessageText } {
  const given: Readonly<Record<string, Value>> | undefined = parameters;
  const pieces = sentences.get(key) ?? sentences.get(`${key}_${given?.count === 1 ? 'one' : 'other'}`) ?? [];
  if (given === undefined) return { message: pieces[0] ?? '', text: { key } };
  let message = '';
  for (const [index, piece] of pieces.entries()) message += index % 2 === 0 ? piece : wordsOf(given[piece] ?? '');
  const params: Record<string, string | number | MessageText> = {};
  for (const name of Object.keys(given)) params[name] = textOf(given[name] ?? '');
  return { message, text: { key, params } };
}

function wordsOf(value: Value): string {
  return typeof value === 'object' ? value.message : String(value);
}

function textOf(value: Value): string | number | MessageText {
  return typeof value === 'object' ? (value.text ?? value.message) : value;
}

/** A sentence for a schema, which takes no more than words: `z.string().regex(…, sentence('field.name'))`. */
export function sentence(key: PlainKey): string {
  return PROBLEM_SENTENCES[key];
}

/** For `superRefine`: `context.addIssue(customIssue(say('…'), ['name']))`. */
export function customIssue(
  { message, text }: Said,
  path: (string | number)[] = [],
): { code: 'custom'; message: string; path: (string | number)[]; params: { text: MessageText | undefined } } {
  return { code: 'custom', message, path, params: { text } };
}

/** Names to choose from: `"a" or "b"`. */
export function eitherOf(names: readonly string[]): string | Said {
  const [first = '', ...others] = names.map((name) => `"${name}"`);
  return others.reduce<string | Said>((before, name) => say('value.or', { first: before, second: name }), first);
}

let plainKeys: ReadonlyMap<string, string> | undefined;

/** The key of a sentence with nothing to fill in: all that is left of a schema's own message when it arrives. */
export function textOfSentence(message: string): MessageText | undefined {
  plainKeys ??= new Map([...sentences].flatMap(([key, [text = '', ...others]]) => (others.length === 0 ? [[text, key]] : [])));
  const key = plainKeys.get(message);
  return key === undefined ? undefined : { key };
}
