// Finds the workflows whose live revision names a secret.

import { findSecretUses } from '../engine/secret-names.ts';

export interface SecretUser {
  readonly workflowId: string;
  readonly title: string;
}

/** A workflow's live revision, write-only values opened. */
export interface LiveDocument {
  readonly id: string;
  readonly title: string;
  readonly document: unknown;
}

/** @returns the workflows by the names of the secrets that they use, in the order given */
export async function findSecretUsers(documents: AsyncIterable<LiveDocument>): Promise<Map<string, SecretUser[]>> {
  const users = new Map<string, SecretUser[]>();
  for await (const { id, title, document } of documents) {
    const names = new Set(findSecretUses(document).flatMap(({ use }) => [...use.names]));
    for (const name of names) {
      const known = users.get(name);
      if (known) known.push({ workflowId: id, title });
      else users.set(name, [{ workflowId: id, title }]);
    }
  }
  return users;
}
