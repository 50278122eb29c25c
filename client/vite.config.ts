// Builds the designer into dist/client, where the server finds it; `npm run dev:client` serves it with reloading beside a running server.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const OUT = fileURLToPath(new URL('../dist/client', import.meta.url));

/** Writes `file.br` and `file.gz` beside what compresses well, so that the server never does it again. */
function precompress(): Plugin {
  let folder = OUT;
  return {
    name: 'precompress',
    apply: 'build',
    configResolved(config) {
      folder = config.build.outDir;
    },
    // Only when there is something: a build that failed says why by itself.
    writeBundle() {
      for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|svg|json)$/.test(entry)) continue;
        const file = `${folder}/${entry}`;
        const content = readFileSync(file);
        if (content.length < 1024) continue;
        writeFileSync(`${file}.gz`, gzipSync(content, { level: 9 }));
        writeFileSync(`${file}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
      }
    },
  };
}

/** What the server fills in for each page, filled in for the development server. */
function developmentPage(): Plugin {
  return {
    name: 'development-page',
    apply: 'serve',
    transformIndexHtml: (html) => html.replace('__BASE__', '/designer/'),
  };
}

export default defineConfig(({ command }) => ({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: command === 'build' ? './' : '/designer/',
  plugins: [react(), precompress(), developmentPage()],
  // The server puts a fresh one into each page.
  ...(command === 'build' ? { html: { cspNonce: '__NONCE__' } } : {}),
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: 'es2022',
    // The first that know light-dark(); for older ones it would be rewritten to what does not follow the chosen scheme.
    cssTarget: ['chrome123', 'edge123', 'firefox120', 'safari17.5'],
    // Inlined assets would need data: in the content security policy.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 800,
  },
  server: { port: 5173, proxy: { '/api': 'http://127.0.0.1:3000', '/hooks': 'http://127.0.0.1:3000' } },
}));
