// Pure: verification code in C#.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteUtf16 as quote } from './quote.ts';

export function writeCsharp(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const needed = [
    needsId && ['webhook-id', 'id'],
    timestamp === 'header' && ['webhook-timestamp', 'timestamp'],
    [header, 'signature'],
  ].filter((name) => name !== false);
  const pieces = facts.message.map((group) =>
    group === 'body' ? 'body' : `Encoding.UTF8.GetBytes(${group.map(textOf).join(' + ')})`,
  );
  return lines(
    facts.introduction.map((line) => `// ${line}`),
    isPair
      ? '// .NET 8 or later. It has no Ed25519 of its own: add the package NSec.Cryptography.'
      : '// .NET 6 or later, no packages.',
    '',
    'using System;',
    'using System.Collections.Generic;',
    timestamp !== null && 'using System.Globalization;',
    'using System.IO;',
    'using System.Linq;',
    !isPair && 'using System.Security.Cryptography;',
    'using System.Text;',
    isPair && 'using NSec.Cryptography;',
    '',
    'public static class VerifyWebhook',
    '{',
    timestamp !== null && [
      '    // Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `    private const long ToleranceSeconds = ${TOLERANCE_SECONDS};`,
      '',
    ],
    '    /// <summary>Header names are in lower case.</summary>',
    '    public static bool Verify(IReadOnlyDictionary<string, string> headers, byte[] body, string secret)',
    '    {',
    needed.map(
      ([name = '', variable]) =>
        `        if (!headers.TryGetValue(${quote(name)}, out var ${variable}) || ${variable} == "") return false;`,
    ),
    facts.needsUrl && [
      '        var url = Environment.GetEnvironmentVariable("WEBHOOK_URL");',
      '        if (string.IsNullOrEmpty(url)) return false;',
    ],
    timestamp === 'inside' && [
      '        var timestamp = signature.Split(\',\').Where(item => item.StartsWith("t=", StringComparison.Ordinal))',
      '            .Select(item => item[2..]).FirstOrDefault() ?? "";',
    ],
    timestamp !== null && [
      '        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;',
      '        var age = DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds;',
      '        if (age > ToleranceSeconds || age < -ToleranceSeconds) return false;',
    ],
    '',
    `        var message = ${pieces.length === 1 && pieces[0] === 'body' ? 'body' : `new[] { ${pieces.join(', ')} }.SelectMany(part => part).ToArray()`};`,
    isPair || scheme.keyEncoding !== 'text'
      ? [
          '        byte[] key;',
          '        try',
          '        {',
          `            key = ${KEYS[scheme.keyEncoding]};`,
          '        }',
          '        catch (FormatException)',
          '        {',
          '            return false;',
          '        }',
        ]
      : ['        var key = Encoding.UTF8.GetBytes(secret);'],
    isPair
      ? [
          '        var algorithm = SignatureAlgorithm.Ed25519;',
          '        if (!PublicKey.TryImport(algorithm, key, KeyBlobFormat.RawPublicKey, out var publicKey) || publicKey is null) return false;',
          '        // There may be several, with spaces between them: during a rotation, or of other versions.',
          "        foreach (var candidate in signature.Split(' '))",
          '        {',
          `            if (!candidate.StartsWith(${quote(scheme.prefix)}, StringComparison.Ordinal)) continue;`,
          '            var decoded = new byte[algorithm.SignatureSize];',
          `            if (!Convert.TryFromBase64String(candidate[${scheme.prefix.length}..], decoded, out var length)) continue;`,
          '            if (length == decoded.Length && algorithm.Verify(publicKey, message, decoded)) return true;',
          '        }',
          '        return false;',
        ]
      : [
          '        if (key.Length == 0) return false;',
          `        var sum = HMAC${scheme.algorithm.toUpperCase()}.HashData(key, message);`,
          `        var digest = ${scheme.encoding === 'hex' ? 'Convert.ToHexString(sum).ToLowerInvariant()' : 'Convert.ToBase64String(sum)'};`,
          `        var expected = Encoding.UTF8.GetBytes(${scheme.prefix === '' ? 'digest' : `${quote(scheme.prefix)} + digest`});`,
          ...(scheme.separator === null
            ? [
                '        // In constant time: how long it takes tells nothing of the right signature.',
                '        return CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), expected);',
              ]
            : [
                '        // There may be several: during a rotation, or of other versions. Compared in constant time.',
                `        return signature.Split('${scheme.separator}').Any(candidate =>`,
                '            CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(candidate), expected));',
              ]),
        ],
    '    }',
    '',
    '    public static int Main(string[] arguments)',
    '    {',
    '        var secret = Environment.GetEnvironmentVariable("WEBHOOK_SECRET");',
    '        if (string.IsNullOrEmpty(secret))',
    '        {',
    '            Console.Error.WriteLine("WEBHOOK_SECRET is not set");',
    '            return 2;',
    '        }',
    '        var headers = new Dictionary<string, string>();',
    '        foreach (var argument in arguments)',
    '        {',
    "            var parts = argument.Split(':', 2);",
    '            headers[parts[0].Trim().ToLowerInvariant()] = parts.Length > 1 ? parts[1].Trim() : "";',
    '        }',
    '        using var body = new MemoryStream();',
    '        using var input = Console.OpenStandardInput();',
    '        input.CopyTo(body);',
    '        var isValid = Verify(headers, body.ToArray(), secret);',
    '        Console.WriteLine(isValid ? "valid" : "invalid");',
    '        return isValid ? 0 : 1;',
    '    }',
    '}',
  );
}

const KEYS = {
  text: '',
  hex: 'Convert.FromHexString(secret)',
  base64: 'Convert.FromBase64String(secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret[6..] : secret)',
  standard: 'Convert.FromBase64String(secret.StartsWith("whsec_", StringComparison.Ordinal) ? secret[6..] : secret)',
  ed25519: 'Convert.FromBase64String(secret.StartsWith("whpk_", StringComparison.Ordinal) ? secret[5..] : secret)',
} as const;

function textOf(piece: string | { readonly variable: string }): string {
  return typeof piece === 'string' ? quote(piece) : piece.variable;
}
