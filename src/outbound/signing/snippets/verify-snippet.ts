// Pure: gives receivers the code that verifies what an endpoint is sent, in their language, for the endpoint's first profile.

import type { SignatureProfile } from '../../../engine/outbound-model.ts';
import { writeCsharp } from './csharp.ts';
import { type Facts, factsOf } from './facts.ts';
import { writeGo } from './go.ts';
import { writeJava } from './java.ts';
import { writeNode } from './node.ts';
import { writePhp } from './php.ts';
import { writePython } from './python.ts';
import { writeRuby } from './ruby.ts';
import { writeShell } from './shell.ts';

/** In the order in which they are offered. */
export const SNIPPET_LANGUAGES = ['node', 'python', 'php', 'csharp', 'go', 'ruby', 'java', 'shell'] as const;
export type SnippetLanguage = (typeof SNIPPET_LANGUAGES)[number];

export interface Snippet {
  readonly language: SnippetLanguage;
  /** Such as `Python: Standard Webhooks (v1, HMAC-SHA256)`. */
  readonly title: string;
  /** What the file is to be called. */
  readonly fileName: string;
  /**
   * A complete program with a function `verify(headers, body, secret)`. It reads the key from the environment variable
   * `WEBHOOK_SECRET`, headers from its arguments (`name: value`) and the body from standard input; it prints `valid` and exits
   * with 0, or prints `invalid` and exits with 1.
   */
  readonly code: string;
}

const WRITERS: Record<SnippetLanguage, { readonly name: string; readonly fileName: string; write(facts: Facts): string }> = {
  node: { name: 'Node', fileName: 'verify-webhook.mjs', write: writeNode },
  python: { name: 'Python', fileName: 'verify_webhook.py', write: writePython },
  php: { name: 'PHP', fileName: 'verify-webhook.php', write: writePhp },
  csharp: { name: 'C#', fileName: 'VerifyWebhook.cs', write: writeCsharp },
  go: { name: 'Go', fileName: 'verify_webhook.go', write: writeGo },
  ruby: { name: 'Ruby', fileName: 'verify_webhook.rb', write: writeRuby },
  java: { name: 'Java', fileName: 'VerifyWebhook.java', write: writeJava },
  shell: { name: 'Shell', fileName: 'verify-webhook.sh', write: writeShell },
};

/**
 * The code for the first profile. No key is in it, whatever the profile holds.
 * @param endpoint.url stands in the code when a custom profile signs it; without it the code reads `WEBHOOK_URL`
 */
export function verifySnippet(
  language: SnippetLanguage,
  endpoint: { readonly profiles: readonly SignatureProfile[]; readonly url?: string | undefined },
): Snippet {
  const facts = factsOf(endpoint.profiles[0] ?? { type: 'standard' }, endpoint.url);
  const { name, fileName, write } = WRITERS[language];
  return { language, title: `${name}: ${facts.scheme.title}`, fileName, code: write(facts) };
}
