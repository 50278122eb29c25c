// Pure: how a call to the trigger URL is written down: as a curl line, and as a URL that carries credentials.

export interface CurlCall {
  readonly url: string;
  /** JSON text; empty for a call without a body. */
  readonly body: string;
  /** As they will be typed; undefined when the URL asks for none. */
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
}

/** One line for a POSIX shell. */
export function curlLine({ url, body, credentials }: CurlCall): string {
  const parts = ['curl', '-i', '-X', 'POST', quote(url)];
  if (credentials) parts.push('-u', quote(`${credentials.username}:${credentials.password}`));
  if (body !== '') parts.push('-H', quote('Content-Type: application/json'), '-d', quote(body));
  return parts.join(' ');
}

/** `https://user:password@host/…` (RFC 3986, section 3.2.1), for systems that take nothing but a URL. */
export function urlWithCredentials(url: string, username: string, password: string): string {
  const whole = new URL(url);
  // The setters of URL leave `'` and others as they are; a copied URL should survive every parser.
  return `${whole.protocol}//${encode(username)}:${encode(password)}@${whole.host}${whole.pathname}${whole.search}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
