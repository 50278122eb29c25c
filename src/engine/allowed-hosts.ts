// Pure: lists of hosts that a URL may name: `api.example.com`, `api.example.com:8443`, `*.example.com`.

/** Processes without this migration do not know lists of allowed hosts; see `newer-fields.ts`. */
export const ALLOWED_HOSTS_SINCE = '0013-sealing';

/** One entry of a list of allowed hosts. */
export interface AllowedHost {
  /** As `URL.hostname` writes it: lower case, IDNA, without a dot at the end. Of a wildcard what stands behind `*.`. */
  readonly host: string;
  /** Undefined: the default port of the URL's scheme. */
  readonly port: number | undefined;
  /** Whether it stands for every name below `host`, and not for `host` itself. */
  readonly isWildcard: boolean;
}

const ENTRY = /^(\*\.)?([^\s/?#@\\:*%{}[\]]+|\[[0-9a-f:.]+\])(?::([1-9]\d{0,4}))?$/i;
const MAX_LENGTH = 300;
const MAX_PORT = 65_535;
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };
/** What `URL` makes of an IPv4 or an IPv6 address. */
const ADDRESS = /^(?:\d+(?:\.\d+){3}|\[.*\])$/;

/**
 * Reads one entry: `host`, `host:port` or `*.host`, in any case, with letters of any script.
 * @returns undefined when it is none; a wildcard needs a name of two parts at least: `*.com` is refused
 */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  const [, star, written = '', digits] = (text.length <= MAX_LENGTH && ENTRY.exec(text.trim())) || [];
  if (written === '' || !URL.canParse(`http://${written}/`)) return undefined;
  const host = hostOf(new URL(`http://${written}/`));
  const port = digits === undefined ? undefined : Number(digits);
  if (host === '' || host.startsWith('.') || (port !== undefined && port > MAX_PORT)) return undefined;
  const isWildcard = star !== undefined;
  if (isWildcard && (ADDRESS.test(host) || !host.includes('.'))) return undefined;
  return { host, port, isWildcard };
}

/**
 * Whether a list allows the host and port of an http or https URL. An entry without a port allows the default port of the URL's
 * scheme only.
 * @param list entries, or their texts; those that cannot be read allow nothing
 */
export function isAllowedHost(url: URL, list: readonly (string | AllowedHost)[]): boolean {
  const defaultPort = DEFAULT_PORTS[url.protocol];
  if (defaultPort === undefined) return false;
  const port = url.port === '' ? defaultPort : Number(url.port);
  return list.some((given) => {
    const entry = typeof given === 'string' ? parseAllowedHost(given) : given;
    return entry !== undefined && port === (entry.port ?? defaultPort) && isHostOf(url.hostname, entry);
  });
}

/** Whether a host name, as URLs have it, is meant by an entry; ports are not looked at. */
export function isHostOf(hostname: string, { host, isWildcard }: Pick<AllowedHost, 'host' | 'isWildcard'>): boolean {
  const name = hostOf({ hostname });
  if (!isWildcard) return name === host;
  // `.example.com` is no name below `example.com`.
  return name.endsWith(`.${host}`) && !name.split('.').includes('');
}

/** A dot at the end only says that the name is complete; schemes besides those of the web keep the case. */
function hostOf({ hostname }: Pick<URL, 'hostname'>): string {
  return (hostname.endsWith('.') ? hostname.slice(0, -1) : hostname).toLowerCase();
}
