// Pure: seals, hides, opens and keeps the write-only values of a whole document, by the schemas of its types.

import { HooklineError } from '../errors.ts';
import { valueAt } from './config-problems.ts';
import { describeTarget, findTargets, isWithinTargets } from './credential-targets.ts';
import type { Document, Node } from './model.ts';
import { appendSegment, formatPath, isRecord, joinPaths, type Segment } from './path.ts';
import type { JsonSchema, Registry } from './registry.ts';
import { type Said, say } from './say.ts';
import type { FieldBox } from './sealed-places.ts';
import { MAX_NODE_LEVELS, walkNodes } from './tree.ts';
import {
  findWriteOnly,
  hideWriteOnly,
  keepWriteOnly,
  listWriteOnly,
  openWriteOnly,
  replaceSealed,
  SEALED_KEY,
  sealWriteOnly,
  withoutSent,
} from './write-only.ts';

type Config = Record<string, unknown>;
type Schemas = Pick<Registry, 'nodeSchema' | 'triggerSchema'>;

/** The form that is stored. @param box of the workflow's row */
export function sealDocument(document: Document, registry: Schemas, box: FieldBox): Document {
  return mapConfigs(document, registry, (config, schema, { owner }) =>
    schema ? sealWriteOnly(config, schema, within(box, owner)) : config,
  );
}

/** The form that is shown and exported. */
export function hideDocument(document: Document, registry: Schemas): Document {
  return mapConfigs(document, registry, (config, schema) => hideWriteOnly(config, schema));
}

/**
 * The form that runs.
 * @param box of the workflow's row
 * @param onUnreadable told the places of values that the present key does not open; without it that is thrown
 * @throws HooklineError `invalid_configuration`
 */
export function openDocument(
  document: Document,
  registry: Schemas,
  box: FieldBox,
  onUnreadable?: (place: string) => void,
): Document {
  return mapConfigs(document, registry, (config, _, { owner, place }) =>
    openWriteOnly(
      config,
      within(box, owner),
      onUnreadable && ((segments: readonly Segment[]) => onUnreadable(joinPaths(place, formatPath(segments)))),
    ),
  );
}

/**
 * A stored document for another workflow. It needs no schema: what is encrypted stays so, also when a type is no longer
 * installed. Values that no key decrypts are left out.
 */
export function moveDocument(document: Document, registry: Schemas, from: FieldBox, to: FieldBox): Document {
  return mapConfigs(document, registry, (config, _, { owner }) => {
    const [source, target] = [within(from, owner), within(to, owner)];
    const moved = replaceSealed(config, (sealed, segments) => {
      const field = formatPath(segments);
      const text = openOrSealed(sealed, source, field);
      return text === sealed ? undefined : { [SEALED_KEY]: target.sealField(text, field) };
    });
    return isRecord(moved) ? moved : config;
  });
}

/** The fields of the configuration of `trigger` or of a node, which keeps its place by its key wherever it stands. */
function within(box: FieldBox, owner: string): FieldBox {
  return {
    sealField: (text, field) => box.sealField(text, `${owner}/${field}`),
    openField: (sealed, field) => box.openField(sealed, `${owner}/${field}`),
  };
}

export interface WriteOnlyPlaces {
  /** Paths below its configuration. */
  readonly trigger: readonly string[];
  /** By the keys of nodes that have some. */
  readonly nodes: Readonly<Record<string, readonly string[]>>;
}

/** Where a document has write-only values, which nobody is shown. */
export function listDocumentSecrets({ trigger, nodes }: Document, registry: Schemas): WriteOnlyPlaces {
  const places = (config: Config, schema: JsonSchema | undefined): string[] => (schema ? listWriteOnly(config, schema) : []);
  const found: [string, string[]][] = [];
  walkNodes(nodes, ({ key, type, config }) => {
    const own = places(config, registry.nodeSchema(type));
    if (own.length > 0) found.push([key, own]);
  });
  return { trigger: places(trigger.config, registry.triggerSchema(trigger.type)), nodes: Object.fromEntries(found) };
}

/** A form to compare: equal secrets get equal marks in all documents that one function of these has marked. */
export function createSecretMarker(registry: Schemas, box: FieldBox): (document: Document) => Document {
  const marks = new Map<string, string>();
  const markOf = (text: string): string => {
    const mark = marks.get(text) ?? String(marks.size);
    marks.set(text, mark);
    return mark;
  };
  return (document) =>
    mapConfigs(sealDocument(document, registry, box), registry, (config, _, { owner }) => {
      const own = within(box, owner);
      const marked = replaceSealed(config, (sealed, segments) => ({
        [SEALED_KEY]: markOf(openOrSealed(sealed, own, formatPath(segments))),
      }));
      return isRecord(marked) ? marked : config;
    });
}

/** What cannot be opened is told apart by its sealed text. */
function openOrSealed(sealed: string, box: FieldBox, field: string): string {
  try {
    return box.openField(sealed, field);
  } catch (error) {
    if (error instanceof HooklineError) return sealed;
    throw error;
  }
}

/** A write-only value that was not kept, since it would be sent to another place than the one that it was stored for. */
export interface DroppedSecret {
  /** `nodes[0].config.auth.token` */
  readonly place: string;
  /** Where it was sent, and where it would be; undefined when the type does not say. */
  readonly before: string | undefined;
  readonly after: string | undefined;
}

/** Why a value was not kept, and what to do. */
export function sayDropped({ before, after }: DroppedSecret): Said {
  return before === undefined || after === undefined || before === after
    ? say('secret.droppedElsewhere')
    : say('secret.dropped', { before, after });
}

export interface KeptSecrets {
  readonly trigger: unknown;
  readonly nodes: unknown;
  /** Places of the values that were taken from the previous document. */
  readonly kept: readonly string[];
  readonly dropped: readonly DroppedSecret[];
}

/**
 * An edit from outside, its shape not yet checked, with the write-only values that it leaves out, and without those that null
 * takes away. The trigger is the same while its type is, a node while its key and type are. A value that is sent somewhere is kept
 * only while the edit sends to no other scheme, host or port than the previous document did.
 * @param next plain JSON
 * @param previous opened
 */
export function keepSecrets(
  next: { readonly trigger: unknown; readonly nodes: unknown },
  previous: Document,
  registry: Schemas,
): KeptSecrets {
  const kept: string[] = [];
  const dropped: DroppedSecret[] = [];
  const oldNodes = new Map<string, Node>();
  walkNodes(previous.nodes, (node) => void oldNodes.set(node.key, node));

  const keepIn = (
    owner: Config,
    old: Node | Document['trigger'] | undefined,
    schema: JsonSchema | undefined,
    place: string,
  ): Config => {
    if (!schema) return owner;
    const before = old !== undefined && old.type === owner.type ? old.config : undefined;
    const config = before ? (owner.config ?? {}) : owner.config;
    if (!isRecord(config)) return owner;
    const whole = keepWriteOnly(config, before ?? {}, schema);
    const found = before ? listKept(config, whole, schema) : [];
    if (found.length === 0) return { ...owner, config: whole };
    const partial = keepWriteOnly(config, withoutSent(before ?? {}, schema), schema);
    const isSame = isWithinTargets(partial, before ?? {}, schema);
    const sent = new Set(isSame ? [] : listWriteOnly(whole, schema, { isSent: true }));
    const [from, to] = [before ?? {}, partial].map((one) => describeTarget(findTargets(one, schema)));
    for (const path of found) {
      if (sent.has(path)) dropped.push({ place: joinPaths(place, path), before: from, after: to });
      else kept.push(joinPaths(place, path));
    }
    return { ...owner, config: isSame ? whole : partial };
  };
  const keepInNodes = (nodes: unknown, listPlace: string, level: number): unknown => {
    // Deeper ones are refused anyway.
    if (!Array.isArray(nodes) || level > MAX_NODE_LEVELS) return nodes;
    return nodes.map((node: unknown, index) => {
      if (!isRecord(node) || typeof node.type !== 'string') return node;
      const place = appendSegment(listPlace, index);
      const old = typeof node.key === 'string' ? oldNodes.get(node.key) : undefined;
      const owner = keepIn(node, old, registry.nodeSchema(node.type), `${place}.config`);
      if (!isRecord(owner.branches)) return owner;
      const branches = Object.entries(owner.branches).map(([name, list]) => [
        name,
        keepInNodes(list, appendSegment(`${place}.branches`, name), level + 1),
      ]);
      return { ...owner, branches: Object.fromEntries(branches) };
    });
  };

  const { trigger } = next;
  return {
    trigger:
      isRecord(trigger) && typeof trigger.type === 'string'
        ? keepIn(trigger, previous.trigger, registry.triggerSchema(trigger.type), 'trigger.config')
        : trigger,
    nodes: keepInNodes(next.nodes, 'nodes', 1),
    kept,
    dropped,
  };
}

/** Where a configuration is: the owner by which its sealed values are bound, and its path in the document. */
interface ConfigPlace {
  readonly owner: string;
  readonly place: string;
}

const TRIGGER_PLACE: ConfigPlace = { owner: 'trigger', place: 'trigger.config' };

/** Paths of the write-only values that an edit left out and that it has now. */
function listKept(given: Config, whole: Config, schema: JsonSchema): string[] {
  const left = findWriteOnly(whole, schema).filter((segments) => (valueAt(segments, given) ?? null) === null);
  return left.map(formatPath);
}

function mapConfigs(
  { trigger, nodes, settings }: Document,
  registry: Schemas,
  change: (config: Config, schema: JsonSchema | undefined, at: ConfigPlace) => Config,
): Document {
  const mapNodes = (list: readonly Node[], listPlace: string): Node[] =>
    list.map((node, index) => {
      const place = appendSegment(listPlace, index);
      const mapped: Node = {
        ...node,
        config: change(node.config, registry.nodeSchema(node.type), { owner: `nodes/${node.key}`, place: `${place}.config` }),
      };
      if (node.branches) {
        const branches = Object.entries(node.branches).map(([name, children]): [string, Node[]] => {
          return [name, mapNodes(children, appendSegment(`${place}.branches`, name))];
        });
        mapped.branches = Object.fromEntries(branches);
      }
      return mapped;
    });
  return {
    trigger: { ...trigger, config: change(trigger.config, registry.triggerSchema(trigger.type), TRIGGER_PLACE) },
    nodes: mapNodes(nodes, 'nodes'),
    ...(settings === undefined ? {} : { settings }),
  };
}
