// Routes that tell what this installation can do: its trigger and node types, and the API's own description.

import { z } from 'zod';
import { modeSchema } from '../../engine/model.ts';
import { defineRoute, type Route } from '../route.ts';

const tag = 'About';

const jsonSchema = z.record(z.string(), z.unknown()).meta({ description: 'JSON Schema (draft 2020-12) of `config`.' });

const about = { type: z.string(), title: z.string(), description: z.string(), plugin: z.string(), config: jsonSchema };

const nodeTypeView = z
  .strictObject({
    ...about,
    flow: z.enum(['step', 'branching', 'ending']),
    replies: z.boolean().meta({ description: 'Ends the flow with a reply for the caller.' }),
    canWait: z.boolean(),
    hasEffect: z.boolean().meta({ description: 'Running it does something outside: it sends, calls or starts.' }),
    modes: z.array(modeSchema).meta({ description: 'Modes that it may be used in.' }),
    branches: z.array(z.string()).nullable().meta({ description: 'Null when they depend on the configuration.' }),
    expressions: z.array(z.string()).meta({ description: 'Paths inside `config` of strings that are expressions.' }),
    scripts: z.array(z.string()).meta({ description: 'Paths inside `config` of strings that are scripts.' }),
    isResumable: z.boolean().meta({ description: 'Whether a call from outside can resume it while it waits.' }),
  })
  .meta({ id: 'NodeType' });

const triggerTypeView = z.strictObject(about).meta({ id: 'TriggerType' });

const listPlugins = defineRoute({
  method: 'GET',
  path: '/api/plugins',
  name: 'listPlugins',
  permission: 'any',
  summary: 'Lists the trigger and node types that are installed, each with the JSON Schema of its configuration',
  tag,
  response: z.strictObject({ triggers: z.array(triggerTypeView), nodes: z.array(nodeTypeView) }),
  isSentAsItIs: true,
  handle: (_input, { registry }) => registry.describe(),
});

const getOpenapi = defineRoute({
  method: 'GET',
  path: '/api/openapi.json',
  name: 'getOpenapi',
  permission: 'any',
  summary: 'This API as an OpenAPI 3.1 document',
  tag,
  response: z.record(z.string(), z.unknown()),
  isSentAsItIs: true,
  handle: (_input, { openapi }) => openapi(),
});

export const aboutRoutes: readonly Route[] = [listPlugins, getOpenapi];
