// Pure: which URLs an endpoint may have, as far as that can be said without asking for names.

import { isIP } from 'node:net';
import { readUrl, urlFault } from './guard/outgoing-request.ts';
import { isPortAllowed, judgeAddress, readTargetRules } from './guard/targets.ts';

export interface UrlRules {
  /** As in the configuration; each can be read. */
  readonly allowedTargets: readonly string[];
  /** As in the configuration: `443,8000-8999`. */
  readonly ports: string;
  /** Whether `http://` may be used on the public Internet. */
  readonly allowsPlainHttp: boolean;
}

const UNWRITABLE = /[\s\p{Cc}]/u;

/**
 * Makes the check. Names are looked up, and their addresses checked, at every request; what is refused here could never be sent.
 * @returns gives what is wrong with a URL, as a sentence that tells nothing about the network; undefined when it may be tried
 */
export function createUrlProblem({ allowedTargets, ports, allowsPlainHttp }: UrlRules): (url: string) => string | undefined {
  const rules = readTargetRules(allowedTargets, ports);

  return (text) => {
    const fault = urlFault(text);
    if (fault !== undefined) return fault;
    // Readers of URLs drop or replace them: what was signed and shown would not be what is called.
    if (UNWRITABLE.test(text)) return 'the URL has a space, a line break or a control character';
    if (!text.isWellFormed()) return 'the URL has half of a surrogate pair';
    const { isSecure, port, host: written } = readUrl(text);
    const host = written.replace(/\.$/, '');
    if (!isPortAllowed(rules, port)) return `port ${port} may not be used`;
    const address = literalOf(host);
    const verdict = address === undefined ? 'public' : judgeAddress(rules, { host, port }, address);
    if (verdict === 'forbidden') return 'this address may not be called; it has to be on the public Internet';
    if (isSecure || allowsPlainHttp || verdict === 'target') return undefined;
    // Whether a name leads to an allowed block shows only when it is looked up.
    const mayBeTarget =
      address === undefined && rules.targets.some((target) => target.range !== undefined || target.host === host);
    return mayBeTarget ? undefined : 'the URL must begin with https://';
  };
}

/** The address that a host stands for whatever a name server says (RFC 6761, section 6.3); undefined for other names. */
function literalOf(host: string): string | undefined {
  if (isIP(host) !== 0) return host;
  return host === 'localhost' || host.endsWith('.localhost') ? '127.0.0.1' : undefined;
}
