// Pure: verification code in Ruby.

import { type Facts, lines, TOLERANCE_SECONDS } from './facts.ts';
import { quoteRuby as quote } from './quote.ts';

export function writeRuby(facts: Facts): string {
  const { scheme, header, needsId, timestamp } = facts;
  const isPair = scheme.algorithm === 'ed25519';
  const needed = [needsId && 'id', timestamp === 'header' && 'timestamp', 'signature'].filter((name) => name !== false);
  // As bytes: texts of different encodings cannot be joined.
  const pieces = facts.message.flatMap((group) => (group === 'body' ? ['body.b'] : group.map((piece) => `${textOf(piece)}.b`)));
  return lines(
    facts.introduction.map((line) => `# ${line}`),
    isPair
      ? '# Ruby 3.1 or later with its openssl 3.0: earlier ones have no Ed25519 in their standard library.'
      : '# Ruby 2.7 or later, standard library only.',
    '',
    'require "openssl"',
    '',
    timestamp !== null && [
      '# Somebody may send a recorded request again: one that is older, or newer, is refused.',
      `TOLERANCE_SECONDS = ${TOLERANCE_SECONDS}`,
      '',
    ],
    '# headers: a Hash, names in lower case.',
    'def verify(headers, body, secret)',
    needsId && '  id = headers["webhook-id"].to_s',
    timestamp === 'header' && '  timestamp = headers["webhook-timestamp"].to_s',
    `  signature = headers[${quote(header)}].to_s`,
    `  return false if ${needed.map((name) => `${name}.empty?`).join(' || ')}`,
    facts.needsUrl && ['  url = ENV["WEBHOOK_URL"].to_s', '  return false if url.empty?'],
    timestamp === 'inside' &&
      '  timestamp = signature.split(",").find { |item| item.start_with?("t=") }.to_s.delete_prefix("t=")',
    timestamp !== null && [
      '  return false unless timestamp.match?(/\\A[0-9]{1,12}\\z/)',
      '  return false if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE_SECONDS',
    ],
    '',
    `  message = ${pieces.join(' + ')}`,
    isPair
      ? [
          '  key = secret.delete_prefix("whpk_").unpack1("m0")',
          '  return false unless key.bytesize == 32',
          '  # In front of the key stands what says that it is one of Ed25519 (RFC 8410).',
          '  public_key = OpenSSL::PKey.read(["302a300506032b6570032100"].pack("H*") + key)',
          '  # There may be several, with spaces between them: during a rotation, or of other versions.',
          '  signature.split(" ").any? do |candidate|',
          `    next false unless candidate.start_with?(${quote(scheme.prefix)})`,
          `    public_key.verify(nil, candidate.delete_prefix(${quote(scheme.prefix)}).unpack1("m0"), message)`,
          '  rescue ArgumentError, OpenSSL::PKey::PKeyError',
          '    false',
          '  end',
          'rescue ArgumentError, OpenSSL::PKey::PKeyError',
          '  false',
        ]
      : [
          `  key = ${KEYS[scheme.keyEncoding]}`,
          '  return false if key.empty?',
          scheme.encoding === 'hex'
            ? `  digest = OpenSSL::HMAC.hexdigest("${scheme.algorithm}", key, message)`
            : `  digest = [OpenSSL::HMAC.digest("${scheme.algorithm}", key, message)].pack("m0")`,
          `  expected = ${scheme.prefix === '' ? 'digest' : `${quote(scheme.prefix)} + digest`}`,
          ...(scheme.separator === null
            ? [
                '  # In constant time: how long it takes tells nothing of the right signature.',
                '  OpenSSL.secure_compare(signature, expected)',
              ]
            : [
                '  # There may be several: during a rotation, or of other versions. Compared in constant time.',
                `  signature.split("${scheme.separator}").any? { |candidate| OpenSSL.secure_compare(candidate, expected) }`,
              ]),
          ...(scheme.keyEncoding === 'base64' || scheme.keyEncoding === 'standard' ? ['rescue ArgumentError', '  false'] : []),
        ],
    'end',
    '',
    'if __FILE__ == $PROGRAM_NAME',
    '  secret = ENV["WEBHOOK_SECRET"].to_s',
    '  abort "WEBHOOK_SECRET is not set" if secret.empty?',
    '  headers = ARGV.to_h do |argument|',
    '    name, _, value = argument.partition(":")',
    '    [name.strip.downcase, value.strip]',
    '  end',
    '  is_valid = verify(headers, $stdin.binmode.read, secret)',
    '  puts(is_valid ? "valid" : "invalid")',
    '  exit(is_valid ? 0 : 1)',
    'end',
  );
}

const KEYS = {
  text: 'secret',
  hex: 'secret.match?(/\\A(\\h\\h)+\\z/) ? [secret].pack("H*") : ""',
  base64: 'secret.delete_prefix("whsec_").unpack1("m0")',
  standard: 'secret.delete_prefix("whsec_").unpack1("m0")',
  ed25519: '',
} as const;

function textOf(piece: string | { readonly variable: string }): string {
  return typeof piece === 'string' ? quote(piece) : piece.variable;
}
