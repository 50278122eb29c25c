// The last part of a resume URL: which job of which execution it resumes, and the proof that Hookline made it.

import { HooklineError } from '../errors.ts';
import type { SecretBox } from './ports.ts';

export interface ResumeTarget {
  readonly executionId: string;
  readonly jobPath: string;
}

/** No path that the runner makes is longer; a longer token is not even decoded. */
const MAX_TOKEN_LENGTH = 4_096;

export interface ResumeTokens {
  make(target: ResumeTarget): string;
  /** @throws HooklineError `not_found` when Hookline has not made it */
  read(token: string): ResumeTarget;
}

/** The key of each URL is an HMAC over what it resumes: 256 bits that nobody can guess, and nothing has to be stored. */
export function createResumeTokens(secretBox: Pick<SecretBox, 'sign' | 'verify'>): ResumeTokens {
  const textOf = (name: string): string => `resume:${name}`;
  return {
    make({ executionId, jobPath }) {
      const name = Buffer.from(`${executionId}:${jobPath}`).toString('base64url');
      return `${name}.${secretBox.sign(textOf(name))}`;
    },
    read(token) {
      const [name = '', key = '', ...rest] = token.length > MAX_TOKEN_LENGTH ? [] : token.split('.');
      if (rest.length > 0 || !secretBox.verify(textOf(name), key)) {
        throw new HooklineError('not_found', 'This is not a resume URL of this server.');
      }
      const text = Buffer.from(name, 'base64url').toString('utf8');
      const colon = text.indexOf(':');
      return { executionId: text.slice(0, colon), jobPath: text.slice(colon + 1) };
    },
  };
}
