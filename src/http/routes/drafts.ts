// Routes for what is being built: checks, expressions and nodes are tried before anything is saved.

import { z } from 'zod';
import { listDocumentSecrets } from '../../engine/document-secrets.ts';
import { modeSchema, nodeSchema, problemSchema } from '../../engine/model.ts';
import { nullIfUnreadable } from '../../engine/stored-workflows.ts';
import { HooklineError } from '../../errors.ts';
import { namedHosts, namedSecrets } from '../audit-details.ts';
import { defineRoute, type Route } from '../route.ts';
import { evaluationView, learnedView, nodeTestView, variablesSchema, writeOnlyView } from './designer-views.ts';
import { toTime, workflowParams } from './views.ts';

const tag = 'Drafts';

const workflowId = z
  .string()
  .min(1)
  .max(100)
  .optional()
  .meta({ description: 'The workflow that it belongs to: write-only values that are left out are taken from there.' });

const checkWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows/check',
  name: 'checkWorkflow',
  permission: 'workflows:read',
  summary: 'Says what a save would say of a workflow, and saves nothing',
  description:
    'Each user and token has one check under way; further ones wait, of each workflow the newest only: an older one that waits is answered with `superseded`.',
  tag,
  body: z.strictObject({
    workflowId,
    mode: modeSchema,
    trigger: z.unknown(),
    nodes: z.unknown(),
    settings: z.unknown().optional(),
  }),
  // An editor can store what is larger anyway.
  bodyLimit: { maxBytes: 1024 * 1024, unless: 'workflows:write' },
  response: z.strictObject({ problems: z.array(problemSchema) }),
  errors: ['workflow_not_found', 'superseded', 'too_many_requests'],
  async handle({ body }, { workflows, checks, actor }) {
    const owner = `${actor?.kind ?? ''} ${actor?.id ?? ''}`;
    return { problems: await checks.run(owner, body.workflowId ?? '', () => workflows.check(body)) };
  },
});

const evaluateExpression = defineRoute({
  method: 'POST',
  path: '/api/evaluate',
  name: 'evaluateExpression',
  permission: 'executions:write',
  summary: 'Evaluates an expression, a template or a test with chosen variables',
  description:
    'An expression that fails is an answer with `error`. One that names `$secrets` needs the permission `secrets:use`, too: the values are real in it, and only replaced in the answer where they are whole.',
  tag,
  body: z.strictObject({
    engine: z.enum(['basic', 'template', 'jsonata', 'json-schema', 'mathjs', 'formula', 'jsonpath', 'jmespath']),
    expression: z.unknown().meta({ description: 'Text; for `template` any JSON value, for `basic` the test.' }),
    source: z.unknown().optional().meta({ description: 'What it looks at instead of the variables; templates are filled in.' }),
    variables: variablesSchema.optional(),
    workflowId,
  }),
  response: evaluationView,
  isAuditedFirst: true,
  auditDetails: ({ body }) => ({ engine: [body.engine], ...namedSecrets([body.expression, body.source]) }),
  handle: ({ body }, { drafts, rights }) => drafts.evaluate(body, rights),
});

const testNode = defineRoute({
  method: 'POST',
  path: '/api/test-node',
  name: 'testNode',
  permission: 'executions:write',
  summary: 'Runs one node with chosen variables, outside of any execution',
  description:
    'It is the real node: with `effects` it really sends, calls and starts. Without, a node that would is refused with `conflict`. Branches that the node brings are run, too. `$secrets` needs the permission `secrets:use`, too; write-only values that are left out need `workflows:write`, and are sent only to the scheme, host and port that they were stored for. At most 30 seconds; nothing is stored.',
  tag,
  body: z.strictObject({
    workflowId,
    mode: modeSchema,
    node: nodeSchema,
    variables: variablesSchema.optional(),
    effects: z.boolean(),
  }),
  response: nodeTestView,
  errors: ['conflict', 'workflow_not_found'],
  isAuditedFirst: true,
  auditDetails: ({ body: { node, workflowId: id, effects } }) => ({
    node: [node.type],
    effects: [String(effects)],
    ...(id === undefined ? {} : { workflow: [id] }),
    ...namedSecrets(node),
    ...namedHosts(node),
  }),
  handle: ({ body }, { drafts, rights }) => drafts.testNode(body, rights),
});

const learnVariables = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/learned',
  name: 'learnVariables',
  permission: 'executions:read',
  summary: 'Shows what the variables of a workflow have looked like in its last 20 executions and its pinned sample',
  tag,
  params: workflowParams,
  response: learnedView,
  errors: ['workflow_not_found', 'conflict'],
  async handle({ params }, { drafts, rights }) {
    const { execution, ...learned } = await drafts.learn(params.id, rights);
    return { ...learned, execution: execution && { id: execution.id, createdAt: toTime(execution.createdAt) } };
  },
});

const listWriteOnly = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/write-only',
  name: 'listWriteOnlyValues',
  permission: 'workflows:read',
  summary: 'Says which write-only values the live revision has, and shows none',
  description:
    'A value that an edit leaves out stays; null takes one away that may be absent. Paths are below the configuration: `to.secret`.',
  tag,
  params: workflowParams,
  response: writeOnlyView,
  errors: ['workflow_not_found', 'conflict', 'invalid_configuration'],
  async handle({ params }, { workflows, registry }) {
    const loaded = await nullIfUnreadable(workflows.byId(params.id));
    if (loaded === null) return { trigger: [], nodes: {} };
    if (!loaded) throw new HooklineError('workflow_not_found', `There is no workflow ${params.id}.`);
    const { trigger, nodes } = listDocumentSecrets(loaded.document, registry);
    const byKey = Object.entries(nodes).map(([key, places]): [string, string[]] => [key, [...places]]);
    return { trigger: [...trigger], nodes: Object.fromEntries(byKey) };
  },
});

export const draftRoutes: readonly Route[] = [checkWorkflow, evaluateExpression, testNode, learnVariables, listWriteOnly];
