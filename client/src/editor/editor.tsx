// The editor of one workflow: header, canvas, the panel beside it, and what is shown of revisions and executions.

import './editor.css';
import { Box, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useNavigate, useSearchParams } from 'react-router';
import type { Document } from '../../../src/engine/model.ts';
import { learnedQuery } from '../api/drafts.ts';
import { useActivateRevision } from '../api/editing.ts';
import { executionQuery } from '../api/executions.ts';
import { usePermission } from '../api/session.ts';
import { comparisonQuery, type PluginList, type RevisionJson, revisionQuery, type WorkflowJson } from '../api/workflows.ts';
import { findNode } from '../canvas/edit.ts';
import { TRIGGER } from '../canvas/paths.ts';
import { COVERS } from '../canvas/view.ts';
import { notifyError, notifySuccess } from '../ui/notify.ts';
import { LoadError, Loading } from '../ui/page.tsx';
import { UnreadableNote } from '../ui/unreadable.tsx';
import { VariablesProvider } from '../variables/variable-source.tsx';
import { ConflictDialog } from './conflict-dialog.tsx';
import { EditorBanners } from './editor-banners.tsx';
import { EditorPanel, type PanelName } from './editor-panel.tsx';
import { focusField } from './focus-field.ts';
import { EditorHeader } from './header/editor-header.tsx';
import { LeaveGuard } from './leave-guard.tsx';
import { ProblemList } from './problem-list.tsx';
import type { PlacedProblem } from './problem-place.ts';
import { SMALL_SCREEN } from './side-panel.tsx';
import { useTriggerState } from './trigger/trigger-panel.tsx';
import { documentOf, useDraft } from './use-draft.ts';
import { useEditorKeys, useLastInput } from './use-keyboard.ts';
import { useProblems } from './use-problems.ts';
import { useReturn } from './use-return.ts';

const Canvas = lazy(async () => ({ default: (await import('../canvas/canvas.tsx')).Canvas }));

const NONE: readonly PlacedProblem[] = [];

export interface EditorProps {
  /** As the server has it now. */
  readonly latest: WorkflowJson;
  readonly types: PluginList;
}

export function Editor({ latest, types }: EditorProps) {
  const { t } = useTranslation('editor');
  const navigate = useNavigate();
  const draft = useDraft(latest, types);
  const { document, workflow, change } = draft;
  const isTrashed = workflow.deletedAt !== null;
  const canWrite = usePermission('workflows:write') && !isTrashed;
  const canCall = usePermission('executions:write') && !isTrashed;
  const lastWasKey = useLastInput();
  const body = useRef<HTMLDivElement>(null);
  const trigger = useTriggerState(workflow.id);

  const { shown, comparedWith, show } = useShownRevision();
  const revision = useQuery({ ...revisionQuery(workflow.id, shown ?? 0), enabled: shown !== undefined });
  const comparison = useQuery({
    ...comparisonQuery(workflow.id, comparedWith ?? 0, shown ?? 0),
    enabled: shown !== undefined && comparedWith !== undefined,
  });
  const older = useQuery({ ...revisionQuery(workflow.id, comparedWith ?? 0), enabled: comparedWith !== undefined });
  const isLookingBack = shown !== undefined;
  const isComparing = comparedWith !== undefined;
  // The canvas lays out what is another object.
  const oldDocument = useMemo(() => revision.data && documentOf(revision.data), [revision.data]);
  const olderDocument = useMemo(() => older.data && documentOf(older.data), [older.data]);
  const seen: Document | undefined = isLookingBack ? oldDocument : document;

  const [params] = useSearchParams();
  const [selected, setSelected] = useState<string | null>(() => params.get('node') ?? firstSelection(latest));
  const [panel, setPanel] = useState<PanelName>(shown === undefined ? 'selection' : 'revisions');
  const [executionId, setExecutionId] = useState<string | null>(null);
  const execution = useQuery({ ...executionQuery(executionId ?? ''), enabled: executionId !== null });
  const problems = useProblems(draft, types, canWrite);
  const learned = useQuery(learnedQuery(workflow.id));
  const activate = useActivateRevision(workflow.id);

  // An execution says nothing of a flow that has changed since.
  useEffect(() => {
    if (draft.isDirty) setExecutionId(null);
  }, [draft.isDirty]);
  useEffect(() => {
    if (selected !== null && selected !== TRIGGER && seen && !findNode(seen, selected)) setSelected(null);
  }, [seen, selected]);

  const { message, toCanvas, toDraft } = useReturn(body, !isLookingBack);
  const [sought, setSought] = useState<{ key: string } | null>(null);
  const goTo = useCallback((key: string) => {
    setSelected(key);
    setSought({ key });
  }, []);
  const select = useCallback(
    (key: string | null) => {
      setSelected(key);
      // What changed stays beside the canvas; a single revision's nodes can be looked into.
      setPanel(isComparing ? 'revisions' : 'selection');
    },
    [isComparing],
  );
  const close = useCallback(() => {
    setSelected(null);
    setPanel('selection');
    toCanvas();
  }, [toCanvas]);
  const choose = useCallback(
    ({ place }: PlacedProblem) => {
      if (place.part === 'settings') setPanel('settings');
      else if (place.key !== null) {
        goTo(place.key);
        setPanel('selection');
      }
      if (place.key === TRIGGER) trigger.setTab(/^(body|query|headers)\b/.test(place.field) ? 'variables' : 'address');
      if (place.field !== '') focusField(() => body.current?.ownerDocument.querySelector('.hl-panel') ?? null, place.field);
    },
    [trigger.setTab, goTo],
  );

  useEditorKeys({
    onSave: useCallback(() => {
      if (canWrite && draft.isDirty && !isLookingBack) void draft.save();
    }, [canWrite, draft.isDirty, draft.save, isLookingBack]),
    onUndo: useCallback(() => !isLookingBack && draft.undo(), [draft.undo, isLookingBack]),
    onRedo: useCallback(() => !isLookingBack && draft.redo(), [draft.redo, isLookingBack]),
  });

  function makeLive(number: number): void {
    activate.mutate(number, {
      onError: notifyError,
      onSuccess(changed) {
        draft.adopt(changed);
        show(undefined);
        notifySuccess(t('revisions.activated', { number }));
      },
    });
  }

  function editCopy(old: RevisionJson): void {
    change(documentOf(old), t('history.revision', { number: old.revision }));
    show(undefined);
    setPanel('selection');
    notifySuccess(t('revisions.copied', { number: old.revision }));
    toDraft('');
  }

  const source = useMemo(
    () => ({
      workflowId: workflow.id,
      mode: workflow.mode,
      document: seen ?? document,
      nodeKey: selected === TRIGGER ? null : selected,
      types,
      learned: learned.data,
    }),
    [workflow.id, workflow.mode, seen, document, selected, types, learned.data],
  );
  const isReadOnly = !canWrite || isLookingBack;

  return (
    <VariablesProvider value={source}>
      <div className="hl-editor-page">
        <EditorHeader
          draft={draft}
          canWrite={canWrite}
          isLookingBack={isLookingBack}
          onOpen={(name) => {
            setSelected(null);
            setPanel(name);
          }}
          onTrashed={() => {
            draft.reset(document);
            // After the rendering in which nothing is unsaved any more.
            setTimeout(() => void navigate('/workflows'));
          }}
        />
        <EditorBanners
          draft={draft}
          shown={revision.data}
          comparedWith={comparedWith}
          executionId={executionId}
          execution={execution.data}
          onEndLookingBack={() => {
            show(undefined);
            setPanel('selection');
            toDraft(t('banner.returned'));
          }}
          onOpenRevisions={() => setPanel('revisions')}
          onHideExecution={() => {
            setExecutionId(null);
            toDraft(t('banner.executionHidden'));
          }}
          onLoadTheirs={() => void draft.loadTheirs().then(() => toDraft(t('banner.loadedTheirs')))}
          onRestored={() => toDraft(t('banner.restored'))}
        />
        <div className="hl-editor-body" ref={body}>
          <section className="hl-editor-canvas" aria-label={t('canvas')}>
            {revision.isError ? (
              <LoadError error={revision.error} onRetry={() => void revision.refetch()} />
            ) : isLookingBack && revision.data?.unreadable !== undefined ? (
              <Box p="md">
                <UnreadableNote record={revision.data} text={t('unreadable.revision')} />
              </Box>
            ) : seen === undefined ? (
              <Loading />
            ) : (
              <Suspense fallback={<Loading />}>
                <Canvas
                  key={shown ?? 'draft'}
                  document={seen}
                  mode={workflow.mode}
                  types={types}
                  selected={selected}
                  sought={sought}
                  onSelect={select}
                  {...(isReadOnly ? {} : { onChange: change })}
                  {...(isLookingBack ? {} : { problems: problems.problems })}
                  {...(executionId !== null && execution.data && !isLookingBack ? { execution: execution.data } : {})}
                  {...(comparedWith !== undefined && comparison.data ? { comparison: comparison.data } : {})}
                  {...(isComparing && olderDocument ? { before: olderDocument } : {})}
                />
              </Suspense>
            )}
            {canWrite && !isLookingBack && (
              <div className="hl-editor-problems" data-keeps-focus tabIndex={-1} {...COVERS}>
                <ProblemList
                  problems={problems}
                  document={document}
                  openFor={draft.refusal.length > 0 ? draft.refusal : null}
                  onChoose={choose}
                />
              </div>
            )}
          </section>
          <EditorPanel
            panel={panel}
            selected={selected}
            draft={draft}
            types={types}
            placed={isLookingBack ? NONE : problems.placed}
            trigger={trigger}
            seen={seen ?? document}
            isLookingBack={isLookingBack}
            canWrite={canWrite}
            canCall={canCall}
            shown={shown}
            comparedWith={comparedWith}
            executionId={executionId}
            takesFocus={lastWasKey}
            onClose={close}
            onSelect={goTo}
            onShow={show}
            onActivate={makeLive}
            onEditCopy={editCopy}
            onExecution={setExecutionId}
          />
        </div>
        <VisuallyHidden component="div" role="status" aria-live="polite">
          {message}
        </VisuallyHidden>
        <ConflictDialog draft={draft} />
        <LeaveGuard isDirty={draft.isDirty && canWrite} isSaving={draft.isSaving} onSave={draft.save} />
      </div>
    </VariablesProvider>
  );
}

/** Where one begins with an empty workflow: at its URL. On a small screen the panel would hide everything else. */
function firstSelection({ nodes }: WorkflowJson): string | null {
  return nodes.length === 0 && !window.matchMedia(SMALL_SCREEN).matches ? TRIGGER : null;
}

/** Which revision the address asks for: `?revision=3`, or `?revision=5&with=3` for a comparison. */
function useShownRevision() {
  const [params, setParams] = useSearchParams();
  const number = (name: string): number | undefined => {
    const value = Number(params.get(name));
    return Number.isInteger(value) && value > 0 ? value : undefined;
  };
  const show = useCallback(
    (revision: number | undefined, comparedWith?: number) =>
      setParams((before) => {
        const next = new URLSearchParams(before);
        next.delete('revision');
        next.delete('with');
        if (revision !== undefined) next.set('revision', String(revision));
        if (comparedWith !== undefined) next.set('with', String(comparedWith));
        return next;
      }),
    [setParams],
  );
  const shown = number('revision');
  return { shown, comparedWith: shown === undefined ? undefined : number('with'), show };
}
