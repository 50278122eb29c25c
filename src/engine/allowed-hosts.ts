// Pure: lists of hosts that a URL may name: `api.example.com`, `api.example.com:8443`, `*.example.com`.

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
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443, 'ws:': 80, 'wss:': 443, 'ftp:': 21 };
/** What `URL` makes of an IPv4 or an IPv6 address. */
const ADDRESS = /^(?:\d+(?:\.\d+){3}|\[.*\])$/;

/**
 * Reads one entry: `host`, `host:port` or `*.host`, in any case, with letters of any script.
 * @returns undefined when it is none; a wildcard needs a name of two parts at least: `*.com` is refused
 */
export function parseAllowedHost(text: string): AllowedHost | undefined {
  const [, star, written = '', digits] = (text.length <= MAX_LENGTH && ENTRY.exec(text)) || [];
  if (written === '' || !URL.canParse(`http://${written}/`)) return undefined;
  const host = hostOf(new URL(`http://${written}/`));
  const port = digits === undefined ? undefined : Number(digits);
  if (host === '' || host.startsWith('.') || (port !== undefined && port > MAX_PORT)) return undefined;
  const isWildcard = star !== undefined;
  if (isWildcard && (ADDRESS.test(host) || !host.includes('.'))) return undefined;
  return { host, port, isWildcard };
}

/**
 * Whether a list allows the host and port of a URL. An entry without a port allows the default port of the URL's scheme only.
 * @param list entries that cannot be read allow nothing
 */
export function isAllowedHost(url: URL, list: readonly string[]): boolean {
  const host = hostOf(url);
  const port = url.port === '' ? DEFAULT_PORTS[url.protocol] : Number(url.port);
  return list.some((text) => {
    const entry = parseAllowedHost(text);
    if (entry === undefined) return false;
    const isPort = entry.port === undefined ? url.port === '' : entry.port === port;
    if (!isPort) return false;
    return entry.isWildcard ? host.length > entry.host.length + 1 && host.endsWith(`.${entry.host}`) : host === entry.host;
  });
}

/** A dot at the end only says that the name is complete; schemes besides those of the web keep the case. */
function hostOf({ hostname }: URL): string {
  return (hostname.endsWith('.') ? hostname.slice(0, -1) : hostname).toLowerCase();
}
