// Pure: verification code in PHP.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quotePhp as quote } from './quote.ts';

export function writePhp(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const needed = [needsId && '$id', timestamp === 'header' && '$timestamp', '$signature'].filter((name) => name !== false);
  const pieces = facts.message.flatMap((group) => (group === 'body' ? ['$body'] : group.map(textOf)));
  return lines(
    '<?php',
    facts.introduction.map((line) => `// ${line}`),
    isPair
      ? '// PHP 8 or later with the extension sodium, which has Ed25519 and comes with PHP.'
      : '// PHP 8 or later, no packages.',
    '',
    'declare(strict_types=1);',
    '',
    timestamp !== null && [
      '// Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `const TOLERANCE_SECONDS = ${TOLERANCE_SECONDS};`,
      '',
    ],
    '/** $headers has names in lower case. */',
    'function verify(array $headers, string $body, string $secret): bool',
    '{',
    needsId && "    $id = $headers['webhook-id'] ?? '';",
    timestamp === 'header' && "    $timestamp = $headers['webhook-timestamp'] ?? '';",
    `    $signature = $headers[${quote(header)}] ?? '';`,
    `    if (${needed.map((name) => `${name} === ''`).join(' || ')}) {`,
    '        return false;',
    '    }',
    facts.needsUrl && [
      "    $url = getenv('WEBHOOK_URL');",
      "    if ($url === false || $url === '') {",
      '        return false;',
      '    }',
    ],
    timestamp === 'inside' && [
      "    $timestamp = '';",
      "    foreach (explode(',', $signature) as $item) {",
      "        if ($timestamp === '' && str_starts_with($item, 't=')) {",
      '            $timestamp = substr($item, 2);',
      '        }',
      '    }',
    ],
    timestamp !== null && [
      "    if (preg_match('/^[0-9]{1,12}$/D', $timestamp) !== 1 || abs(time() - (int) $timestamp) > TOLERANCE_SECONDS) {",
      '        return false;',
      '    }',
    ],
    '',
    `    $message = ${pieces.join(' . ')};`,
    isPair
      ? [
          "    $key = base64_decode(str_starts_with($secret, 'whpk_') ? substr($secret, 5) : $secret, true);",
          '    if ($key === false || strlen($key) !== SODIUM_CRYPTO_SIGN_PUBLICKEYBYTES) {',
          '        return false;',
          '    }',
          '    // There may be several, with spaces between them: during a rotation, or of other versions.',
          "    foreach (explode(' ', $signature) as $candidate) {",
          `        if (!str_starts_with($candidate, ${quote(scheme.prefix)})) {`,
          '            continue;',
          '        }',
          `        $decoded = base64_decode(substr($candidate, ${scheme.prefix.length}), true);`,
          '        if ($decoded === false || strlen($decoded) !== SODIUM_CRYPTO_SIGN_BYTES) {',
          '            continue;',
          '        }',
          '        if (sodium_crypto_sign_verify_detached($decoded, $message, $key)) {',
          '            return true;',
          '        }',
          '    }',
          '    return false;',
        ]
      : [
          ...KEYS[scheme.keyEncoding],
          "    if ($key === false || $key === '') {",
          '        return false;',
          '    }',
          scheme.encoding === 'hex'
            ? `    $digest = hash_hmac('${scheme.algorithm}', $message, $key);`
            : `    $digest = base64_encode(hash_hmac('${scheme.algorithm}', $message, $key, true));`,
          `    $expected = ${scheme.prefix === '' ? '$digest' : `${quote(scheme.prefix)} . $digest`};`,
          ...(scheme.separator === null
            ? [
                '    // In constant time: how long it takes tells nothing of the right signature.',
                '    return hash_equals($expected, $signature);',
              ]
            : [
                '    // There may be several: during a rotation, or of other versions. Compared in constant time.',
                `    foreach (explode('${scheme.separator}', $signature) as $candidate) {`,
                '        if (hash_equals($expected, $candidate)) {',
                '            return true;',
                '        }',
                '    }',
                '    return false;',
              ]),
        ],
    '}',
    '',
    "if (PHP_SAPI === 'cli' && realpath($argv[0]) === __FILE__) {",
    "    $secret = getenv('WEBHOOK_SECRET');",
    "    if ($secret === false || $secret === '') {",
    '        fwrite(STDERR, "WEBHOOK_SECRET is not set\\n");',
    '        exit(2);',
    '    }',
    '    $headers = [];',
    '    foreach (array_slice($argv, 1) as $argument) {',
    "        [$name, $value] = explode(':', $argument, 2) + [1 => ''];",
    '        $headers[strtolower(trim($name))] = trim($value);',
    '    }',
    "    $isValid = verify($headers, (string) file_get_contents('php://stdin'), $secret);",
    '    echo $isValid ? "valid\\n" : "invalid\\n";',
    '    exit($isValid ? 0 : 1);',
    '}',
  );
}

const BASE64_KEY = ["    $key = base64_decode(str_starts_with($secret, 'whsec_') ? substr($secret, 6) : $secret, true);"];
const KEYS = {
  text: ['    $key = $secret;'],
  hex: ["    $key = preg_match('/^([0-9a-fA-F]{2})+$/D', $secret) === 1 ? hex2bin($secret) : false;"],
  base64: BASE64_KEY,
  standard: BASE64_KEY,
  ed25519: [],
} as const;

function textOf(piece: string | { readonly variable: string }): string {
  return typeof piece === 'string' ? quote(piece) : `$${piece.variable}`;
}
