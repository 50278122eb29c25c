// Pure: takes out of a flow's reply the headers that it may not have. The reply itself still goes out.

import type { Reply } from './model.ts';
import { refuseReplyHeader } from './reply-headers.ts';
import { isLocationAllowed, type LocationRules } from './reply-location.ts';

/**
 * What a flow answers, as it is stored and sent: names in lower case, without the headers that act on more than the reply and
 * without a `Location` to a host that the workflow's author has not named.
 * @param locations undefined: the reply is made by a plugin's own code, which may name any host
 * @param onDropped hears of each header that is left out, for the log
 */
export function admitReply(
  reply: Reply,
  locations: LocationRules | undefined,
  onDropped: (header: string, reason: string) => void,
): Reply {
  let admitted: Record<string, string> | undefined;
  for (const given in reply.headers) {
    const value = reply.headers[given];
    if (value === undefined) continue;
    const name = given.toLowerCase();
    const reason = reasonToDrop(name, value, locations);
    if (reason === undefined && name === given) continue;
    admitted ??= { ...reply.headers };
    delete admitted[given];
    if (reason === undefined) admitted[name] = value;
    else onDropped(name, reason);
  }
  return admitted === undefined ? reply : { ...reply, headers: admitted };
}

function reasonToDrop(name: string, value: string, locations: LocationRules | undefined): string | undefined {
  if (name === 'location') {
    return isLocationAllowed(value, locations)
      ? undefined
      : 'it leads to a host that the workflow does not name, or is no plain http or https URL';
  }
  return refuseReplyHeader(name, value)?.message;
}
