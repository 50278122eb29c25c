// The node and trigger types that come with Hookline.

import { definePlugin } from '../engine/plugin.ts';
import { calculationNode } from './calculation/node.ts';
import { conditionNode } from './condition/node.ts';
import { endNode } from './end/node.ts';
import { jsonQueryNode } from './json-query/node.ts';
import { multiConditionsNode } from './multi-conditions/node.ts';
import { responseNode } from './response/node.ts';
import { variableNode } from './variable/node.ts';
import { webhookTrigger } from './webhook/trigger.ts';

export const builtIns = definePlugin({
  name: 'hookline',
  triggers: [webhookTrigger],
  nodes: [conditionNode, multiConditionsNode, calculationNode, jsonQueryNode, variableNode, responseNode, endNode],
});
