// Reads the live revision of every workflow, one page after the other.

import { openDocument } from './document-secrets.ts';
import type { Document } from './model.ts';
import type { SecretBox, WorkflowStore } from './ports.ts';
import type { Registry } from './registry.ts';
import { fieldsOf, workflowRow } from './sealed-places.ts';

export interface LiveDocumentsOptions {
  readonly store: Pick<WorkflowStore, 'list' | 'getRevision'>;
  readonly registry: Registry;
  readonly secretBox: SecretBox;
}

export interface LiveDocument {
  readonly id: string;
  readonly title: string;
  /** Write-only values opened; those that the present key does not open are left out. */
  readonly document: Document;
}

const PAGE = 100;

export async function* listLiveDocuments({ store, registry, secretBox }: LiveDocumentsOptions): AsyncGenerator<LiveDocument> {
  let cursor: string | undefined;
  do {
    const page = await store.list({ limit: PAGE, cursor });
    for (const { id, title, revision } of page.items) {
      const found = await store.getRevision(id, revision);
      // What it uses is not known; the other workflows are listed all the same.
      if (!found || found.unreadable !== undefined) continue;
      const box = fieldsOf(secretBox, workflowRow(id));
      yield { id, title, document: openDocument(found.document, registry, box, () => undefined) };
    }
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}
