// Workflows to start from, with titles and samples in the language of whoever starts.

import type { TFunction } from 'i18next';
import type { Document, Mode } from '../../../../src/engine/model.ts';

export const TEMPLATES = ['payment', 'github', 'stripe', 'form', 'fanout'] as const;
export type TemplateName = (typeof TEMPLATES)[number];

/** What `POST /api/workflows` takes. */
export interface NewWorkflow extends Document {
  readonly title: string;
  readonly mode: Mode;
  readonly tags: string[];
}

/** @param t of the namespace `workflows` */
export function templateDocument(name: TemplateName, t: TFunction<'workflows'>): NewWorkflow {
  const title = t(`templates.${name}.title`);
  return { title, ...MAKERS[name](t) };
}

const MAKERS: Readonly<Record<TemplateName, (t: TFunction<'workflows'>) => Omit<NewWorkflow, 'title'>>> = {
  payment: (t) => ({
    mode: 'sync',
    tags: [t('tags.payments')],
    trigger: {
      type: 'webhook',
      config: {
        body: [
          { path: 'payment.id', alias: t('templates.payment.id'), required: true },
          { path: 'payment.status', alias: t('templates.payment.status'), required: true },
        ],
      },
    },
    nodes: [
      {
        key: 'paid',
        type: 'condition',
        title: t('templates.payment.paid'),
        config: {
          engine: 'basic',
          test: { all: [{ left: '{{$context.body.payment.status}}', operator: 'equal', right: 'paid' }] },
        },
        branches: {
          true: [
            {
              key: 'accept',
              type: 'response',
              title: t('templates.payment.accept'),
              config: { status: 200, body: { received: '{{$context.body.payment.id}}' } },
            },
          ],
          false: [
            {
              key: 'refuse',
              type: 'response',
              title: t('templates.payment.refuse'),
              config: { status: 422, body: { reason: 'payment is {{$context.body.payment.status}}, not paid' } },
            },
          ],
        },
      },
    ],
  }),

  // https://docs.github.com/en/webhooks/webhook-events-and-payloads#push
  github: (t) => ({
    mode: 'async',
    tags: ['github'],
    trigger: {
      type: 'webhook',
      config: {
        headers: [
          { name: 'X-GitHub-Event', alias: t('templates.github.event'), required: true },
          { name: 'X-GitHub-Delivery', alias: t('templates.github.delivery') },
        ],
        body: [
          { path: 'repository.full_name', alias: t('templates.github.repository') },
          { path: 'ref', alias: t('templates.github.ref') },
          { path: 'repository.default_branch', alias: t('templates.github.defaultBranch') },
          { path: 'pusher.name', alias: t('templates.github.pusher') },
          { path: 'commits', alias: t('templates.github.commits') },
        ],
      },
    },
    nodes: [
      {
        key: 'main_branch',
        type: 'condition',
        title: t('templates.github.isMain'),
        config: {
          engine: 'jsonata',
          test: "$context.headers.`x-github-event` = 'push' and $context.body.ref = 'refs/heads/' & $context.body.repository.default_branch",
        },
        branches: {
          true: [
            {
              key: 'summary',
              type: 'calculation',
              title: t('templates.github.summary'),
              config: {
                engine: 'jsonata',
                expression:
                  "$context.body.pusher.name & ' pushed ' & $count($context.body.commits) & ' commits to ' & $context.body.repository.full_name",
              },
            },
          ],
          false: [],
        },
      },
    ],
  }),

  // https://docs.stripe.com/api/events/object
  stripe: (t) => ({
    mode: 'async',
    tags: ['stripe', t('tags.payments')],
    trigger: {
      type: 'webhook',
      config: {
        headers: [{ name: 'Stripe-Signature', alias: t('templates.stripe.signature') }],
        body: [
          { path: 'id', alias: t('templates.stripe.id'), required: true },
          { path: 'type', alias: t('templates.stripe.type'), required: true },
          { path: 'data.object', alias: t('templates.stripe.object'), required: true },
        ],
      },
    },
    nodes: [
      {
        key: 'kind',
        type: 'multi-conditions',
        title: t('templates.stripe.kind'),
        config: {
          cases: [
            {
              key: 'succeeded',
              label: t('templates.stripe.succeeded'),
              engine: 'basic',
              test: { all: [{ left: '{{$context.body.type}}', operator: 'equal', right: 'payment_intent.succeeded' }] },
            },
            {
              key: 'failed',
              label: t('templates.stripe.failed'),
              engine: 'basic',
              test: { all: [{ left: '{{$context.body.type}}', operator: 'equal', right: 'payment_intent.payment_failed' }] },
            },
          ],
          otherwise: 'continue',
        },
        branches: {
          succeeded: [
            {
              key: 'amount',
              type: 'calculation',
              title: t('templates.stripe.amount'),
              config: { engine: 'jsonata', expression: '$context.body.data.object.amount / 100' },
            },
          ],
          failed: [
            {
              key: 'reason',
              type: 'variable',
              title: t('templates.stripe.reason'),
              config: { value: '{{$context.body.data.object.last_payment_error.message}}' },
            },
          ],
          otherwise: [],
        },
      },
    ],
  }),

  form: (t) => ({
    mode: 'sync',
    tags: [t('tags.forms')],
    trigger: {
      type: 'webhook',
      config: {
        body: [
          { path: 'name', alias: t('templates.form.name') },
          { path: 'email', alias: t('templates.form.email') },
          { path: 'message', alias: t('templates.form.message') },
        ],
      },
    },
    nodes: [
      {
        key: 'complete',
        type: 'condition',
        title: t('templates.form.complete'),
        config: {
          engine: 'basic',
          test: {
            all: [
              { left: '{{$context.body.name}}', operator: 'isNotEmpty' },
              { left: '{{$context.body.email}}', operator: 'includes', right: '@' },
            ],
          },
        },
        branches: {
          true: [
            {
              key: 'thanks',
              type: 'response',
              title: t('templates.form.thanks'),
              config: { status: 200, body: { message: t('templates.form.thanksText') } },
            },
          ],
          false: [
            {
              key: 'incomplete',
              type: 'response',
              title: t('templates.form.incomplete'),
              config: { status: 422, body: { message: t('templates.form.incompleteText') } },
            },
          ],
        },
      },
    ],
  }),

  fanout: (t) => ({
    mode: 'async',
    tags: [t('tags.fanout')],
    trigger: {
      type: 'webhook',
      config: {
        body: [
          { path: 'order.id', alias: t('templates.fanout.order'), required: true },
          { path: 'order', alias: t('templates.fanout.whole'), required: true },
        ],
      },
    },
    nodes: [
      {
        key: 'tell',
        type: 'send-webhook',
        title: t('templates.fanout.tell'),
        config: { to: { type: 'subscribers' }, event: 'order.created', data: '{{$context.body.order}}' },
      },
    ],
  }),
};
