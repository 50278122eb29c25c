// Pure: says what is wrong with the signature profiles of an endpoint before it is saved.

import type { EndpointSecrets, SignatureProfile } from '../../engine/outbound-model.ts';
import { headerFault } from '../guard/outgoing-request.ts';
import { keyFault } from './keys.ts';
import { schemeOf } from './profiles.ts';
import { signRequest } from './sign.ts';

export interface ProfileProblem {
  /** Inside the endpoint's configuration, such as `profiles[1].header`. */
  readonly path: string;
  /** Repeats nothing of a key. */
  readonly message: string;
}

/** What describes the body is the sender's, as are Standard Webhooks' headers; `__proto__` cannot be kept in an object. */
const RESERVED = /^(content-type|content-encoding|webhook-.*|x-webhook-version|__proto__)$/;
const PLACEHOLDER = /\{(?!(?:body|timestamp|id|url|method)\})([A-Za-z_]{1,50})\}/;

const SAMPLE = {
  id: 'msg_sample',
  timestamp: 1_614_265_330,
  body: '{}',
  url: 'https://example.com/',
  method: 'POST',
  eventType: 'sample',
};

/** Keys that are not written as their profile wants them, headers that are taken, and headers that two profiles would both set. */
export function validateProfiles(profiles: readonly SignatureProfile[], secrets: EndpointSecrets): ProfileProblem[] {
  const problems = profiles.flatMap((profile, index) => [
    ...keyProblems(profile, index, secrets),
    ...headerProblems(profile, index),
    ...templateProblems(profile, index),
  ]);
  return problems.length > 0 ? problems : clashes(profiles, secrets);
}

function keyProblems(profile: SignatureProfile, index: number, secrets: EndpointSecrets): ProfileProblem[] {
  const { keyEncoding } = schemeOf(profile);
  if (keyEncoding === 'ed25519') {
    const fault =
      secrets.signingKey === undefined ? 'the endpoint has no signing key' : keyFault(secrets.signingKey, keyEncoding);
    return fault === undefined ? [] : [{ path: `profiles[${index}]`, message: fault }];
  }
  const own = 'secret' in profile ? profile.secret : undefined;
  const fault = keyFault(own ?? secrets.secret, keyEncoding);
  if (fault === undefined) return [];
  if (own !== undefined) return [{ path: `profiles[${index}].secret`, message: fault }];
  return [{ path: `profiles[${index}]`, message: `${fault}; the endpoint's secret is not: give the profile a key of its own` }];
}

function headerProblems(profile: SignatureProfile, index: number): ProfileProblem[] {
  if (!('header' in profile)) return [];
  const fault = RESERVED.test(profile.header.toLowerCase())
    ? `the header ${profile.header} is set by the sender; take another one`
    : headerFault(profile.header, '');
  return fault === undefined ? [] : [{ path: `profiles[${index}].header`, message: fault }];
}

function templateProblems(profile: SignatureProfile, index: number): ProfileProblem[] {
  if (profile.type !== 'custom') return [];
  const path = `profiles[${index}].signed`;
  // No shell can hold it, so that no receiver could be told how to verify it there.
  if (profile.signed.includes('\0')) return [{ path, message: 'must not contain the character NUL' }];
  const unknown = PLACEHOLDER.exec(profile.signed)?.[1];
  if (unknown === undefined) return [];
  return [{ path, message: `there is no {${unknown}}: write {body}, {timestamp}, {id}, {url} or {method}` }];
}

/** Signs a sample with each profile alone: what they set must not differ. Lists are joined instead. */
function clashes(profiles: readonly SignatureProfile[], secrets: EndpointSecrets): ProfileProblem[] {
  const problems: ProfileProblem[] = [];
  const taken = new Map<string, { readonly value: string; readonly by: number; readonly isList: boolean }>();
  profiles.forEach((profile, index) => {
    const { header, separator } = schemeOf(profile);
    for (const [name, value] of Object.entries(signRequest(SAMPLE, [profile], secrets, 0))) {
      const key = name.toLowerCase();
      const before = taken.get(key);
      if (before !== undefined && before.value !== value && !(before.isList && separator !== null)) {
        const path = 'header' in profile && name === header ? `profiles[${index}].header` : `profiles[${index}]`;
        problems.push({ path, message: `the header ${name} is set by profiles[${before.by}] already, with another content` });
      } else if (before === undefined) taken.set(key, { value, by: index, isList: name === header && separator !== null });
    }
  });
  return problems;
}
