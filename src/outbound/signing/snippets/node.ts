// Pure: verification code in JavaScript for Node.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteUtf16 as quote } from './quote.ts';

export function writeNode(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const needed = [needsId && 'id', timestamp === 'header' && 'timestamp', 'signature'].filter((name) => name !== false);
  const pieces = facts.message.map((group) => (group === 'body' ? 'body' : `Buffer.from(${group.map(textOf).join(' + ')})`));
  return lines(
    facts.introduction.map((line) => `// ${line}`),
    '// Node 20 or later, no packages.',
    '',
    isPair
      ? "import { createPublicKey, verify as verifySignature } from 'node:crypto';"
      : "import { createHmac, timingSafeEqual } from 'node:crypto';",
    "import { pathToFileURL } from 'node:url';",
    '',
    timestamp !== null && [
      '// Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `const TOLERANCE_SECONDS = ${TOLERANCE_SECONDS};`,
      '',
    ],
    '// headers: an object, names in lower case. body: a Buffer. secret: text.',
    'export function verify(headers, body, secret) {',
    needsId && "  const id = headers['webhook-id'];",
    timestamp === 'header' && "  const timestamp = headers['webhook-timestamp'];",
    `  const signature = headers[${quote(header)}];`,
    `  if (${needed.map((name) => `!${name}`).join(' || ')}) return false;`,
    facts.needsUrl && '  const url = process.env.WEBHOOK_URL;',
    facts.needsUrl && '  if (!url) return false;',
    timestamp === 'inside' && ["  const timestamp = signature.split(',').find((item) => item.startsWith('t='))?.slice(2) ?? '';"],
    timestamp !== null && [
      '  if (!/^[0-9]{1,12}$/.test(timestamp)) return false;',
      '  if (Math.abs(Date.now() / 1000 - Number(timestamp)) > TOLERANCE_SECONDS) return false;',
    ],
    '',
    `  const message = ${pieces.length === 1 && pieces[0] === 'body' ? 'body' : `Buffer.concat([${pieces.join(', ')}])`};`,
    isPair
      ? [
          "  const x = Buffer.from(secret.replace(/^whpk_/, ''), 'base64');",
          '  if (x.length !== 32) return false;',
          "  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: x.toString('base64url') }, format: 'jwk' });",
          '  // There may be several, with spaces between them: during a rotation, or of other versions.',
          "  return signature.split(' ').some((candidate) => {",
          `    if (!candidate.startsWith(${quote(scheme.prefix)})) return false;`,
          `    return verifySignature(null, message, key, Buffer.from(candidate.slice(${scheme.prefix.length}), 'base64'));`,
          '  });',
          '}',
        ]
      : [
          `  const key = ${KEYS[scheme.keyEncoding]};`,
          '  if (key.length === 0) return false;',
          `  const digest = createHmac('${scheme.algorithm}', key).update(message).digest('${scheme.encoding}');`,
          `  const expected = ${scheme.prefix === '' ? 'digest' : `${quote(scheme.prefix)} + digest`};`,
          scheme.separator === null
            ? '  return isEqual(signature, expected);'
            : `  // There may be several: during a rotation, or of other versions.\n  return signature.split('${scheme.separator}').some((candidate) => isEqual(candidate, expected));`,
          '}',
          '',
          '// In constant time: how long it takes tells nothing of the right signature.',
          'function isEqual(given, expected) {',
          '  const [a, b] = [Buffer.from(given), Buffer.from(expected)];',
          '  return a.length === b.length && timingSafeEqual(a, b);',
          '}',
        ],
    '',
    'if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {',
    '  const secret = process.env.WEBHOOK_SECRET;',
    "  if (!secret) throw new Error('WEBHOOK_SECRET is not set');",
    '  const headers = {};',
    '  for (const argument of process.argv.slice(2)) {',
    "    const colon = argument.indexOf(':');",
    '    headers[argument.slice(0, colon).trim().toLowerCase()] = argument.slice(colon + 1).trim();',
    '  }',
    '  const chunks = [];',
    '  for await (const chunk of process.stdin) chunks.push(chunk);',
    '  const isValid = verify(headers, Buffer.concat(chunks), secret);',
    "  console.log(isValid ? 'valid' : 'invalid');",
    '  process.exitCode = isValid ? 0 : 1;',
    '}',
  );
}

const KEYS = {
  text: "Buffer.from(secret, 'utf8')",
  hex: "Buffer.from(secret, 'hex')",
  base64: "Buffer.from(secret.replace(/^whsec_/, ''), 'base64')",
  standard: "Buffer.from(secret.replace(/^whsec_/, ''), 'base64')",
  ed25519: '',
} as const;

function textOf(piece: string | { readonly variable: string }): string {
  return typeof piece === 'string' ? quote(piece) : piece.variable;
}
