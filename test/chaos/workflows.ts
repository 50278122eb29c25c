// The workflows of a chaos run, and the effects that each of them must have.

export interface ChaosWorkflow {
  readonly name: string;
  readonly mode: 'sync' | 'async';
  /** How often it is called, against the others; 0 for one that only others call. */
  readonly weight: number;
  /** Job paths of its effects. Within one list each is committed before the next one begins. */
  readonly chains: readonly (readonly string[])[];
  /** What the admin API takes; `childId` is the workflow that is called by another, `webhookUrl` takes webhooks. */
  document(receiverUrl: string, childId: string, webhookUrl: string): object;
}

/** Rounds of the loop. */
const ROUNDS = 4;
/** Customers of the lane workflow. */
export const CUSTOMERS: readonly string[] = ['ada', 'bob', 'cy'];

const RETRY = { attempts: 10, delayMs: 50, factor: 1 };
/** Long enough for the execution to wait in storage. */
const LATE_RETRY = { attempts: 10, delayMs: 1_100, factor: 1, jitter: 0 };

const webhook = { type: 'webhook', config: {} };

function variable(key: string, value: unknown): object {
  return { key, type: 'variable', config: { value } };
}

function effect(key: string, url: string, more: object = {}, retry?: object): object {
  const body = { type: 'json', value: { key, ...more } };
  return { key, type: 'http-request', config: { method: 'POST', url, body }, ...(retry ? { retry } : {}) };
}

function delay(key: string, milliseconds: number): object {
  return { key, type: 'delay', config: { duration: milliseconds, unit: 'milliseconds' } };
}

export const CHILD: ChaosWorkflow = {
  name: 'child',
  mode: 'async',
  weight: 0,
  chains: [['inner']],
  document: (url) => ({
    trigger: { type: 'subflow', config: {} },
    nodes: [
      effect('inner', `${url}/effect`),
      { key: 'result', type: 'output', config: { value: { doubled: '{{$context.n}}' } } },
    ],
  }),
};

export const WORKFLOWS: readonly ChaosWorkflow[] = [
  CHILD,
  {
    name: 'steps',
    mode: 'async',
    weight: 4,
    chains: [['first', 'second', 'third']],
    document: (url) => ({
      trigger: webhook,
      nodes: [
        variable('n', '{{$context.body.n}}'),
        effect('first', `${url}/effect`),
        {
          key: 'squared',
          type: 'javascript',
          config: { code: 'return n * n', arguments: [{ name: 'n', value: '{{$nodes.n}}' }], timeoutMs: 30_000 },
        },
        effect('second', `${url}/flaky`, {}, RETRY),
        variable('text', 'number {{$nodes.n}}'),
        effect('third', `${url}/long`),
      ],
    }),
  },
  {
    name: 'delayed',
    mode: 'async',
    weight: 3,
    chains: [['before', 'after']],
    document: (url) => ({
      trigger: webhook,
      nodes: [effect('before', `${url}/effect`), delay('pause', 300), effect('after', `${url}/flaky`, {}, LATE_RETRY)],
    }),
  },
  {
    name: 'looped',
    mode: 'async',
    weight: 2,
    chains: [[...Array.from({ length: ROUNDS }, (_, index) => `each[${index}]/hit`), 'end']],
    document: (url) => ({
      trigger: webhook,
      nodes: [
        {
          key: 'each',
          type: 'loop',
          config: { over: ROUNDS },
          branches: { body: [effect('hit', `${url}/effect`), delay('breath', 60)] },
        },
        effect('end', `${url}/effect`),
      ],
    }),
  },
  {
    name: 'forked',
    mode: 'async',
    weight: 2,
    chains: [
      ['left', 'leftLater', 'joined'],
      ['right', 'joined'],
    ],
    document: (url) => ({
      trigger: webhook,
      nodes: [
        {
          key: 'both',
          type: 'parallel',
          config: { branches: [{ key: 'a' }, { key: 'b' }] },
          branches: {
            a: [effect('left', `${url}/effect`), delay('pause', 200), effect('leftLater', `${url}/effect`)],
            b: [effect('right', `${url}/slow`)],
          },
        },
        effect('joined', `${url}/effect`),
      ],
    }),
  },
  {
    name: 'calling',
    mode: 'async',
    weight: 2,
    chains: [['told', 'answered']],
    document: (url, childId) => ({
      trigger: webhook,
      nodes: [
        effect('told', `${url}/effect`),
        { key: 'call', type: 'subflow', config: { workflow: childId, input: { n: '{{$context.body.n}}' } } },
        effect('answered', `${url}/effect`, { result: '{{$nodes.call}}' }),
      ],
    }),
  },
  {
    name: 'callback',
    mode: 'async',
    weight: 2,
    chains: [['ask', 'thank']],
    document: (url) => ({
      trigger: webhook,
      nodes: [
        effect('ask', `${url}/effect`, { resume: '{{$resume.reply}}' }),
        { key: 'reply', type: 'wait', config: {} },
        effect('thank', `${url}/effect`, { reply: '{{$nodes.reply}}' }),
      ],
    }),
  },
  {
    name: 'lane',
    mode: 'async',
    weight: 2,
    chains: [['enter', 'leave']],
    document: (url) => ({
      trigger: webhook,
      settings: { concurrency: { limit: 1, key: '{{$context.body.customer}}' } },
      nodes: [
        effect('enter', `${url}/slow`, { lane: '{{$context.body.customer}}' }),
        effect('leave', `${url}/effect`, { lane: '{{$context.body.customer}}' }),
      ],
    }),
  },
  {
    name: 'announcing',
    mode: 'async',
    weight: 2,
    chains: [['before', 'after']],
    document: (url, _, webhookUrl) => ({
      trigger: webhook,
      nodes: [
        effect('before', `${url}/effect`),
        { key: 'announce', type: 'send-webhook', config: { event: 'chaos.announced', data: { n: '{{$context.body.n}}' } } },
        {
          key: 'tell',
          type: 'send-webhook',
          config: { to: { type: 'url', url: webhookUrl }, data: { n: '{{$context.body.n}}' }, wait: true },
        },
        effect('after', `${url}/effect`),
      ],
    }),
  },
  {
    name: 'sync',
    mode: 'sync',
    weight: 5,
    chains: [['notify']],
    document: (url) => ({
      trigger: webhook,
      nodes: [
        variable('n', '{{$context.body.n}}'),
        effect('notify', `${url}/effect`),
        { key: 'answer', type: 'response', config: { status: 201, body: { got: '{{$nodes.n}}' } } },
      ],
    }),
  },
];
