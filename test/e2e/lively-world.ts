// A day in the life of a shop that uses Hookline: workflows, calls, failures, endpoints that take webhooks and one that does not.

import type { DesignerServer } from './server.ts';

const HOUR_MS = 3_600_000;
/** How long before now the day begins. */
export const BEGINS_MS = -24 * HOUR_MS;

/** Calls in each hour of the day that ends now: quiet at first, busy in the middle. */
const CALLS = [2, 1, 1, 1, 2, 3, 5, 8, 10, 12, 11, 9, 8, 10, 12, 13, 11, 9, 8, 7, 6, 6, 7, 5];

const CUSTOMERS = ['Ada', 'Grace', 'Edsger', 'Barbara', 'Alan', 'Radia', 'Donald'];

export interface LivelyWorld {
  readonly payment: MadeWorkflow;
  readonly order: MadeWorkflow;
  /** One that failed in a step, and one that answered 422. */
  readonly failedExecution: string;
  readonly refusedExecution: string;
  readonly activeEndpoint: string;
  readonly blockedEndpoint: string;
  readonly message: string;
}

export interface MadeWorkflow {
  readonly id: string;
  readonly hookUrl: string;
}

/** Where webhooks go: one that takes them, one that answers with 503. */
export interface Receivers {
  readonly good: { readonly url: string };
  readonly bad: { readonly url: string };
}

/**
 * Makes it all through the API, hour by hour.
 * @param server one whose clock can be set and stands at `BEGINS_MS`; it stands at now when this resolves
 */
export async function makeLivelyWorld(server: DesignerServer, { good, bad }: Receivers): Promise<LivelyWorld> {
  await makeCatalogue(server);
  const active = await makeEndpoint(server, {
    url: `${good.url}/hookline/orders`,
    description: 'Warehouse',
    eventTypes: ['order.*'],
  });
  await makeEndpoint(server, {
    url: `${good.url}/crm`,
    description: 'Customer relations',
    eventTypes: ['order.paid', 'customer.*'],
  });
  const off = await makeEndpoint(server, { url: `${good.url}/old`, description: 'The accountant’s old system' });
  await server.api('PATCH', `/api/endpoints/${off}`, { enabled: false });
  const blocked = await makeEndpoint(server, {
    url: `${bad.url}/erp/webhooks/incoming`,
    description: 'ERP',
    eventTypes: ['order.created'],
    retry: { type: 'none' },
  });
  await server.api('POST', '/api/secrets', {
    name: 'SHOP_API_KEY',
    value: 'a key that nobody reads',
    description: 'The shop’s admin API',
  });
  await server.api('POST', '/api/secrets', {
    name: 'ERP_PASSWORD',
    value: 'another one of these',
    description: 'Signs in at the ERP',
  });
  const payment = await makeWorkflow(server, paymentCallback);
  const order = await makeWorkflow(server, orderNotification);
  const stock = await makeWorkflow(server, stockSync(bad.url));
  const push = await makeWorkflow(server, gitHubPush);
  await makeWorkflow(server, { ...contactForm, title: 'Contact form' });
  const long = await makeWorkflow(server, {
    ...contactForm,
    title: 'Applications of newly founded associations for a reduced fee, checked by two people',
    tags: ['associations', 'forms', 'reduced fees', 'two people'],
  });
  await server.api('PATCH', `/api/workflows/${long.id}`, { enabled: false });

  let calls = 0;
  for (const [index, count] of CALLS.entries()) {
    for (let call = 0; call < count; call += 1) {
      // What runs in the background must not see the clock move on.
      await settled(server);
      await server.setClock(BEGINS_MS + index * HOUR_MS + Math.round(((call + 0.5) / count) * 55 * 60_000));
      calls += 1;
      // Every ninth payment is not paid; the stock fails in the afternoon.
      await pay(server, payment, calls, calls % 9 === 0 ? 'open' : 'paid');
      if (calls % 3 === 0) await placeOrder(server, order, calls);
      if (index > 15 && call === 0) await server.post(stock.hookUrl, { sku: 'TEA-1' });
      if (calls % 11 === 0) await pushCommit(server, push, calls);
    }
  }
  await settled(server);
  await server.setClock(-4 * 60_000);
  await server.post(stock.hookUrl, { sku: 'TEA-1' });
  await pay(server, payment, 1_001, 'paid');
  await pay(server, payment, 1_002, 'open');
  await placeOrder(server, order, 1_003);
  await settled(server);
  await server.setClock(0);
  const last = async (query: string) => (await server.api('GET', `${query}limit=1`)).data[0].id as string;
  return {
    payment,
    order,
    failedExecution: await last(`/api/executions?workflowId=${stock.id}&status=error&`),
    refusedExecution: await last(`/api/executions?workflowId=${payment.id}&`),
    activeEndpoint: active,
    blockedEndpoint: blocked,
    message: await last('/api/messages?'),
  };
}

/** People and a token, for the settings. */
export async function makeColleagues(server: DesignerServer): Promise<void> {
  await server.api('POST', '/api/users', { email: 'grace@example.com', name: 'Grace Hopper', role: 'editor' });
  await server.api('POST', '/api/users', { email: 'edsger@example.com', name: 'Edsger Dijkstra', role: 'viewer' });
  await server.api('POST', '/api/tokens', {
    name: 'shop backend',
    permissions: ['messages:write', 'outbound:read'],
    expiresAt: new Date(Date.now() + 90 * 24 * HOUR_MS).toISOString(),
  });
}

async function makeWorkflow(server: DesignerServer, document: object): Promise<MadeWorkflow> {
  return server.api('POST', '/api/workflows', { enabled: true, ...document });
}

async function makeEndpoint(server: DesignerServer, fields: object): Promise<string> {
  return (await server.api('POST', '/api/endpoints', fields)).id;
}

async function makeCatalogue(server: DesignerServer): Promise<void> {
  const types = [
    ['order.created', 'An order was placed', 'The customer has confirmed it; it is not paid yet.'],
    ['order.paid', 'An order was paid', 'Sent once, when the whole amount is there.'],
    ['customer.changed', 'A customer has changed', 'Name, address or language.'],
  ] as const;
  for (const [name, title, description] of types) {
    await server.api('POST', '/api/event-types', { name, title, description, example: { id: 'A-1001' } });
  }
  await server.api('POST', '/api/event-types/order.created/versions', {
    title: 'An order was placed',
    description: 'With its lines.',
    example: { id: 'A-1001', lines: [{ sku: 'TEA-1', quantity: 4 }] },
    downConversion: '$sift(function($value, $name) { $name != "lines" })',
  });
}

function pay(server: DesignerServer, { hookUrl }: MadeWorkflow, number: number, status: string) {
  return server.post(hookUrl, { payment: { id: `pay_${1_000 + number}`, status, amount: 1_995 + number * 10 } });
}

function placeOrder(server: DesignerServer, { hookUrl }: MadeWorkflow, number: number) {
  const items = [
    { sku: 'TEA-1', price: 12.5, quantity: 1 + (number % 4) },
    { sku: 'CUP-7', price: 30, quantity: number % 3 },
  ];
  const customer = { name: CUSTOMERS[number % CUSTOMERS.length] };
  return server.post(hookUrl, { order: { id: `A-${1_000 + number}`, customer, items } });
}

function pushCommit(server: DesignerServer, { hookUrl }: MadeWorkflow, number: number) {
  return server.post(
    hookUrl,
    { ref: 'refs/heads/main', commits: [{ id: `c${number}` }], pusher: { name: 'grace' } },
    {
      'X-GitHub-Event': 'push',
    },
  );
}

/** Nothing runs any more, and nothing is to be sent at once. */
async function settled(server: DesignerServer): Promise<void> {
  for (;;) {
    const { data: executions } = await server.api('GET', '/api/executions?status=queued,running&limit=1');
    const { data: deliveries } = await server.api('GET', '/api/deliveries?status=pending&limit=1');
    if (executions.length === 0 && deliveries.length === 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const paymentCallback = {
  title: 'Payment callback',
  mode: 'sync',
  tags: ['payments'],
  trigger: {
    type: 'webhook',
    config: {
      body: [
        { path: 'payment.id', alias: 'Payment id', required: true },
        { path: 'payment.status', alias: 'Status', required: true },
        { path: 'payment.amount', alias: 'Amount' },
      ],
    },
  },
  nodes: [
    {
      key: 'paid',
      type: 'condition',
      title: 'Paid?',
      config: {
        engine: 'basic',
        test: { all: [{ left: '{{$context.body.payment.status}}', operator: 'equal', right: 'paid' }] },
      },
      branches: {
        true: [
          {
            key: 'accept',
            type: 'response',
            title: 'Thank the payment provider',
            config: { status: 200, body: { received: '{{$context.body.payment.id}}' } },
          },
        ],
        false: [
          {
            key: 'refuse',
            type: 'response',
            title: 'Say why not',
            config: { status: 422, body: { reason: 'payment is {{$context.body.payment.status}}, not paid' } },
          },
        ],
      },
    },
  ],
};

const orderNotification = {
  title: 'Order notification',
  mode: 'async',
  tags: ['orders', 'outgoing'],
  trigger: {
    type: 'webhook',
    config: {
      body: [
        { path: 'order.id', alias: 'Order number', required: true },
        { path: 'order.customer.name', alias: 'Customer' },
        { path: 'order.items', alias: 'Items', required: true },
      ],
    },
  },
  nodes: [
    {
      key: 'total',
      type: 'calculation',
      title: 'Total',
      config: { engine: 'jsonata', expression: '$sum($context.body.order.items.(price * quantity))' },
    },
    {
      key: 'large',
      type: 'condition',
      title: 'A large order?',
      config: { engine: 'basic', test: { all: [{ left: '{{$nodes.total}}', operator: 'gte', right: 60 }] } },
      branches: {
        true: [{ key: 'mark', type: 'variable', title: 'Mark it', config: { value: 'LARGE: {{$context.body.order.id}}' } }],
        false: [],
      },
    },
    {
      key: 'tell',
      type: 'send-webhook',
      title: 'Tell all subscribers',
      config: {
        to: { type: 'subscribers' },
        event: 'order.created',
        data: { id: '{{$context.body.order.id}}', total: '{{$nodes.total}}', lines: '{{$context.body.order.items}}' },
      },
    },
  ],
};

function stockSync(url: string) {
  return {
    title: 'Stock of the ERP',
    mode: 'async',
    tags: ['stock'],
    trigger: { type: 'webhook', config: { body: [{ path: 'sku', alias: 'Article' }] } },
    nodes: [
      {
        key: 'ask',
        type: 'http-request',
        title: 'Ask the ERP',
        config: { method: 'GET', url: `${url}/stock/{{$context.body.sku}}` },
      },
    ],
  };
}

const gitHubPush = {
  title: 'GitHub push',
  mode: 'async',
  tags: ['github'],
  trigger: {
    type: 'webhook',
    config: {
      headers: [{ name: 'X-GitHub-Event', alias: 'Event' }],
      body: [{ path: 'ref' }, { path: 'pusher.name' }, { path: 'commits' }],
    },
  },
  nodes: [
    {
      key: 'summary',
      type: 'calculation',
      title: 'What happened, in one line',
      config: { engine: 'jsonata', expression: "$context.body.pusher.name & ' pushed ' & $count($context.body.commits)" },
    },
  ],
};

const contactForm = {
  mode: 'sync',
  tags: ['forms'],
  trigger: { type: 'webhook', config: { body: [{ path: 'name' }, { path: 'email' }] } },
  nodes: [
    { key: 'thanks', type: 'response', title: 'Thank the visitor', config: { status: 200, body: { message: 'Thank you' } } },
  ],
};
