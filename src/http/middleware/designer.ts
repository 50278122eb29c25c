// Serves the designer, the built web client, under /designer/.

import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Context, Middleware } from 'koa';
import { HooklineError } from '../../errors.ts';
import { pagePolicy } from './security-headers.ts';

const ROOT = '/designer';
const METHODS = 'GET, HEAD';
const PAGE = 'index.html';
/** The folder whose files have a hash of their content in their names. */
const HASHED = 'assets/';
/** Files that are there beside another one instead of it, the smallest first. */
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** How often the folder is read again for names that are not there, in milliseconds. */
const READ_EVERY_MS = 1_000;

/** Built, this file is in dist/src/http/middleware and the client in dist/client; from source it is found there, too. */
function builtClient(): string {
  const isSource = import.meta.url.endsWith('.ts');
  return fileURLToPath(new URL(isSource ? '../../../dist/client/' : '../../../client/', import.meta.url));
}

export interface DesignerOptions {
  /** The path of the public URL with the prefix: empty, or with a slash in front and none behind. */
  readonly basePath: string;
  /** Folder of the built client. Default `dist/client` of this package. */
  readonly folder?: string | undefined;
}

/** The designer's address below a public URL. */
export function designerUrl(baseUrl: string): string {
  return `${baseUrl}${ROOT}/`;
}

/** Middleware for everything under /designer. Files are found by their names in a list, so that no path leads anywhere else. */
export function designer({ basePath, folder = builtClient() }: DesignerOptions): Middleware {
  const base = `${basePath}${ROOT}/`;
  const etags = new Map<string, string>();
  let files: { readonly names: ReadonlySet<string>; readonly readAt: number } | undefined;

  /** A build in development makes other names: who asks for one that is not known lets the folder be read again. */
  async function has(name: string): Promise<boolean> {
    if (files?.names.has(name)) return true;
    if (files === undefined || files.readAt + READ_EVERY_MS <= performance.now()) {
      files = { names: await listFiles(folder), readAt: performance.now() };
    }
    return files.names.has(name);
  }

  async function sendFile(ctx: Context, name: string): Promise<void> {
    const [encoding, extension] = (await encodingOf(ctx, name)) ?? ['', ''];
    const file = path.join(folder, name + extension);
    const { mtimeMs, size } = await stat(file);
    const version = `${file} ${mtimeMs} ${size}`;
    const known = etags.get(version);
    ctx.type = path.extname(name);
    ctx.set('Cache-Control', name.startsWith(HASHED) ? 'public, max-age=31536000, immutable' : 'no-cache');
    ctx.vary('Accept-Encoding');
    if (encoding !== '') ctx.set('Content-Encoding', encoding);
    ctx.status = 200;
    if (known !== undefined) {
      ctx.etag = known;
      if (isKnown(ctx)) return;
    }
    const content = await readFile(file);
    const etag = createHash('sha256').update(content).digest('base64url');
    etags.set(version, etag);
    ctx.etag = etag;
    if (!isKnown(ctx)) ctx.body = content;
  }

  async function encodingOf(ctx: Context, name: string) {
    for (const [encoding, extension] of ENCODINGS) {
      if (ctx.acceptsEncodings(encoding) && (await has(name + extension))) return [encoding, extension] as const;
    }
    return undefined;
  }

  async function sendPage(ctx: Context): Promise<void> {
    const nonce = randomBytes(16).toString('base64');
    ctx.set({ 'Content-Security-Policy': pagePolicy(nonce), 'Cache-Control': 'no-store' });
    ctx.type = 'html';
    if (await has(PAGE)) {
      const page = await readFile(path.join(folder, PAGE), 'utf8');
      ctx.body = page.replaceAll('__BASE__', base).replaceAll('__NONCE__', nonce);
      return;
    }
    ctx.status = 503;
    ctx.body = NOT_BUILT.replaceAll('__NONCE__', nonce);
  }

  return async (ctx, next) => {
    if (ctx.path !== ROOT && !ctx.path.startsWith(`${ROOT}/`)) return next();
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') {
      throw new HooklineError('method_not_allowed', `${ctx.method} does not work here; these do: ${METHODS}.`, {
        headers: { Allow: METHODS },
      });
    }
    if (ctx.path === ROOT) return ctx.redirect(base);
    const name = nameOf(ctx.path);
    if (name !== undefined && name !== PAGE && !/\.(br|gz)$/.test(name) && (await has(name))) return sendFile(ctx, name);
    // A browser with an old page asks for an old script: a page in its place would only confuse it.
    if (name?.startsWith(HASHED)) throw new HooklineError('not_found', `There is nothing at ${ctx.path}.`);
    return sendPage(ctx);
  };
}

/** Ends with 304 when the browser has it already. */
function isKnown(ctx: Context): boolean {
  if (!ctx.fresh) return false;
  ctx.status = 304;
  return true;
}

function nameOf(url: string): string | undefined {
  try {
    return decodeURIComponent(url.slice(ROOT.length + 1));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

/** The files below a folder, with `/` between the parts of their names; none when it does not exist. Links are not followed. */
async function listFiles(folder: string): Promise<ReadonlySet<string>> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return new Set(
      files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, '/')),
    );
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return new Set();
    throw error;
  }
}

const NOT_BUILT = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Hookline: the designer is not built</title>
<style nonce="__NONCE__">body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>The designer is not built</h1>
<p>The server runs, and so does its API. The designer has to be built once from the sources:</p>
<pre><code>npm run build</code></pre>
<p>Then load this page again.</p>
</html>
`;
