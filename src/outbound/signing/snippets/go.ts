// Pure: verification code in Go.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteUtf32 as quote } from './quote.ts';

export function writeGo(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const hasBase64Key = scheme.keyEncoding === 'base64' || scheme.keyEncoding === 'standard';
  const imports = [
    ...(isPair ? ['crypto/ed25519'] : ['crypto/hmac', `crypto/${scheme.algorithm}`]),
    (scheme.encoding === 'base64' || hasBase64Key) && 'encoding/base64',
    (scheme.encoding === 'hex' || scheme.keyEncoding === 'hex') && 'encoding/hex',
    'fmt',
    'io',
    'os',
    timestamp !== null && 'strconv',
    'strings',
    timestamp !== null && 'time',
  ].filter((name) => name !== false);
  const needed = [needsId && 'id', timestamp === 'header' && 'timestamp', 'signature'].filter((name) => name !== false);
  const isPlain = scheme.keyEncoding === 'text';
  return lines(
    facts.introduction.map((line) => `// ${line}`),
    '// Go 1.18 or later, standard library only.',
    'package main',
    '',
    'import (',
    imports.map((name) => `\t"${name}"`),
    ')',
    '',
    timestamp !== null && [
      '// Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `const toleranceSeconds = ${TOLERANCE_SECONDS}`,
      '',
    ],
    '// verify takes headers by their names in lower case.',
    'func verify(headers map[string]string, body []byte, secret string) bool {',
    needsId && '\tid := headers["webhook-id"]',
    timestamp === 'header' && '\ttimestamp := headers["webhook-timestamp"]',
    `\tsignature := headers[${quote(header)}]`,
    `\tif ${needed.map((name) => `${name} == ""`).join(' || ')} {`,
    '\t\treturn false',
    '\t}',
    facts.needsUrl && ['\turl := os.Getenv("WEBHOOK_URL")', '\tif url == "" {', '\t\treturn false', '\t}'],
    timestamp === 'inside' && [
      '\ttimestamp := ""',
      '\tfor _, item := range strings.Split(signature, ",") {',
      '\t\tif strings.HasPrefix(item, "t=") && timestamp == "" {',
      '\t\t\ttimestamp = item[2:]',
      '\t\t}',
      '\t}',
    ],
    timestamp !== null && [
      '\tseconds, err := strconv.ParseUint(timestamp, 10, 40)',
      '\tif err != nil {',
      '\t\treturn false',
      '\t}',
      '\tage := time.Now().Unix() - int64(seconds)',
      '\tif age > toleranceSeconds || age < -toleranceSeconds {',
      '\t\treturn false',
      '\t}',
    ],
    '',
    isPlain
      ? ['\tkey := []byte(secret)', '\tif len(key) == 0 {', '\t\treturn false', '\t}']
      : [
          `\tkey, err := ${KEYS[scheme.keyEncoding]}`,
          `\tif err != nil || len(key) ${isPair ? '!= ed25519.PublicKeySize' : '== 0'} {`,
          '\t\treturn false',
          '\t}',
        ],
    isPair
      ? [
          '\tvar message []byte',
          ...facts.message.map((group) => `\tmessage = append(message, ${group === 'body' ? 'body' : joinTexts(group)}...)`),
          '\t// There may be several, with spaces between them: during a rotation, or of other versions.',
          '\tfor _, candidate := range strings.Split(signature, " ") {',
          `\t\tif !strings.HasPrefix(candidate, ${quote(scheme.prefix)}) {`,
          '\t\t\tcontinue',
          '\t\t}',
          `\t\tdecoded, err := base64.StdEncoding.DecodeString(candidate[${scheme.prefix.length}:])`,
          '\t\tif err == nil && ed25519.Verify(key, message, decoded) {',
          '\t\t\treturn true',
          '\t\t}',
          '\t}',
          '\treturn false',
        ]
      : [
          `\tmac := hmac.New(${scheme.algorithm}.New, key)`,
          ...facts.message.map((group) => `\tmac.Write(${group === 'body' ? 'body' : `[]byte(${joinTexts(group)})`})`),
          `\texpected := ${expectedText(facts)}`,
          ...(scheme.separator === null
            ? [
                '\t// In constant time: how long it takes tells nothing of the right signature.',
                '\treturn hmac.Equal([]byte(signature), []byte(expected))',
              ]
            : [
                '\t// There may be several: during a rotation, or of other versions. Compared in constant time.',
                `\tfor _, candidate := range strings.Split(signature, "${scheme.separator}") {`,
                '\t\tif hmac.Equal([]byte(candidate), []byte(expected)) {',
                '\t\t\treturn true',
                '\t\t}',
                '\t}',
                '\treturn false',
              ]),
        ],
    '}',
    '',
    'func main() {',
    '\tsecret := os.Getenv("WEBHOOK_SECRET")',
    '\tif secret == "" {',
    '\t\tfmt.Fprintln(os.Stderr, "WEBHOOK_SECRET is not set")',
    '\t\tos.Exit(2)',
    '\t}',
    '\theaders := map[string]string{}',
    '\tfor _, argument := range os.Args[1:] {',
    '\t\tname, value, _ := strings.Cut(argument, ":")',
    '\t\theaders[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)',
    '\t}',
    '\tbody, err := io.ReadAll(os.Stdin)',
    '\tif err != nil || !verify(headers, body, secret) {',
    '\t\tfmt.Println("invalid")',
    '\t\tos.Exit(1)',
    '\t}',
    '\tfmt.Println("valid")',
    '}',
  );
}

const KEYS = {
  hex: 'hex.DecodeString(secret)',
  base64: 'base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))',
  standard: 'base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))',
  ed25519: 'base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whpk_"))',
} as const;

function joinTexts(group: readonly (string | { readonly variable: string })[]): string {
  return group.map((piece) => (typeof piece === 'string' ? quote(piece) : piece.variable)).join(' + ');
}

function expectedText({ scheme }: Facts): string {
  const sum = 'mac.Sum(nil)';
  const digest = scheme.encoding === 'hex' ? `hex.EncodeToString(${sum})` : `base64.StdEncoding.EncodeToString(${sum})`;
  return scheme.prefix === '' ? digest : `${quote(scheme.prefix)} + ${digest}`;
}
