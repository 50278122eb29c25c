// Reads the body of a request: bounded, inflated, as text.

import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { HooklineError } from '../errors.ts';
import { inflate } from './inflate.ts';

/** A refused body is read on so that its sender sees the answer, but not for ever. */
const MAX_DRAINED_BYTES = 16 * 1024 * 1024;

function tooLarge(maxBytes: number): HooklineError {
  return new HooklineError('payload_too_large', `The body is larger than ${maxBytes} bytes, which is the limit here.`, {
    details: { maxBytes },
  });
}

/** The whole body, inflated. @throws HooklineError `payload_too_large`, `unsupported_media_type`, `invalid_request` */
export function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length']) > maxBytes) throw tooLarge(maxBytes);
  const body = collect(req, maxBytes);
  const encoding = req.headers['content-encoding'];
  return encoding === undefined ? body : body.then((bytes) => inflateBody(bytes, encoding, maxBytes));
}

/**
 * A body that is there already.
 * @param encoding the header `Content-Encoding`
 * @throws HooklineError `payload_too_large`, `unsupported_media_type`, `invalid_request`
 */
export function inflateBody(body: Buffer, encoding: string | undefined, maxBytes: number): Buffer | Promise<Buffer> {
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  const coding = encoding?.toLowerCase();
  if (coding === undefined || coding === 'identity' || body.length === 0) return body;
  return inflate(body, coding, maxBytes, tooLarge);
}

function collect(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    let isComplete = false;
    req.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      reject(tooLarge(maxBytes));
    });
    req.on('end', () => {
      isComplete = true;
      const [first] = chunks;
      resolve(chunks.length === 1 && first ? first : Buffer.concat(chunks));
    });
    const cutOff = (cause?: Error): void => {
      if (isComplete) return;
      reject(new HooklineError('invalid_request', 'The connection ended before the body was complete.', { cause }));
    };
    // It may have gone while the workflow was being looked up; then nothing more is heard of it.
    if (req.destroyed) cutOff();
    // A caller that hangs up is no fault of ours.
    req.on('error', cutOff);
    req.on('close', () => cutOff());
  });
}

/** JSON between systems is UTF-8 (RFC 8259); another charset is honoured when the sender names it. */
export function decodeText(body: Buffer, contentType: string | undefined): string {
  const charset = contentType?.includes('charset') ? /charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] : undefined;
  if (charset === undefined || /^utf-?8$/i.test(charset)) {
    if (!isUtf8(body)) throw new HooklineError('invalid_json', 'The body is not valid UTF-8.');
    const text = body.toString('utf8');
    return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  }
  return decodeAs(body, charset);
}

function decodeAs(body: Buffer, charset: string): string {
  const decoder = decoderOf(charset);
  try {
    return decoder.decode(body);
  } catch (cause) {
    throw new HooklineError('invalid_json', `The body is not valid ${charset.slice(0, 40)}.`, { cause });
  }
}

function decoderOf(charset: string): InstanceType<typeof TextDecoder> {
  try {
    return new TextDecoder(charset, { fatal: true });
  } catch (cause) {
    throw new HooklineError('unsupported_media_type', `The charset "${charset.slice(0, 40)}" is not known; send UTF-8.`, {
      cause,
    });
  }
}

/** Reads a refused body on, so that its sender sees the answer. */
export function drain(req: IncomingMessage): void {
  if (req.complete || req.destroyed) return;
  let left = MAX_DRAINED_BYTES;
  req.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) req.destroy();
  });
  req.on('error', () => req.destroy());
}
