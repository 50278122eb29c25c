// Pure: checks a configuration with its type's schema, and excuses the places whose value is known only when they are rendered.

import type { z } from 'zod';
import { type Issue, nameKind, REPORT, sayIssue } from './issue-message.ts';
import { isRecord, type Segment } from './path.ts';
import { safeParse } from './safe-parse.ts';
import { type Said, say } from './say.ts';

/** A complaint about one place; `segments` start inside the configuration. */
export interface ConfigFinding extends Said {
  readonly segments: readonly Segment[];
  readonly code: 'missing_value' | 'missing_secret' | 'unknown_key' | 'invalid_value';
}

export interface ConfigCheck {
  readonly findings: readonly ConfigFinding[];
  /**
   * The configuration as the schema parses it, for further checks. What does not fit, or is a template that does not fit
   * yet, is left out, and missing secrets are filled in; undefined when it does not parse even then.
   */
  readonly parsed: unknown;
  /** The places where `parsed` is not what is written. */
  readonly unsure: readonly (readonly Segment[])[];
}

export interface ConfigCheckOptions {
  /** Whether the string at this place is a template. */
  isTemplate(text: string, segments: readonly Segment[]): boolean;
  /** Whether this place is write-only: then it is a secret that is missing, not a mistake. */
  isWriteOnly(segments: readonly Segment[]): boolean;
}

interface Verdict {
  readonly findings: readonly ConfigFinding[];
  /** Places that do not fit the schema as they are written, but may when their template is rendered. */
  readonly excused: readonly (readonly Segment[])[];
}

/** @throws whatever a plugin's own refinement throws */
export function checkConfig(schema: z.ZodType, config: unknown, options: ConfigCheckOptions): ConfigCheck {
  const result = safeParse(schema, config, REPORT);
  if (result.success) return { findings: [], parsed: result.data, unsure: [] };
  const { findings, excused } = judge(result.error.issues, [], config, options);
  const secrets = findings.filter(({ code }) => code === 'missing_secret').map(({ segments }) => segments);
  const wrong = findings.filter(({ code }) => code === 'invalid_value' || code === 'unknown_key').map(({ segments }) => segments);
  const unsure = [...excused, ...wrong, ...secrets];
  // Without something to change, it would fail the same way.
  const repaired = unsure.length > 0 ? safeParse(schema, replaceAt(config, [...excused, ...wrong], secrets)) : undefined;
  return { findings, parsed: repaired?.success ? repaired.data : undefined, unsure };
}

function judge(issues: readonly Issue[], base: readonly Segment[], config: unknown, options: ConfigCheckOptions): Verdict {
  const findings: ConfigFinding[] = [];
  const excused: (readonly Segment[])[] = [];
  for (const issue of issues) {
    const verdict = judgeIssue(issue, [...base, ...issue.path.map(toSegment)], config, options);
    // Not by spreading: there may be more of them than a call may have arguments.
    for (const finding of verdict.findings) findings.push(finding);
    for (const place of verdict.excused) excused.push(place);
  }
  return { findings, excused };
}

function judgeIssue(issue: Issue, segments: readonly Segment[], config: unknown, options: ConfigCheckOptions): Verdict {
  const template = templateAt(segments, config, options);
  if (template) return { findings: [], excused: [template] };
  if (issue.code === 'unrecognized_keys' && Array.isArray(issue.keys)) {
    return { findings: issue.keys.map((key) => unknownKey([...segments, String(key)])), excused: [] };
  }
  if (issue.code !== 'custom' && segments.length > 0 && valueAt(segments, config) === undefined) {
    return { findings: [missing(issue, segments, options)], excused: [] };
  }
  if (issue.code === 'invalid_union' && issue.errors && issue.errors.length > 0) {
    return judgeUnion(issue.errors, segments, config, options);
  }
  const inner = issue.issues?.[0];
  const what = sayIssue(issue);
  const said = inner === undefined ? what : say('value.because', { what, detail: sayIssue(inner) });
  return { findings: [invalid(segments, said)], excused: [] };
}

/** A union is as good as its best member; its complaints are the useful ones. */
function judgeUnion(
  members: readonly (readonly Issue[])[],
  segments: readonly Segment[],
  config: unknown,
  options: ConfigCheckOptions,
): Verdict {
  const verdicts = members.map((issues) => judge(issues, segments, config, options));
  const pardoned = verdicts.find(({ findings }) => findings.length === 0);
  if (pardoned) return pardoned;
  // A member whose own kind does not fit (text for an object) was hardly meant.
  const meant = verdicts.filter(({ findings }) => findings.every((finding) => finding.segments.length > segments.length));
  const [best] = meant.toSorted((a, b) => a.findings.length - b.findings.length);
  if (best) return best;
  const expected = members.flatMap(([first]) => (typeof first?.expected === 'string' ? [first.expected] : []));
  const said =
    expected.length === members.length
      ? say('value.kind', { kind: join('value.or', expected.map(nameKind)) })
      : join('value.orElse', verdicts.flatMap(({ findings }) => findings.slice(0, 1)).map(withoutPlace));
  return { findings: [invalid(segments, typeof said === 'string' ? { message: said } : said)], excused: [] };
}

function withoutPlace({ message, text }: ConfigFinding): Said {
  return { message, text };
}

/** The first five different ones as one. */
function join(key: 'value.or' | 'value.orElse', all: readonly (string | Said)[]): string | Said {
  const byMessage = new Map(all.map((said) => [typeof said === 'string' ? said : said.message, said]));
  const [first = '', ...others] = [...byMessage.values()].slice(0, 5);
  return others.reduce<string | Said>((before, said) => say(key, { first: before, second: said }), first);
}

function missing(issue: Issue, segments: readonly Segment[], options: ConfigCheckOptions): ConfigFinding {
  if (options.isWriteOnly(segments)) {
    return { segments, code: 'missing_secret', ...say('value.missingSecret') };
  }
  const said =
    typeof issue.expected === 'string' ? say('value.missingKind', { kind: nameKind(issue.expected) }) : say('value.missing');
  return { segments, code: 'missing_value', ...said };
}

function unknownKey(segments: readonly Segment[]): ConfigFinding {
  return { segments, code: 'unknown_key', ...say('value.unknownSetting', { name: String(segments.at(-1)) }) };
}

function invalid(segments: readonly Segment[], { message, text }: Said): ConfigFinding {
  return { segments, code: 'invalid_value', message, text };
}

/** The template that stands at a place or around it. */
function templateAt(segments: readonly Segment[], config: unknown, options: ConfigCheckOptions): readonly Segment[] | undefined {
  for (let length = 0; length <= segments.length; length++) {
    const place = segments.slice(0, length);
    const value = valueAt(place, config);
    if (typeof value === 'string') return options.isTemplate(value, place) ? place : undefined;
  }
  return undefined;
}

/** What stands at a place, own properties only. */
export function valueAt(segments: readonly Segment[], config: unknown): unknown {
  let current = config;
  for (const segment of segments) {
    if (Array.isArray(current)) current = current[Number(segment)];
    else if (isRecord(current) && Object.hasOwn(current, segment)) current = current[String(segment)];
    else return undefined;
  }
  return current;
}

/** Stands in for a secret that is still to be entered. */
const PLACEHOLDER = 'a-secret-to-be-entered';

interface Places {
  readonly inside: Map<string, Places>;
  action: 'go-on' | 'leave-out' | 'fill-in';
}

/** A copy with some values left out and others filled in; elements of lists become null, so that the others keep their index. */
function replaceAt(value: unknown, leaveOut: readonly (readonly Segment[])[], fillIn: readonly (readonly Segment[])[]): unknown {
  const root: Places = { inside: new Map(), action: 'go-on' };
  for (const segments of leaveOut) mark(root, segments, 'leave-out');
  for (const segments of fillIn) mark(root, segments, 'fill-in');
  return copyReplaced(value, root);
}

function mark(root: Places, segments: readonly Segment[], action: Places['action']): void {
  let places = root;
  for (const segment of segments) {
    const name = String(segment);
    const next = places.inside.get(name) ?? { inside: new Map(), action: 'go-on' };
    places.inside.set(name, next);
    places = next;
  }
  places.action = action;
}

function copyReplaced(value: unknown, places: Places): unknown {
  if (places.action !== 'go-on') return places.action === 'fill-in' ? PLACEHOLDER : undefined;
  if (places.inside.size === 0) return value;
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => {
      const inside = places.inside.get(String(index));
      return inside ? (copyReplaced(item, inside) ?? null) : item;
    });
  }
  if (!isRecord(value)) return value;
  const entries = new Map(Object.entries(value));
  for (const [name, inside] of places.inside) {
    const replaced = copyReplaced(entries.get(name), inside);
    if (replaced === undefined) entries.delete(name);
    else entries.set(name, replaced);
  }
  return Object.fromEntries(entries);
}

function toSegment(segment: PropertyKey): Segment {
  return typeof segment === 'symbol' ? String(segment) : segment;
}
