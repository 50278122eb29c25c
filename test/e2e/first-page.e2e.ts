// How much the first page needs: everything that the browser fetches for the list of workflows, with nothing in its cache.

import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { prepareDesigner } from './designer.ts';
import { settled } from './page-checks.ts';

const MOST_BYTES = 300_000;

const designer = prepareDesigner();

test('the first page needs less than 300 kB, compressed with gzip', async () => {
  const { page, open } = await designer.signedIn();
  const sizes: Promise<readonly [string, number]>[] = [];
  page.on('requestfinished', (request) => {
    sizes.push(
      (async () => {
        const response = await request.response();
        const body = (await response?.body()) ?? Buffer.alloc(0);
        return [new URL(request.url()).pathname, gzipSync(body).length] as const;
      })(),
    );
  });
  await open('/workflows');
  await settled(page);
  await page.getByText('No workflows yet').waitFor();
  const fetched = (await Promise.all(sizes)).sort(([, one], [, other]) => other - one);
  const total = fetched.reduce((sum, [, size]) => sum + size, 0);
  console.log(`${total} bytes in ${fetched.length} files, the largest:`, fetched.slice(0, 8));
  expect(fetched.some(([path]) => path.endsWith('.js'))).toBe(true);
  expect(total).toBeLessThan(MOST_BYTES);
});
