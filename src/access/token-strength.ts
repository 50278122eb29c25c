// Pure: refuses a configured admin token that could be guessed. It opens everything, and nothing but a restart revokes it.

import { guessBits } from './weak-passwords.ts';

/** Fewest characters: 16 random bytes in hex have as many. */
export const MIN_TOKEN_LENGTH = 32;
/** Fewest different characters; of 32 random hex digits fewer than 9 differ in one of a billion. */
const MIN_DISTINCT = 9;
/** Fewest tries as a power of two. 32 random hex digits are rated at 105 to 150, four words of a dictionary below 80. */
const MIN_BITS = 90;
/** A part of this length that was there before is no news. */
const REPEAT_LENGTH = 4;

/** Words that made-up tokens consist of, besides those of passwords. */
const WORDS =
  'token tokens key keys apikey api bearer auth admin hook hooks local localhost dev develop prod production stage staging the for and our your this that only super long enough very characters with without from into insecure replace value string random'.split(
    ' ',
  );

/** Why an admin token is refused, to be read behind its name; undefined when it is strong enough. */
export function adminTokenProblem(token: string): string | undefined {
  const remedy = 'Make one with `openssl rand -hex 32`';
  if (token.length < MIN_TOKEN_LENGTH) {
    return `must have at least ${MIN_TOKEN_LENGTH} characters. ${remedy}`;
  }
  const news = withoutRepeats(token.toLowerCase());
  if (new Set(token).size >= MIN_DISTINCT && guessBits(news, WORDS) >= MIN_BITS) return undefined;
  return `must not be guessable: this one has too few different characters, repeats itself, or is made of words and rows of keys. ${remedy}`;
}

/** The text without the parts that occur in it before. */
function withoutRepeats(text: string): string {
  let news = '';
  for (let start = 0; start < text.length; ) {
    let length = 0;
    while (start + length < text.length && text.slice(0, start).includes(text.slice(start, start + length + 1))) length += 1;
    if (length >= REPEAT_LENGTH) {
      start += length;
    } else {
      news += text.charAt(start);
      start += 1;
    }
  }
  return news;
}
