// Knows which bodies were stored with an attempt, so that the same text is not stored again with the next one.

import { createHash } from 'node:crypto';
import { setBounded } from '../../engine/bounded-cache.ts';
import type { Attempt } from '../../engine/outbound-model.ts';

/** Deliveries of one endpoint that are remembered; of the others the body is stored again. */
const MAX_REMEMBERED = 1_000;

export class BodyMemory {
  /** By delivery: the hash of what the last stored attempt has sent. */
  readonly #hashes = new Map<string, string>();

  /** The attempt without its body when the last one of all its deliveries had the same. */
  shorten(attempt: Attempt): Attempt {
    if (attempt.body === null || attempt.number === 1 || this.#hashes.size === 0) return attempt;
    const hash = hashOf(attempt.body);
    const isSame = attempt.deliveryIds.every((id) => this.#hashes.get(id) === hash);
    return isSame ? { ...attempt, body: null } : attempt;
  }

  /** An attempt is stored. @param attempt with its body @param isFinal nothing more will be sent of it */
  remember({ body, deliveryIds }: Attempt, isFinal: boolean): void {
    if (isFinal || body === null) {
      for (const id of deliveryIds) this.#hashes.delete(id);
      return;
    }
    const hash = hashOf(body);
    for (const id of deliveryIds) setBounded(this.#hashes, id, hash, MAX_REMEMBERED);
  }
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('base64');
}
