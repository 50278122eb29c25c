// Pure: verification code in Python.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteUtf32 as quote } from './quote.ts';

export function writePython(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const usesBase64 = scheme.encoding === 'base64' || scheme.keyEncoding === 'base64' || scheme.keyEncoding === 'standard';
  const needed = [needsId && 'webhook_id', timestamp === 'header' && 'timestamp', 'signature'].filter((name) => name !== false);
  const pieces = facts.message.map((group) => (group === 'body' ? 'body' : encode(group.map(textOf))));
  return lines(
    facts.introduction.map((line) => `# ${line}`),
    isPair
      ? '# Python 3.9 or later. Its standard library has no Ed25519: it needs the package "cryptography".'
      : '# Python 3.9 or later, no packages.',
    '',
    usesBase64 && 'import base64',
    !isPair && ['import hashlib', 'import hmac'],
    'import os',
    'import sys',
    timestamp !== null && 'import time',
    '',
    isPair && [
      'from cryptography.exceptions import InvalidSignature',
      'from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey',
      '',
    ],
    timestamp !== null && [
      '# Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `TOLERANCE_SECONDS = ${TOLERANCE_SECONDS}`,
      '',
    ],
    '',
    'def verify(headers: dict, body: bytes, secret: str) -> bool:',
    '    """Header names are in lower case."""',
    needsId && '    webhook_id = headers.get("webhook-id")',
    timestamp === 'header' && '    timestamp = headers.get("webhook-timestamp")',
    `    signature = headers.get(${quote(header)})`,
    `    if ${needed.map((name) => `not ${name}`).join(' or ')}:`,
    '        return False',
    facts.needsUrl && ['    url = os.environ.get("WEBHOOK_URL")', '    if not url:', '        return False'],
    timestamp === 'inside' && '    timestamp = next((item[2:] for item in signature.split(",") if item.startswith("t=")), "")',
    timestamp !== null && [
      '    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):',
      '        return False',
      '    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:',
      '        return False',
    ],
    '',
    `    message = ${pieces.join(' + ')}`,
    '    try:',
    isPair
      ? [
          '        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(secret.removeprefix("whpk_"), validate=True))',
          '    except ValueError:',
          '        return False',
          '    # There may be several, with spaces between them: during a rotation, or of other versions.',
          '    for candidate in signature.split(" "):',
          `        if not candidate.startswith(${quote(scheme.prefix)}):`,
          '            continue',
          '        try:',
          `            key.verify(base64.b64decode(candidate[${scheme.prefix.length}:], validate=True), message)`,
          '            return True',
          '        except (InvalidSignature, ValueError):',
          '            continue',
          '    return False',
        ]
      : [
          `        key = ${KEYS[scheme.keyEncoding]}`,
          '    except ValueError:',
          '        return False',
          '    if not key:',
          '        return False',
          scheme.encoding === 'hex'
            ? `    digest = hmac.new(key, message, hashlib.${scheme.algorithm}).hexdigest()`
            : `    digest = base64.b64encode(hmac.new(key, message, hashlib.${scheme.algorithm}).digest()).decode()`,
          `    expected = (${scheme.prefix === '' ? 'digest' : `${quote(scheme.prefix)} + digest`}).encode()`,
          scheme.separator === null
            ? ['    # In constant time: how long it takes tells nothing of the right signature.']
            : ['    # There may be several: during a rotation, or of other versions. Compared in constant time.'],
          scheme.separator === null
            ? '    return hmac.compare_digest(signature.encode(), expected)'
            : `    return any(hmac.compare_digest(candidate.encode(), expected) for candidate in signature.split("${scheme.separator}"))`,
        ].flat(),
    '',
    '',
    'if __name__ == "__main__":',
    '    given = {}',
    '    for argument in sys.argv[1:]:',
    '        name, _, value = argument.partition(":")',
    '        given[name.strip().lower()] = value.strip()',
    '    key_text = os.environ.get("WEBHOOK_SECRET")',
    '    if not key_text:',
    '        sys.exit("WEBHOOK_SECRET is not set")',
    '    is_valid = verify(given, sys.stdin.buffer.read(), key_text)',
    '    print("valid" if is_valid else "invalid")',
    '    sys.exit(0 if is_valid else 1)',
  );
}

const KEYS = {
  text: 'secret.encode()',
  hex: 'bytes.fromhex(secret)',
  base64: 'base64.b64decode(secret.removeprefix("whsec_"), validate=True)',
  standard: 'base64.b64decode(secret.removeprefix("whsec_"), validate=True)',
  ed25519: '',
} as const;

function textOf(piece: string | { readonly variable: string }): string {
  if (typeof piece === 'string') return quote(piece);
  return piece.variable === 'id' ? 'webhook_id' : piece.variable;
}

function encode(texts: readonly string[]): string {
  return texts.length === 1 ? `${texts[0]}.encode()` : `(${texts.join(' + ')}).encode()`;
}
