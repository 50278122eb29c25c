// Reads the body of an answer piece by piece, inflated and never beyond its limit.

import zlib from 'node:zlib';
import { HooklineError } from '../../errors.ts';

/** What `Accept-Encoding` may promise. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

/** What happens to an answer that is larger than allowed: the request fails, or the rest is left unread. */
export type Overflow = 'fail' | 'cut';

export interface BodyOptions {
  /** For errors. */
  readonly host: string;
  /** `Content-Encoding`. */
  readonly encoding: string;
  /** Limit of the inflated body. */
  readonly maxBytes: number;
  /**
   * `cut`: the body is an excerpt for people. What cannot be inflated is no failure then: an unknown coding is left as it
   * is, and damaged data ends where the damage begins.
   */
  readonly overflow: Overflow;
}

export interface Body {
  readonly bytes: Buffer;
  /** Whether there was more of it, or damage. */
  readonly isCut: boolean;
}

export interface BodyReader {
  /** @returns false when no more is wanted before `onReady` */
  write(chunk: Buffer): boolean;
  /** All of it has come. */
  end(): void;
  /** Nobody wants it any more. */
  destroy(): void;
}

/** What a reader tells; nothing after the first of `onDone` and `onFailure`. */
export interface BodyListener {
  /** Complete, or cut: then the connection still has the rest. */
  onDone(body: Body): void;
  /** HooklineError `response_too_large`; `request_failed` when the coding is unknown or the data damaged. */
  onFailure(error: HooklineError): void;
  /** More may be written. */
  onReady(): void;
}

type Decoder = zlib.Gunzip | zlib.Inflate | zlib.InflateRaw | zlib.BrotliDecompress;

/** By content coding (RFC 9110, section 8.4.1). One only: codings upon codings serve nobody but bombs. */
const DECODERS: ReadonlyMap<string, (first: Buffer) => Decoder> = new Map<string, (first: Buffer) => Decoder>([
  ['gzip', () => zlib.createGunzip()],
  ['x-gzip', () => zlib.createGunzip()],
  // Some servers send `deflate` without the zlib header that the RFC asks for.
  ['deflate', (first) => (((first[0] ?? 0) & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw())],
  ['br', () => zlib.createBrotliDecompress()],
]);

export function createBodyReader(options: BodyOptions, listener: BodyListener): BodyReader {
  const { host, maxBytes, overflow } = options;
  const coding = options.encoding.trim().toLowerCase();
  const createDecoder = DECODERS.get(coding);
  if (createDecoder) return createInflatingReader(options, coding, createDecoder, listener);
  const sink = createSink(maxBytes);
  let isDone = coding !== '' && coding !== 'identity' && overflow === 'fail';
  if (isDone) {
    listener.onFailure(
      new HooklineError(
        'request_failed',
        `${host} answered with a Content-Encoding other than ${ACCEPTED_ENCODINGS}; take Accept-Encoding out of the request.`,
      ),
    );
  }
  return {
    write(chunk) {
      if (isDone || sink.add(chunk)) return true;
      isDone = true;
      if (overflow === 'fail') listener.onFailure(tooLarge(host, maxBytes));
      else listener.onDone({ bytes: sink.bytes(), isCut: true });
      return true;
    },
    end() {
      if (isDone) return;
      isDone = true;
      listener.onDone({ bytes: sink.bytes(), isCut: false });
    },
    destroy() {
      isDone = true;
    },
  };
}

function createInflatingReader(
  { host, maxBytes, overflow }: BodyOptions,
  coding: string,
  createDecoder: (first: Buffer) => Decoder,
  listener: BodyListener,
): BodyReader {
  const sink = createSink(maxBytes);
  // Data that does not compress grows by less than a thousandth; more, and it inflates to nothing for ever.
  const maxRaw = maxBytes + Math.ceil(maxBytes / 1000) + 1024;
  let raw = 0;
  let decoder: Decoder | undefined;
  let isDone = false;
  const finish = (tell: () => void): void => {
    if (isDone) return;
    isDone = true;
    decoder?.destroy();
    tell();
  };
  const cut = (error: HooklineError): void =>
    finish(() => (overflow === 'fail' ? listener.onFailure(error) : listener.onDone({ bytes: sink.bytes(), isCut: true })));
  const start = (first: Buffer): Decoder => {
    const made = createDecoder(first);
    made.on('data', (chunk: Buffer) => {
      if (!isDone && !sink.add(chunk)) cut(tooLarge(host, maxBytes));
    });
    made.on('error', () => cut(new HooklineError('request_failed', `The answer of ${host} is not valid ${coding} data.`)));
    made.on('end', () => finish(() => listener.onDone({ bytes: sink.bytes(), isCut: false })));
    made.on('drain', () => listener.onReady());
    return made;
  };
  return {
    write(chunk) {
      if (isDone || chunk.byteLength === 0) return true;
      const room = maxRaw - raw;
      raw += chunk.byteLength;
      decoder ??= start(chunk);
      if (raw <= maxRaw) return decoder.write(chunk);
      const tell = (): void => cut(tooLarge(host, maxBytes));
      if (overflow === 'fail' || room <= 0) tell();
      else decoder.write(chunk.subarray(0, room), tell);
      return false;
    },
    end() {
      if (isDone) return;
      // An answer without a body may speak of a coding all the same.
      if (decoder) decoder.end();
      else finish(() => listener.onDone({ bytes: Buffer.alloc(0), isCut: false }));
    },
    destroy() {
      finish(() => undefined);
    },
  };
}

interface Sink {
  /** Keeps what there is room for. @returns whether that was all of it */
  add(chunk: Buffer): boolean;
  bytes(): Buffer;
}

function createSink(maxBytes: number): Sink {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      const room = maxBytes - size;
      const kept = chunk.byteLength > room ? chunk.subarray(0, room) : chunk;
      chunks.push(kept);
      size += kept.byteLength;
      return kept === chunk;
    },
    // A copy: what came from the socket is a piece of a much larger buffer.
    bytes: () => Buffer.concat(chunks, size),
  };
}

function tooLarge(host: string, maxBytes: number): HooklineError {
  return new HooklineError('response_too_large', `The answer of ${host} is larger than ${maxBytes} bytes.`, {
    details: { maxBytes },
  });
}
