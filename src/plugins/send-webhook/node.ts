// The node that sends a webhook: to all endpoints that subscribe to the event's type, or to one URL.

import { type ConfigProblem, defineNode, type NodeContext, type OutgoingEvent } from '../../engine/plugin.ts';
import { type Said, say } from '../../engine/say.ts';
import { hasTemplate } from '../../engine/template.ts';
import { type SendWebhookConfig, sendWebhookConfigSchema, UNIT_MS } from './schema.ts';

type UrlTarget = Extract<SendWebhookConfig['to'], { type: 'url' }>;

export const sendWebhookNode = defineNode<SendWebhookConfig>({
  type: 'send-webhook',
  title: 'Send webhook',
  description:
    'Sends a signed event to all endpoints that subscribe to its type, or to one URL. It is stored together with this step, and tried again until it arrives.',
  config: sendWebhookConfigSchema,
  branches: ({ wait }) => (wait ? ['delivered', 'failed'] : []),
  canWait: true,
  sendsToTargetOnly: true,
  resultHasEffect: true,
  waits: ({ wait }) => wait,
  check: ({ to }) => (to.type === 'url' ? [...checkUrl(to.url), ...checkHeaders(to), ...checkKeys(to)] : []),
  run(context) {
    const { wait, waitLimit, waitUnit } = context.config;
    const event = makeEvent(context);
    if (!wait) return { type: 'publish', event, isAwaited: false };
    return { type: 'publish', event, isAwaited: true, until: Math.round(context.now() + waitLimit * UNIT_MS[waitUnit]) };
  },
});

function makeEvent(context: NodeContext<SendWebhookConfig>): OutgoingEvent {
  const { to, event, data, version, userId } = context.config;
  const common = {
    type: event ?? 'message',
    data: data ?? null,
    version,
    userId: userId === undefined || userId === null ? undefined : String(userId),
  };
  if (to.type === 'subscribers') return common;
  const { type: _, allowedHosts: __, url, secret, ...settings } = to;
  return { ...common, target: { url, secret, settings, scope: scopeOf(context) } };
}

/** The node's place: what it sends to one origin shares connections and limits, in whatever execution and loop round. */
function scopeOf({ scope, idempotencyKey }: NodeContext<SendWebhookConfig>): string {
  const key = idempotencyKey.slice(idempotencyKey.lastIndexOf('/') + 1);
  return `${String(scope.$execution.workflowId)}/${key}`;
}

/** What can be said of a URL before its templates are filled in. */
function checkUrl(url: string): ConfigProblem[] {
  const wrong = (said: Said): ConfigProblem[] => [{ path: 'to.url', code: 'invalid_url', ...said }];
  if (url.trimStart().startsWith('{{')) return [];
  if (!/^https?:\/\//i.test(url)) return wrong(say('url.scheme'));
  if (/^https?:\/\/[^/?#]*@/i.test(url)) return wrong(say('url.credentialsHeader'));
  return hasTemplate(url) || URL.canParse(url) ? [] : wrong(say('url.incomplete'));
}

/** What describes the body, names the message or frames the request comes from the sender. */
const OWN_HEADER =
  /^(content-.*|webhook-.*|proxy-.*|connection|expect|host|http2-settings|keep-alive|te|trailer|transfer-encoding|upgrade)$/;

function checkHeaders({ headers = [], secretHeaders = [] }: UrlTarget): ConfigProblem[] {
  const seen = new Set<string>();
  const judge = (list: string) => (header: { readonly name: string }, index: number) => {
    const name = header.name.toLowerCase();
    const fault = OWN_HEADER.test(name) ? 'header.own' : seen.has(name) ? 'header.twice' : undefined;
    seen.add(name);
    if (fault === undefined) return [];
    return [{ path: `to.${list}[${index}].name`, code: 'invalid_header', ...say(fault, { name }) }];
  };
  return [...headers.flatMap(judge('headers')), ...secretHeaders.flatMap(judge('secretHeaders'))];
}

/** Each way of signing needs a key, and Standard Webhooks a certain kind of it. */
function checkKeys({ secret, profiles }: UrlTarget): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (profiles === undefined) {
    return secret === undefined || hasTemplate(secret) || isStandardSecret(secret)
      ? []
      : [
          {
            path: 'to.secret',
            code: 'invalid_secret',
            ...say('signing.secretOrOther'),
          },
        ];
  }
  for (const [index, profile] of profiles.entries()) {
    const path = `to.profiles[${index}]`;
    const add = (code: string, said: Said) => problems.push({ path, code, ...said });
    if (!('secret' in profile) && profile.type === 'standard-v1a') {
      add('invalid_profile', say('signing.keyPair'));
      continue;
    }
    const key = ('secret' in profile ? profile.secret : undefined) ?? secret;
    if (key === undefined) add('missing_secret', say('signing.noKey'));
    else if (profile.type === 'standard' && !hasTemplate(key) && !isStandardSecret(key))
      add('invalid_secret', say('signing.secret'));
  }
  return problems;
}

/** As Standard Webhooks 1.0.0 has it; the prefix may be missing. */
function isStandardSecret(text: string): boolean {
  const base64 = text.startsWith('whsec_') ? text.slice('whsec_'.length) : text;
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 && bytes.length >= 24 && bytes.length <= 64;
}
