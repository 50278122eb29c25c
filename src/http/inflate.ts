// Inflates compressed request bodies up to a limit, so that a small request cannot become a large one.

import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { HooklineError } from '../errors.ts';

const gunzip = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflateZlib = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);
const brotli = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress);

/** By content coding (RFC 9110, section 8.4.1). `deflate` is the zlib format. */
const DECODERS: ReadonlyMap<string, (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflateZlib],
  ['br', brotli],
]);

/**
 * @param maxBytes of the inflated body
 * @param tooLarge makes the error for a body beyond it
 * @throws HooklineError `unsupported_media_type` for another coding, `invalid_request` when the data is damaged
 */
export async function inflate(
  body: Buffer,
  encoding: string,
  maxBytes: number,
  tooLarge: (maxBytes: number) => HooklineError,
): Promise<Buffer> {
  const decode = DECODERS.get(encoding.trim().toLowerCase());
  if (!decode) {
    throw new HooklineError('unsupported_media_type', 'This Content-Encoding is not supported; use gzip, deflate, br or none.', {
      headers: { 'Accept-Encoding': 'gzip, deflate, br' },
    });
  }
  try {
    return await decode(body, { maxOutputLength: maxBytes });
  } catch (cause) {
    if (cause instanceof RangeError || (cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE')) {
      throw tooLarge(maxBytes);
    }
    throw new HooklineError('invalid_request', `The body is not valid ${encoding.slice(0, 20)} data.`, { cause });
  }
}
