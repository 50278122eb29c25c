// Pure: lists of hosts that a URL may lead to, such as `shop.example.com`, `erp.example.com:8443` or `*.example.com`.

/** One entry of such a list. */
export interface AllowedHost {
  /** As URLs have it after parsing: lower case, in ASCII, without a dot at its end. */
  readonly host: string;
  /** `*.example.com`: every host below it, but not `example.com` itself. */
  readonly isWildcard: boolean;
  /** Undefined: the default port of the URL's scheme. */
  readonly port: string | undefined;
}

const ENTRY = /^(\*\.)?(\[[0-9a-f:.]+\]|[^\s:/?#@[\]\\%*]+)(?::(\d{1,5}))?$/i;
/** Beyond names of the DNS, `_` is common inside networks. */
const NAME = /^(?:[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\])$/;
const IS_ADDRESS = /^(?:\[|\d+\.\d+\.\d+\.\d+$)/;

/** Reads `host`, `host:port` or `*.host`; undefined when it is none of them. */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  const [, wildcard, name = '', port] = ENTRY.exec(text.trim()) ?? [];
  if (name === '' || !URL.canParse(`http://${name}`)) return undefined;
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535)) return undefined;
  const host = withoutDot(new URL(`http://${name}`).hostname);
  const isWildcard = wildcard !== undefined;
  if (!NAME.test(host) || (isWildcard && IS_ADDRESS.test(host))) return undefined;
  return { host, isWildcard, port: port === undefined ? undefined : String(Number(port)) };
}

/** Whether an http or https URL leads to a host, and a port, of the list. */
export function isAllowedHost(url: URL, list: readonly AllowedHost[]): boolean {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return false;
  const defaultPort = url.protocol === 'https:' ? '443' : '80';
  const port = url.port === '' ? defaultPort : url.port;
  return list.some((entry) => port === (entry.port ?? defaultPort) && isHostOf(url.hostname, entry));
}

/** Whether a host name, as URLs have it, is meant by an entry; ports are not looked at. */
export function isHostOf(hostname: string, { host, isWildcard }: Pick<AllowedHost, 'host' | 'isWildcard'>): boolean {
  const name = withoutDot(hostname);
  return isWildcard ? name.endsWith(`.${host}`) : name === host;
}

/** A name with and without the dot at its end is the same host. */
function withoutDot(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
