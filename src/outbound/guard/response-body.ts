// Reads the body of an answer, inflated and never beyond its limit.

import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { HooklineError } from '../../errors.ts';

type Inflate = (body: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>;

const gunzip: Inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.gunzip);
const inflateZlib: Inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflate);
const inflateRaw: Inflate = promisify<Buffer, zlib.ZlibOptions, Buffer>(zlib.inflateRaw);
const brotli: Inflate = promisify<Buffer, zlib.BrotliOptions, Buffer>(zlib.brotliDecompress);

/** By content coding (RFC 9110, section 8.4.1). One only: codings upon codings serve nobody but bombs. */
const DECODERS: ReadonlyMap<string, Inflate> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  ['deflate', inflateAny],
  ['br', brotli],
]);

/** What `Accept-Encoding` may promise. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** Some servers send `deflate` without the zlib header that the RFC asks for. */
function inflateAny(body: Buffer, options: { maxOutputLength: number }): Promise<Buffer> {
  return ((body[0] ?? 0) & 0x0f) === 8 ? inflateZlib(body, options) : inflateRaw(body, options);
}

/**
 * @param maxBytes limit of the inflated body
 * @throws HooklineError `response_too_large`; `request_failed` when the coding is unknown or the data damaged
 */
export async function readBody(
  stream: AsyncIterable<Uint8Array>,
  host: string,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const coding = encoding.trim().toLowerCase();
  const decode = DECODERS.get(coding);
  if (decode === undefined && coding !== '' && coding !== 'identity') {
    throw new HooklineError(
      'request_failed',
      `${host} answered with a Content-Encoding other than ${ACCEPTED_ENCODINGS}; take Accept-Encoding out of the request.`,
    );
  }
  // Data that does not compress grows by less than a thousandth.
  const raw = await collect(stream, host, decode ? maxBytes + Math.ceil(maxBytes / 1000) + 1024 : maxBytes, maxBytes);
  if (decode === undefined || raw.byteLength === 0) return raw;
  try {
    return await decode(raw, { maxOutputLength: maxBytes });
  } catch (error) {
    if (error instanceof RangeError || (error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE')) {
      throw tooLarge(host, maxBytes);
    }
    throw new HooklineError('request_failed', `The answer of ${host} is not valid ${coding} data.`);
  }
}

async function collect(stream: AsyncIterable<Uint8Array>, host: string, limit: number, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop by throwing destroys the stream, and with it the connection.
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > limit) throw tooLarge(host, maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(host: string, maxBytes: number): HooklineError {
  return new HooklineError('response_too_large', `The answer of ${host} is larger than ${maxBytes} bytes.`, {
    details: { maxBytes },
  });
}
