// The workflow as it is being edited: its history, saving it, and what to do when somebody else has saved meanwhile.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { Document, Problem } from '../../../src/engine/model.ts';
import { ApiError, request } from '../api/request.ts';
import { type PluginList, useRefreshWorkflows, type WorkflowJson } from '../api/workflows.ts';
import { useHistory } from '../canvas/history.ts';
import { notifyError } from '../ui/notify.ts';
import { problemsOf } from './problem-place.ts';
import { toSaveBody } from './save-body.ts';

/** What a workflow has beside its document. */
export interface WorkflowFields {
  readonly title?: string;
  readonly tags?: readonly string[];
  readonly enabled?: boolean;
}

export interface Draft extends ReturnType<typeof useHistory> {
  /** As it was saved last, as far as we know. */
  readonly workflow: WorkflowJson;
  readonly isSaving: boolean;
  /** It was saved here, and has not changed since. */
  readonly isSaved: boolean;
  /** Somebody else has saved since this draft was begun, and it has changes of its own. */
  readonly isOutdated: boolean;
  /** A save that was not made because somebody else had saved meanwhile; null when there is none. */
  readonly conflict: { overwrite(): Promise<boolean>; dismiss(): void } | null;
  /** What the server said when it refused the last save; empty once something was changed. */
  readonly refusal: readonly Problem[];
  /** @returns whether it was saved */
  save(): Promise<boolean>;
  /** Changes title, tags or state at once, whatever the draft. @returns whether it was done */
  patch(fields: WorkflowFields): Promise<boolean>;
  /** Drops the draft for what is saved on the server. */
  loadTheirs(): Promise<void>;
  /** Goes on from what we ourselves have just changed on the server; unsaved changes stay. */
  adopt(workflow: WorkflowJson): void;
}

export function documentOf({ trigger, nodes, settings }: Document): Document {
  return { trigger, nodes, ...(settings === undefined ? {} : { settings }) };
}

/** Whether the steps of the live revision are placeholders: what is stored cannot be read. */
export function isDocumentUnreadable({ unreadable, trigger }: Pick<WorkflowJson, 'unreadable' | 'trigger'>): boolean {
  return unreadable !== undefined && trigger.type === 'unreadable';
}

/** What editing starts from: the saved document, or an empty one where that cannot be read. */
function draftOf(workflow: WorkflowJson, types: PluginList): Document {
  const [first] = types.triggers;
  if (!isDocumentUnreadable(workflow) || first === undefined) return documentOf(workflow);
  return { trigger: { type: first.type, config: {} }, nodes: [] };
}

/** @param latest the workflow as the server has it now, kept up to date by the stream of changes */
export function useDraft(latest: WorkflowJson, types: PluginList): Draft {
  const history = useHistory(draftOf(latest, types));
  const refresh = useRefreshWorkflows();
  /** What the draft was begun from. */
  const [base, setBase] = useState(latest);
  const [isSaving, setSaving] = useState(false);
  const [hasSaved, setHasSaved] = useState(false);
  const [conflicting, setConflicting] = useState<{ body: object } | null>(null);
  const [refusal, setRefusal] = useState<{ problems: readonly Problem[]; document: Document } | null>(null);
  const { document, isDirty, reset, markSaved } = history;

  const take = useCallback(
    (workflow: WorkflowJson) => {
      setBase(workflow);
      reset(draftOf(workflow, types));
    },
    [reset, types],
  );

  // What somebody else saved is shown at once where nothing would be lost by it.
  const isNewer = Date.parse(latest.updatedAt) > Date.parse(base.updatedAt);
  useEffect(() => {
    if (isNewer && !isDirty && !isSaving && conflicting === null) take(latest);
  }, [isNewer, isDirty, isSaving, conflicting, latest, take]);

  const adopt = useCallback(
    (workflow: WorkflowJson) => {
      if (isDirty) setBase(workflow);
      else take(workflow);
    },
    [isDirty, take],
  );

  const isBusy = useRef(false);
  const send = useCallback(
    async (body: object, options: { ifUpdatedAt?: string; saved?: Document }): Promise<boolean> => {
      if (isBusy.current) return false;
      isBusy.current = true;
      setSaving(true);
      try {
        const { ifUpdatedAt } = options;
        const workflow = await request<WorkflowJson>('PATCH', `/api/workflows/${base.id}`, { body, query: { ifUpdatedAt } });
        refresh(workflow);
        setConflicting(null);
        setRefusal(null);
        if (options.saved) {
          markSaved(options.saved);
          setHasSaved(true);
          setBase(workflow);
        } else if (ifUpdatedAt !== undefined) {
          setBase(workflow);
        }
        return true;
      } catch (error) {
        // Of a document that cannot be read the server refuses everything but a new one; that is no edit by others.
        const isWhole = 'trigger' in body || !isDocumentUnreadable(base);
        if (error instanceof ApiError && error.code === 'conflict' && options.ifUpdatedAt !== undefined && isWhole) {
          setConflicting({ body });
        } else if (error instanceof ApiError && error.code === 'invalid_workflow') {
          setRefusal({ problems: problemsOf(error.details), document });
        } else {
          notifyError(error);
        }
        return false;
      } finally {
        isBusy.current = false;
        setSaving(false);
      }
    },
    [base, document, markSaved, refresh],
  );

  const save = useCallback(
    () => send(toSaveBody(document, types), { ifUpdatedAt: base.updatedAt, saved: document }),
    [send, document, types, base.updatedAt],
  );
  const patch = useCallback((fields: WorkflowFields) => send(fields, { ifUpdatedAt: base.updatedAt }), [send, base.updatedAt]);
  const loadTheirs = useCallback(async () => {
    try {
      const workflow = await request<WorkflowJson>('GET', `/api/workflows/${base.id}`);
      refresh(workflow);
      setConflicting(null);
      take(workflow);
    } catch (error) {
      notifyError(error);
    }
  }, [base.id, refresh, take]);

  return {
    ...history,
    workflow: isNewer && isDirty ? { ...latest, updatedAt: base.updatedAt } : isNewer ? latest : base,
    isSaving,
    isSaved: hasSaved && !isDirty && !isSaving,
    isOutdated: isNewer && isDirty && !isSaving && conflicting === null,
    conflict: conflicting && {
      overwrite: () => send(conflicting.body, 'trigger' in conflicting.body ? { saved: document } : {}),
      dismiss: () => setConflicting(null),
    },
    refusal: refusal?.document === document ? refusal.problems : [],
    save,
    patch,
    loadTheirs,
    adopt,
  };
}
