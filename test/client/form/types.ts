// Every type whose form is tested: the built-in ones and those of a plugin that the client has never heard of.

import { z } from 'zod';
import { defineNode, definePlugin } from '../../../src/engine/plugin.ts';
import { createRegistry, type NodeDescription, type TriggerDescription } from '../../../src/engine/registry.ts';
import { builtIns } from '../../../src/plugins/index.ts';

const address = z.strictObject({
  street: z.string().min(1).max(100).meta({ title: 'Street' }),
  city: z.string().max(100).optional().meta({ title: 'City' }),
});

/** A tree, as file folders are: it refers to itself. */
const folder = z.strictObject({
  title: z.string().min(1).meta({ title: 'Folder name' }),
  get folders() {
    return z.array(folder).optional().meta({ title: 'Folders' });
  },
});

/** Something of everything that a schema may hold. */
export const parcelConfig = z.strictObject({
  recipient: z.string().min(1).max(200).meta({ title: 'Recipient', description: 'Who gets the parcel.' }),
  email: z.email().optional().meta({ title: 'E-mail' }),
  note: z.string().max(2_000).optional().meta({ title: 'Note' }),
  weight: z.number().min(0.1).max(30).meta({ title: 'Weight' }),
  pieces: z.int().min(1).max(99).default(1).meta({ title: 'Pieces' }),
  holdMs: z.int().min(0).max(86_400_000).optional().meta({ title: 'Hold back' }),
  maxLabelBytes: z.int().min(1).max(10_000_000).default(4_096),
  speed: z.enum(['slow', 'fast', 'express']).default('slow').meta({ title: 'Speed' }),
  country: z.enum(['BE', 'NL', 'FR', 'DE', 'LU']).meta({ title: 'Country' }),
  insured: z.boolean().default(false).meta({ title: 'Insured' }),
  kind: z.literal('parcel'),
  floor: z
    .union([z.literal(0), z.literal(1), z.literal(2)])
    .optional()
    .meta({ title: 'Floor' }),
  address: address.meta({ title: 'Address' }),
  returnTo: address.optional().meta({ title: 'Return address' }),
  labels: z.array(z.string().max(50)).max(5).optional().meta({ title: 'Labels' }),
  sizes: z.array(z.number()).max(3).optional().meta({ title: 'Sizes' }),
  extras: z
    .array(z.enum(['gift', 'fragile', 'cold']))
    .optional()
    .meta({ title: 'Extras' }),
  references: z
    .array(z.strictObject({ name: z.string().max(50), value: z.string().max(50) }))
    .optional()
    .meta({ title: 'References' }),
  stops: z
    .array(
      z.strictObject({
        place: z.string().min(1).max(50).meta({ title: 'Place' }),
        minutes: z.int().min(1).optional().meta({ title: 'Minutes' }),
        signed: z.boolean().optional().meta({ title: 'Signed for' }),
      }),
    )
    .optional()
    .meta({ title: 'Stops' }),
  tariffs: z.record(z.string(), z.number()).optional().meta({ title: 'Tariffs' }),
  payment: z
    .discriminatedUnion('by', [
      z.strictObject({ by: z.literal('invoice'), number: z.string().min(1).meta({ title: 'Invoice number' }) }),
      z.strictObject({ by: z.literal('card'), token: z.string().min(4).meta({ title: 'Card token', writeOnly: true }) }),
    ])
    .optional()
    .meta({ title: 'Payment' }),
  deliverAt: z
    .union([z.literal('soon'), z.array(z.int())])
    .optional()
    .meta({ title: 'Deliver at' }),
  pickUp: z.string().max(20).nullable().optional().meta({ title: 'Pick-up point' }),
  contents: folder.optional().meta({ title: 'Contents' }),
  meta: z.unknown().optional().meta({ title: 'Anything else', advanced: true }),
});

const parcelNode = defineNode({
  type: 'parcel',
  title: 'Send a parcel',
  description: 'Hands a parcel to the carrier.',
  config: parcelConfig,
  run: () => ({ kind: 'done', output: null }),
});

/** A configuration that is one of two kinds as a whole, and one that is a record. */
const choiceNode = defineNode({
  type: 'either-or',
  title: 'Either or',
  description: 'Has two kinds of configuration.',
  config: z.discriminatedUnion('way', [
    z.strictObject({ way: z.literal('short'), steps: z.int().min(1).meta({ title: 'Steps' }) }),
    z.strictObject({ way: z.literal('long'), guide: z.string().min(1).meta({ title: 'Guide' }) }),
  ]),
  run: () => ({ kind: 'done', output: null }),
});

const external = definePlugin({ name: 'carrier', nodes: [parcelNode, choiceNode] });

export const registry = createRegistry([builtIns, external]);
const described = registry.describe();

export interface TestedType {
  readonly kind: 'node' | 'trigger';
  readonly description: NodeDescription | TriggerDescription;
  readonly schema: z.ZodType;
  readonly expressions: readonly string[];
  readonly scripts: readonly string[];
  readonly isBuiltIn: boolean;
}

function schemaOf(kind: 'node' | 'trigger', type: string): z.ZodType {
  const found = kind === 'node' ? registry.node(type) : registry.trigger(type);
  if (found === undefined) throw new Error(`There is no ${kind} type ${type}.`);
  return found.config;
}

export const testedTypes: readonly TestedType[] = [
  ...described.triggers.map((description) => ({
    kind: 'trigger' as const,
    description,
    schema: schemaOf('trigger', description.type),
    expressions: [],
    scripts: [],
    isBuiltIn: description.plugin === 'hookline',
  })),
  ...described.nodes.map((description) => ({
    kind: 'node' as const,
    description,
    schema: schemaOf('node', description.type),
    expressions: description.expressions,
    scripts: description.scripts,
    isBuiltIn: description.plugin === 'hookline',
  })),
];

/** `trigger webhook`, `node condition`. */
export function nameOf({ kind, description }: TestedType): string {
  return `${kind} ${description.type}`;
}

export function typeNamed(name: string): TestedType {
  const found = testedTypes.find((type) => nameOf(type) === name);
  if (found === undefined) throw new Error(`There is no type ${name}.`);
  return found;
}
