// The event catalogue service: types of events, their versions, and what keeps them consistent with each other.

import { z } from 'zod';
import { createKeyedLock } from '../engine/keyed-lock.ts';
import type { Problem } from '../engine/model.ts';
import { type EventType, eventTypeNameSchema } from '../engine/outbound-model.ts';
import type { OutboundStore } from '../engine/outbound-ports.ts';
import { joinPaths } from '../engine/path.ts';
import type { Bus, ExpressionEvaluator } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { type ConversionTools, convertData, versionFor } from './body/conversion.ts';
import { parseWith, problem, problemsError } from './endpoint-problems.ts';
import { isSubscribed, toCatalogue } from './subscriptions.ts';

export interface EventTypeServiceOptions {
  readonly store: {
    readonly eventTypes: OutboundStore['eventTypes'];
    readonly endpoints: Pick<OutboundStore['endpoints'], 'list'>;
  };
  readonly evaluator: Pick<ExpressionEvaluator, 'check'>;
  readonly tools: ConversionTools;
  readonly bus: Pick<Bus, 'publish'>;
  /** Told after every change, so that copies in this process are dropped; awaited before the change is answered. */
  onChange(): void | Promise<void>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** An event type with all its versions, the lowest first. */
export interface EventTypeView {
  readonly name: string;
  readonly versions: readonly EventType[];
}

/** Problems are all told at once: `invalid_event_type` has them as `details.problems`. */
export interface EventTypeService {
  /** Version 1. @throws HooklineError `invalid_event_type`, `conflict` when the name is taken */
  create(input: Readonly<Record<string, unknown>>): Promise<EventTypeView>;
  /** The next version; title and description default to those of the latest one. @throws HooklineError `event_type_not_found`, `invalid_event_type` */
  addVersion(name: string, input: Readonly<Record<string, unknown>>): Promise<EventTypeView>;
  /** Changes the named fields. @throws HooklineError `event_type_not_found`, `invalid_event_type` */
  update(name: string, version: number, change: Readonly<Record<string, unknown>>): Promise<EventTypeView>;
  /**
   * The last version takes the type with it.
   * @throws HooklineError `event_type_not_found`, `conflict` while endpoints get this version (of the last one: have subscribed to
   *   the type by its name), or while versions above and below need it to be converted
   */
  delete(name: string, version: number): Promise<void>;
  /** By name. */
  list(): Promise<EventTypeView[]>;
  /** @throws HooklineError `event_type_not_found` */
  get(name: string): Promise<EventTypeView>;
}

/** Characters of a schema or an example as JSON. */
const MAX_JSON = 200_000;
/** Endpoints that are read at once. */
const PAGE = 100;

const json = z.unknown().refine((value) => value === undefined || JSON.stringify(value).length <= MAX_JSON, {
  error: `must have at most ${MAX_JSON} characters`,
});

/** What people say of a version. */
export const eventTypeFieldsSchema = z.strictObject({
  title: z.string().max(200).default('').meta({ description: 'For people, such as `Order created`. Default the name.' }),
  description: z.string().max(10_000).default(''),
  schema: json.optional().default(null).meta({ description: 'JSON Schema (draft 2020-12) of the data; null for anything.' }),
  example: json.optional().default(null).meta({ description: 'An example of the data; null for none.' }),
  downConversion: z
    .string()
    .min(1)
    .max(20_000)
    .nullable()
    .default(null)
    .meta({ description: 'JSONata that makes data of this version into data of the version below; null when it fits as it is.' }),
});

export const newEventTypeSchema = eventTypeFieldsSchema.extend({ name: eventTypeNameSchema });

type Fields = z.output<typeof eventTypeFieldsSchema>;

export function createEventTypeService(options: EventTypeServiceOptions): EventTypeService {
  const { evaluator, tools, now } = options;
  const store = options.store.eventTypes;
  const lock = createKeyedLock();

  async function versionsOf(name: string): Promise<EventType[]> {
    const versions = await store.get(name);
    if (versions.length > 0) return versions;
    throw new HooklineError('event_type_not_found', `There is no event type ${name.slice(0, 200)}.`);
  }

  async function changed(): Promise<void> {
    await options.onChange();
    await options.bus.publish({ type: 'event-types-changed' });
  }

  function toVersion(name: string, version: number, fields: Fields, createdAt: number): EventType {
    const { title, ...rest } = fields;
    return { ...rest, name, version, title: title === '' ? name : title, createdAt, updatedAt: now() };
  }

  /** @param others of the same type @throws HooklineError `invalid_event_type` */
  async function refuseFaults(eventType: EventType, others: readonly EventType[]): Promise<void> {
    const own = await fieldFaults(eventType, others);
    // What goes on with a broken schema or expression would only say so again.
    const between = own.length > 0 ? [] : await conversionFaults(eventType, others);
    const problems = [...own, ...between];
    if (problems.length > 0) throw invalid(problems);
  }

  async function fieldFaults({ name, version, schema, example, downConversion }: EventType, others: readonly EventType[]) {
    const problems: Problem[] = [];
    const schemaFault = schema === null ? undefined : await evaluator.check('json-schema', JSON.stringify(schema));
    if (schemaFault !== undefined) problems.push(problem('schema', 'invalid_schema', schemaFault));
    else if (schema !== null && example !== null) {
      for (const { path, message } of await tools.validate(schema, example)) {
        problems.push(problem(joinPaths('example', path), 'invalid_example', message));
      }
    }
    if (downConversion === null) return problems;
    const fault = await evaluator.check('jsonata', downConversion);
    if (fault !== undefined) problems.push(problem('downConversion', 'invalid_expression', fault));
    if (version === 1 || (others.length > 0 && others.every((other) => other.version > version))) {
      problems.push(problem('downConversion', 'no_version_below', `there is no version of ${name} below ${version}`));
    }
    return problems;
  }

  /** Tries the examples: of this version for the one below, and of the one above for this one. */
  async function conversionFaults(eventType: EventType, others: readonly EventType[]): Promise<Problem[]> {
    const sorted = [...others, eventType].sort((one, two) => one.version - two.version);
    const place = sorted.indexOf(eventType);
    const [below, above] = [sorted[place - 1], sorted[place + 1]];
    const down = below && (await tryConversion(eventType, below));
    const up = above && (await tryConversion(above, eventType));
    return [
      ...(down === undefined ? [] : [problem('downConversion', 'conversion_failed', down)]),
      ...(up === undefined ? [] : [problem('schema', 'conversion_failed', up)]),
    ];
  }

  async function tryConversion(from: EventType, to: EventType): Promise<string | undefined> {
    if (from.example === null) return undefined;
    try {
      await convertData(JSON.stringify(from.example), [to, from], from.version, to.version, tools);
      return undefined;
    } catch (error) {
      if (!(error instanceof HooklineError) || error.code !== 'conversion_failed') throw error;
      return `tried on the example of version ${from.version}: ${error.message}`;
    }
  }

  /** Endpoints that would get something else, or nothing, without this version. */
  async function countUsers(name: string, version: number, versions: readonly EventType[]): Promise<number> {
    const highest = versions.at(-1)?.version ?? null;
    const isLast = versions.length === 1;
    let count = 0;
    let cursor: string | undefined;
    do {
      const page = await options.store.endpoints.list({ limit: PAGE, cursor });
      count += page.items.filter(({ config }) => {
        if (isLast) return config.eventTypes.includes(name);
        return isSubscribed(config.eventTypes, name) && versionFor(config.versions, versions, highest) === version;
      }).length;
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return count;
  }

  async function show(name: string): Promise<EventTypeView> {
    return { name, versions: await versionsOf(name) };
  }

  return {
    async create(input) {
      const { value, problems } = parseWith(newEventTypeSchema, input);
      if (value === undefined) throw invalid(problems);
      const { name, ...fields } = value;
      return lock(name, async () => {
        if ((await store.get(name)).length > 0) {
          throw new HooklineError('conflict', `There is an event type ${name} already. Add a version to it instead.`);
        }
        const eventType = toVersion(name, 1, fields, now());
        await refuseFaults(eventType, []);
        await store.insert(eventType);
        await changed();
        return show(name);
      });
    },

    addVersion: (name, input) =>
      lock(name, async () => {
        const versions = await versionsOf(name);
        const latest = versions.at(-1);
        const told = latest && { title: latest.title, description: latest.description };
        const { value, problems } = parseWith(eventTypeFieldsSchema, { ...told, ...input });
        if (value === undefined) throw invalid(problems);
        const version = (latest?.version ?? 0) + 1;
        const eventType = toVersion(name, version, value, now());
        await refuseFaults(eventType, versions);
        await store.insert(eventType);
        await changed();
        return show(name);
      }),

    update: (name, version, change) =>
      lock(name, async () => {
        const versions = await versionsOf(name);
        const present = versions.find((one) => one.version === version);
        if (present === undefined) throw noVersion(name, version);
        const { title, description, schema, example, downConversion, createdAt } = present;
        const previous = { title, description, schema, example, downConversion };
        const { value, problems } = parseWith(eventTypeFieldsSchema, { ...previous, ...change });
        if (value === undefined) throw invalid(problems);
        const next = toVersion(name, version, value, createdAt);
        const others = versions.filter((one) => one !== present);
        await refuseFaults(next, others);
        const { name: _name, version: _version, createdAt: _createdAt, ...fields } = next;
        if (!(await store.update(name, version, fields))) throw noVersion(name, version);
        await changed();
        return show(name);
      }),

    delete: (name, version) =>
      lock(name, async () => {
        const versions = await versionsOf(name);
        const place = versions.findIndex((one) => one.version === version);
        if (place === -1) throw noVersion(name, version);
        const users = await countUsers(name, version, versions);
        if (users > 0) {
          const who = users === 1 ? 'one endpoint gets' : `${users} endpoints get`;
          throw new HooklineError(
            'conflict',
            `Version ${version} of ${name} is needed: ${who} it. Move them to another version first.`,
            {
              details: { endpoints: users },
            },
          );
        }
        const [below, above] = [versions[place - 1], versions[place + 1]];
        if (below !== undefined && above !== undefined) {
          const message = `Version ${version} of ${name} is needed to convert version ${above.version} into version ${below.version}. Delete version ${below.version} first.`;
          throw new HooklineError('conflict', message);
        }
        if (!(await store.delete(name, version))) throw noVersion(name, version);
        await changed();
      }),

    async list() {
      const catalogue = toCatalogue(await store.listAll());
      return [...catalogue].map(([name, versions]) => ({ name, versions }));
    },

    get: show,
  };
}

function invalid(problems: readonly Problem[]): HooklineError {
  return problemsError('invalid_event_type', 'The event type', problems);
}

function noVersion(name: string, version: number): HooklineError {
  return new HooklineError('event_type_not_found', `The event type ${name.slice(0, 200)} has no version ${version}.`);
}
