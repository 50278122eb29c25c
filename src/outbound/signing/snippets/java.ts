// Pure: verification code in Java.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteUtf16 as quote } from './quote.ts';

export function writeJava(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const hasBase64Key = scheme.keyEncoding === 'base64' || scheme.keyEncoding === 'standard';
  const needsHex = scheme.encoding === 'hex' || scheme.keyEncoding === 'hex' || isPair;
  const needed = [needsId && 'id', timestamp === 'header' && 'timestamp', 'signature'].filter((name) => name !== false);
  const imports = [
    'java.io.ByteArrayOutputStream',
    'java.nio.charset.StandardCharsets',
    'java.security.GeneralSecurityException',
    isPair ? 'java.security.KeyFactory' : 'java.security.MessageDigest',
    ...(isPair ? ['java.security.PublicKey', 'java.security.Signature', 'java.security.spec.X509EncodedKeySpec'] : []),
    (scheme.encoding === 'base64' || hasBase64Key) && 'java.util.Base64',
    'java.util.HashMap',
    needsHex && 'java.util.HexFormat',
    'java.util.Locale',
    'java.util.Map',
    ...(isPair ? [] : ['javax.crypto.Mac', 'javax.crypto.spec.SecretKeySpec']),
  ].filter((name) => name !== false);
  return lines(
    facts.introduction.map((line) => `// ${line}`),
    '// Java 17 or later, standard library only.',
    '',
    imports.map((name) => `import ${name};`),
    '',
    'public class VerifyWebhook {',
    timestamp !== null && [
      '    // Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `    private static final long TOLERANCE_SECONDS = ${TOLERANCE_SECONDS};`,
      '',
    ],
    '    /** Header names are in lower case. */',
    '    public static boolean verify(Map<String, String> headers, byte[] body, String secret) throws GeneralSecurityException {',
    needsId && '        String id = headers.getOrDefault("webhook-id", "");',
    timestamp === 'header' && '        String timestamp = headers.getOrDefault("webhook-timestamp", "");',
    `        String signature = headers.getOrDefault(${quote(header)}, "");`,
    `        if (${needed.map((name) => `${name}.isEmpty()`).join(' || ')}) {`,
    '            return false;',
    '        }',
    facts.needsUrl && [
      '        String url = System.getenv("WEBHOOK_URL");',
      '        if (url == null || url.isEmpty()) {',
      '            return false;',
      '        }',
    ],
    timestamp === 'inside' && [
      '        String timestamp = "";',
      '        for (String item : signature.split(",")) {',
      '            if (timestamp.isEmpty() && item.startsWith("t=")) {',
      '                timestamp = item.substring(2);',
      '            }',
      '        }',
    ],
    timestamp !== null && [
      '        if (!timestamp.matches("[0-9]{1,12}")) {',
      '            return false;',
      '        }',
      '        if (Math.abs(System.currentTimeMillis() / 1000 - Long.parseLong(timestamp)) > TOLERANCE_SECONDS) {',
      '            return false;',
      '        }',
    ],
    '',
    '        ByteArrayOutputStream message = new ByteArrayOutputStream();',
    facts.message.map((group) =>
      group === 'body'
        ? '        message.writeBytes(body);'
        : `        message.writeBytes((${group.map(textOf).join(' + ')}).getBytes(StandardCharsets.UTF_8));`,
    ),
    '        byte[] key;',
    '        try {',
    `            key = ${KEYS[scheme.keyEncoding]};`,
    '        } catch (IllegalArgumentException error) {',
    '            return false;',
    '        }',
    `        if (key.length ${isPair ? '!= 32' : '== 0'}) {`,
    '            return false;',
    '        }',
    isPair
      ? [
          '        // In front of the key stands what says that it is one of Ed25519 (RFC 8410).',
          '        ByteArrayOutputStream der = new ByteArrayOutputStream();',
          '        der.writeBytes(HexFormat.of().parseHex("302a300506032b6570032100"));',
          '        der.writeBytes(key);',
          '        PublicKey publicKey = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der.toByteArray()));',
          '        // There may be several, with spaces between them: during a rotation, or of other versions.',
          '        for (String candidate : signature.split(" ")) {',
          `            if (!candidate.startsWith(${quote(scheme.prefix)})) {`,
          '                continue;',
          '            }',
          '            try {',
          '                Signature verifier = Signature.getInstance("Ed25519");',
          '                verifier.initVerify(publicKey);',
          '                verifier.update(message.toByteArray());',
          `                if (verifier.verify(Base64.getDecoder().decode(candidate.substring(${scheme.prefix.length})))) {`,
          '                    return true;',
          '                }',
          '            } catch (GeneralSecurityException | IllegalArgumentException error) {',
          '                // Not a signature at all: perhaps the next one is.',
          '            }',
          '        }',
          '        return false;',
        ]
      : [
          `        Mac mac = Mac.getInstance("Hmac${scheme.algorithm.toUpperCase()}");`,
          '        mac.init(new SecretKeySpec(key, "RAW"));',
          '        byte[] sum = mac.doFinal(message.toByteArray());',
          `        String digest = ${scheme.encoding === 'hex' ? 'HexFormat.of().formatHex(sum)' : 'Base64.getEncoder().encodeToString(sum)'};`,
          `        byte[] expected = (${scheme.prefix === '' ? 'digest' : `${quote(scheme.prefix)} + digest`}).getBytes(StandardCharsets.UTF_8);`,
          ...(scheme.separator === null
            ? [
                '        // In constant time: how long it takes tells nothing of the right signature.',
                '        return MessageDigest.isEqual(signature.getBytes(StandardCharsets.UTF_8), expected);',
              ]
            : [
                '        // There may be several: during a rotation, or of other versions. Compared in constant time.',
                `        for (String candidate : signature.split("${scheme.separator}")) {`,
                '            if (MessageDigest.isEqual(candidate.getBytes(StandardCharsets.UTF_8), expected)) {',
                '                return true;',
                '            }',
                '        }',
                '        return false;',
              ]),
        ],
    '    }',
    '',
    '    public static void main(String[] arguments) throws Exception {',
    '        String secret = System.getenv("WEBHOOK_SECRET");',
    '        if (secret == null || secret.isEmpty()) {',
    '            System.err.println("WEBHOOK_SECRET is not set");',
    '            System.exit(2);',
    '        }',
    '        Map<String, String> headers = new HashMap<>();',
    '        for (String argument : arguments) {',
    '            String[] parts = argument.split(":", 2);',
    '            headers.put(parts[0].trim().toLowerCase(Locale.ROOT), parts.length > 1 ? parts[1].trim() : "");',
    '        }',
    '        boolean isValid = verify(headers, System.in.readAllBytes(), secret);',
    '        System.out.println(isValid ? "valid" : "invalid");',
    '        System.exit(isValid ? 0 : 1);',
    '    }',
    '}',
  );
}

const KEYS = {
  text: 'secret.getBytes(StandardCharsets.UTF_8)',
  hex: 'HexFormat.of().parseHex(secret)',
  base64: 'Base64.getDecoder().decode(secret.startsWith("whsec_") ? secret.substring(6) : secret)',
  standard: 'Base64.getDecoder().decode(secret.startsWith("whsec_") ? secret.substring(6) : secret)',
  ed25519: 'Base64.getDecoder().decode(secret.startsWith("whpk_") ? secret.substring(5) : secret)',
} as const;

function textOf(piece: string | { readonly variable: string }): string {
  return typeof piece === 'string' ? quote(piece) : piece.variable;
}
