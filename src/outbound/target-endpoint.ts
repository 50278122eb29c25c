// Makes the endpoint behind a URL that a node sends to: stored with its messages, shared by what goes from one node to one origin.

import { createHash } from 'node:crypto';
import { createBoundedCache } from '../engine/bounded-cache.ts';
import { type Endpoint, type EndpointSecrets, endpointConfigSchema } from '../engine/outbound-model.ts';
import { formatPath } from '../engine/path.ts';
import type { OutgoingTarget } from '../engine/plugin.ts';
import type { SecretBox } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { INITIAL_STATE } from './delivery/breaker.ts';
import { headerProblems } from './endpoint-problems.ts';
import { urlFault } from './guard/outgoing-request.ts';
import { sealConfig, sealSecrets } from './open-endpoint.ts';
import { validateProfiles } from './signing/validate-profiles.ts';

/** Endpoints kept: a node that sends to changing origins has one for each. */
const MAX_KEPT = 1_000;

/**
 * Sealing costs more than all else about a message, and most nodes send to the same place again.
 * @returns gives the endpoint of a target; the same one while nothing but the path of its URL changes
 */
export function createTargetEndpoints(box: SecretBox, now: () => number): (target: OutgoingTarget) => Endpoint {
  const kept = createBoundedCache(MAX_KEPT, (text: string) => {
    const { scope, origin, secret, settings } = JSON.parse(text) as Parts;
    return makeEndpoint({ scope, origin, secret, settings }, box, now());
  });
  return ({ url, scope, secret, settings }) => {
    const fault = urlFault(url);
    if (fault !== undefined) throw new HooklineError('invalid_event', `The event cannot be sent: ${fault}.`);
    // With the key, so that after a key rotation nothing is stored that the key before has encrypted.
    return kept.get(JSON.stringify({ scope, origin: new URL(url).origin, secret, settings, keyId: box.keyId() }));
  };
}

type Parts = Pick<OutgoingTarget, 'scope' | 'secret' | 'settings'> & { readonly origin: string };

/** @throws HooklineError `invalid_event` with the problems */
function makeEndpoint({ scope, origin, secret, settings = {} }: Parts, box: SecretBox, createdAt: number): Endpoint {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const parsed = endpointConfigSchema.safeParse({
    ...given,
    url: origin,
    blocking: { enabled: false },
    alert: { enabled: false },
  });
  if (!parsed.success) {
    throw invalid(parsed.error.issues.map(({ path, message }) => ({ path: formatPath(path), message })));
  }
  const config = parsed.data;
  // Nothing to sign with, and nothing that asks for it.
  if (secret === undefined && settings.profiles === undefined) config.profiles = [];
  const secrets: EndpointSecrets = { secret: secret ?? '' };
  const problems = [...headerProblems(config), ...validateProfiles(config.profiles, secrets)];
  if (problems.length > 0) throw invalid(problems);
  const id = `url_${createHash('sha256').update(`${scope}\n${origin}`).digest('hex').slice(0, 32)}`;
  return {
    id,
    kind: 'url',
    config: sealConfig(id, config, box),
    sealedSecrets: sealSecrets(id, secrets, box),
    state: INITIAL_STATE,
    stateSequence: 0,
    createdAt,
    updatedAt: createdAt,
  };
}

function invalid(problems: readonly { readonly path: string; readonly message: string }[]): HooklineError {
  const [first] = problems;
  const where = first === undefined || first.path === '' ? '' : `${first.path}: `;
  const message = `The event cannot be sent to its URL: ${where}${first?.message ?? 'its settings are wrong'}.`;
  return new HooklineError('invalid_event', message, { details: { problems } });
}
