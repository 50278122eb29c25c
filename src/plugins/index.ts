// The node and trigger types that come with Hookline.

import { definePlugin } from '../engine/plugin.ts';
import { calculationNode } from './calculation/node.ts';
import { conditionNode } from './condition/node.ts';
import { dateCalculationNode } from './date-calculation/node.ts';
import { delayNode } from './delay/node.ts';
import { endNode } from './end/node.ts';
import { hooklineEventTrigger } from './hookline-event/trigger.ts';
import { httpRequestNode } from './http-request/node.ts';
import { javascriptNode } from './javascript/node.ts';
import { jsonMappingNode } from './json-mapping/node.ts';
import { jsonQueryNode } from './json-query/node.ts';
import { loopNode } from './loop/node.ts';
import { multiConditionsNode } from './multi-conditions/node.ts';
import { outputNode } from './output/node.ts';
import { parallelNode } from './parallel/node.ts';
import { responseNode } from './response/node.ts';
import { sendWebhookNode } from './send-webhook/node.ts';
import { subflowNode } from './subflow/node.ts';
import { subflowTrigger } from './subflow/trigger.ts';
import { variableNode } from './variable/node.ts';
import { waitNode } from './wait/node.ts';
import { webhookTrigger } from './webhook/trigger.ts';

export const builtIns = definePlugin({
  name: 'hookline',
  triggers: [webhookTrigger, subflowTrigger, hooklineEventTrigger],
  nodes: [
    conditionNode,
    multiConditionsNode,
    calculationNode,
    jsonQueryNode,
    variableNode,
    responseNode,
    endNode,
    delayNode,
    waitNode,
    loopNode,
    parallelNode,
    subflowNode,
    outputNode,
    jsonMappingNode,
    dateCalculationNode,
    javascriptNode,
    httpRequestNode,
    sendWebhookNode,
  ],
});
