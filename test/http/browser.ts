// A person in a browser, for tests: keeps cookies and sends the CSRF token, over a real socket.

import { request } from 'node:http';
import type { SessionView } from '../../src/access/model.ts';

export const PASSWORD = 'correct horse battery';

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** What the JSON parser gives, since tests look into replies of every shape; undefined when it is not JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface Browser {
  /** The value of the session's cookie; what is set here is sent. */
  cookie: string | undefined;
  csrfToken: string | undefined;
  /** @param headers beside the cookie and the CSRF token; null leaves one of these out */
  send(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string | null>>): Promise<Page>;
  signIn(email: string, password?: string): Promise<Page>;
  /** Uses a one-time link up. */
  accept(link: string, more?: object): Promise<Page>;
}

/** The secret in a one-time link. */
export function secretOf(link: string): string {
  return link.slice(link.indexOf('#') + 1);
}

/** @param url of the server with its prefix, as it is reached; @param cookieName default the one without https */
export function openBrowser(url: string, cookieName = 'hookline_session'): Browser {
  const browser: Browser = {
    cookie: undefined,
    csrfToken: undefined,
    async send(method, path, body, headers = {}) {
      const all: Record<string, string | null> = {
        ...(browser.cookie === undefined ? {} : { Cookie: `other=1; ${cookieName}=${browser.cookie}` }),
        ...(browser.csrfToken === undefined ? {} : { 'X-CSRF-Token': browser.csrfToken }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      };
      const sent = Object.fromEntries(Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== null));
      const page = await exchange(method, url + path, sent, body);
      for (const line of [page.headers['set-cookie'] ?? []].flat()) {
        const value = new RegExp(`^${cookieName}=([^;]*)`).exec(line)?.[1];
        if (value !== undefined) browser.cookie = value === '' ? undefined : value;
      }
      if (page.status === 200 && page.body?.csrfToken) browser.csrfToken = (page.body as SessionView).csrfToken ?? undefined;
      return page;
    },
    signIn: (email, password = PASSWORD) => browser.send('POST', '/api/session', { email, password }),
    accept: (link, more = {}) =>
      browser.send('POST', '/api/links/accept', { token: secretOf(link), password: PASSWORD, ...more }),
  };
  return browser;
}

/** Not with `fetch`, which keeps some headers to itself. */
function exchange(method: string, url: string, headers: Record<string, string>, body: unknown): Promise<Page> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { method, headers, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8');
      reply.on('data', (part: string) => {
        text += part;
      });
      reply.on('error', reject);
      reply.on('end', () => {
        const isJson = reply.headers['content-type']?.includes('json') === true && text !== '';
        resolve({ status: reply.statusCode ?? 0, headers: reply.headers, text, body: isJson ? JSON.parse(text) : undefined });
      });
    });
    sending.on('error', reject);
    sending.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
