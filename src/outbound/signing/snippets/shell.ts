// Pure: verification code for bash and OpenSSL.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteShell as quote } from './quote.ts';

export function writeShell(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const needed = [needsId && 'id', timestamp === 'header' && 'timestamp', 'signature'].filter((name) => name !== false);
  return lines(
    '#!/usr/bin/env bash',
    facts.introduction.map((line) => `# ${line}`),
    isPair
      ? '# bash and OpenSSL 3.'
      : '# bash and OpenSSL 1.1.1 or later. While it runs, other users of the machine may see the key in the list of',
    !isPair && '# processes: take one of the other languages where that matters.',
    'set -uo pipefail',
    '',
    timestamp !== null && [
      '# Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `TOLERANCE_SECONDS=${TOLERANCE_SECONDS}`,
      '',
    ],
    'work=$(mktemp -d) || exit 2',
    `trap 'rm -rf "$work"' EXIT`,
    '',
    '# header NAME HEADERS: the value of a header, from lines "name: value". NAME is in lower case.',
    'header() {',
    `  printf '%s\\n' "$2" | awk -v name="$1" '`,
    '    { colon = index($0, ":") }',
    '    tolower(substr($0, 1, colon - 1)) == name { value = substr($0, colon + 1); sub(/^ +/, "", value); print value; exit }',
    `  '`,
    '}',
    '',
    !isPair && [
      '# The shell cannot compare in constant time. It compares fingerprints with a random number in them instead: how long that',
      '# takes tells nothing of the right signature.',
      'nonce=$(openssl rand -hex 32)',
      `fingerprint() { printf '%s' "$nonce$1" | openssl dgst -sha256; }`,
      'is_equal() { [ "$(fingerprint "$1")" = "$(fingerprint "$2")" ]; }',
      `to_hex() { od -An -v -tx1 | tr -d ' \\n'; }`,
      '',
    ],
    '# verify HEADERS BODY_FILE SECRET',
    'verify() {',
    `  local headers=$1 body=$2 secret=$3 ${[...needed.filter((name) => name !== 'signature'), timestamp === 'inside' && 'timestamp', timestamp !== null && 'age', 'signature', isPair ? 'candidate' : 'key expected', scheme.separator !== null && !isPair && 'candidate', facts.needsUrl && 'url'].filter((name) => name !== false).join(' ')}`,
    needsId && '  id=$(header webhook-id "$headers")',
    timestamp === 'header' && '  timestamp=$(header webhook-timestamp "$headers")',
    `  signature=$(header ${quote(header)} "$headers")`,
    `  ${needed.map((name) => `[ -n "$${name}" ]`).join(' && ')} || return 1`,
    facts.needsUrl && [`  url=\${WEBHOOK_URL:-}`, '  [ -n "$url" ] || return 1'],
    timestamp === 'inside' && "  timestamp=$(printf '%s\\n' \"$signature\" | tr ',' '\\n' | sed -n 's/^t=//p' | head -n 1)",
    timestamp !== null && [
      "  case $timestamp in '' | *[!0-9]* | ?????????????*) return 1 ;; esac",
      '  age=$(($(date +%s) - 10#$timestamp))',
      `  [ "\${age#-}" -le "$TOLERANCE_SECONDS" ] || return 1`,
    ],
    '',
    isPair
      ? [
          '  # In front of the 32 bytes of the key stands what says that it is one of Ed25519 (RFC 8410).',
          '  {',
          "    printf '\\x30\\x2a\\x30\\x05\\x06\\x03\\x2b\\x65\\x70\\x03\\x21\\x00'",
          `    printf '%s' "\${secret#whpk_}" | openssl base64 -d -A`,
          '  } >"$work/key.der"',
          `  { ${writeMessage(facts)}; } >"$work/message"`,
          '  # There may be several, with spaces between them: during a rotation, or of other versions.',
          '  while IFS= read -r candidate; do',
          `    case $candidate in ${quote(scheme.prefix)}*) ;; *) continue ;; esac`,
          `    printf '%s' "\${candidate#${scheme.prefix}}" | openssl base64 -d -A >"$work/signature"`,
          '    openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/message" \\',
          '      -sigfile "$work/signature" >/dev/null 2>&1 && return 0',
          "  done < <(printf '%s\\n' \"$signature\" | tr ' ' '\\n')",
          '  return 1',
        ]
      : [
          `  key=$(${KEYS[scheme.keyEncoding]})`,
          '  [ -n "$key" ] || return 1',
          `  expected=${scheme.prefix === '' ? '' : quote(scheme.prefix)}$(`,
          `    { ${writeMessage(facts)}; } |`,
          `      openssl dgst -${scheme.algorithm} -mac HMAC -macopt "hexkey:$key" -binary | ${scheme.encoding === 'hex' ? 'to_hex' : 'openssl base64 -A'}`,
          '  )',
          ...(scheme.separator === null
            ? ['  is_equal "$signature" "$expected"']
            : [
                '  # There may be several: during a rotation, or of other versions.',
                '  while IFS= read -r candidate; do',
                '    is_equal "$candidate" "$expected" && return 0',
                `  done < <(printf '%s\\n' "$signature" | tr '${scheme.separator}' '\\n')`,
                '  return 1',
              ]),
        ],
    '}',
    '',
    `if [ -z "\${WEBHOOK_SECRET:-}" ]; then`,
    "  echo 'WEBHOOK_SECRET is not set' >&2",
    '  exit 2',
    'fi',
    'cat >"$work/body"',
    `if verify "$(printf '%s\\n' "$@")" "$work/body" "$WEBHOOK_SECRET"; then`,
    '  echo valid',
    'else',
    '  echo invalid',
    '  exit 1',
    'fi',
  );
}

const KEYS = {
  text: 'printf \'%s\' "$secret" | to_hex',
  hex: 'printf \'%s\' "$secret"',
  base64: `printf '%s' "\${secret#whsec_}" | openssl base64 -d -A | to_hex`,
  standard: `printf '%s' "\${secret#whsec_}" | openssl base64 -d -A | to_hex`,
  ed25519: '',
} as const;

function writeMessage({ message }: Facts): string {
  return message
    .map((group) => {
      if (group === 'body') return 'cat "$body"';
      return `printf '%s' ${group.map((piece) => (typeof piece === 'string' ? quote(piece) : `"$${piece.variable}"`)).join('')}`;
    })
    .join('; ');
}
