// Chooses what the side panel shows: the trigger, a node, the revisions or the workflow's settings.

import { Text } from '@mantine/core';
import { IconHistory, IconSettings } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Document } from '../../../src/engine/model.ts';
import type { PluginList, RevisionJson } from '../api/workflows.ts';
import { changeTrigger, findNode } from '../canvas/edit.ts';
import { TRIGGER } from '../canvas/paths.ts';
import { NodeIcon } from '../form/node-icon.tsx';
import { SchemaForm } from '../form/schema-form.tsx';
import { useTypeText } from '../form/type-text.ts';
import { WorkflowSettings } from '../form/workflow-settings.tsx';
import { NodePanel } from './node-panel.tsx';
import { fieldProblems, type PlacedProblem } from './problem-place.ts';
import { RevisionsPanel } from './revisions/revisions-panel.tsx';
import { SidePanel } from './side-panel.tsx';
import { TriggerPanel, type TriggerState } from './trigger/trigger-panel.tsx';
import type { Draft } from './use-draft.ts';

/** `selection`: of what is selected on the canvas, if anything. */
export type PanelName = 'selection' | 'revisions' | 'settings';

export interface EditorPanelProps {
  readonly panel: PanelName;
  readonly selected: string | null;
  readonly draft: Draft;
  readonly types: PluginList;
  readonly placed: readonly PlacedProblem[];
  readonly trigger: TriggerState;
  /** The document on the canvas: the draft's, or that of the revision that is looked at. */
  readonly seen: Document;
  readonly isLookingBack: boolean;
  readonly canWrite: boolean;
  readonly canCall: boolean;
  readonly shown: number | undefined;
  readonly comparedWith: number | undefined;
  readonly executionId: string | null;
  takesFocus(): boolean;
  onClose(): void;
  onSelect(key: string): void;
  onShow(revision: number | undefined, comparedWith?: number): void;
  onActivate(revision: number): void;
  onEditCopy(revision: RevisionJson): void;
  onExecution(id: string): void;
}

export function EditorPanel(props: EditorPanelProps) {
  const { t } = useTranslation('editor');
  const { panel, selected, draft, placed, canWrite, takesFocus, onClose } = props;
  if (panel === 'revisions') {
    return (
      <SidePanel
        title={t('menu.revisions')}
        icon={<IconHistory size={22} aria-hidden />}
        subject="$revisions"
        takesFocus={takesFocus}
        onClose={onClose}
      >
        <RevisionsPanel
          workflow={draft.workflow}
          shown={props.shown}
          comparedWith={props.comparedWith}
          canWrite={canWrite}
          isDirty={draft.isDirty}
          onShow={props.onShow}
          onActivate={props.onActivate}
          onEditCopy={props.onEditCopy}
          onSelectNode={props.onSelect}
        />
      </SidePanel>
    );
  }
  if (panel === 'settings') {
    return (
      <SidePanel
        title={t('menu.settings')}
        icon={<IconSettings size={22} aria-hidden />}
        subject="$settings"
        takesFocus={takesFocus}
        onClose={onClose}
      >
        <div className="hl-panel-body">
          <WorkflowSettings
            mode={draft.workflow.mode}
            workflowId={draft.workflow.id}
            value={draft.document.settings}
            problems={fieldProblems(placed, null, 'settings')}
            readOnly={!canWrite}
            onChange={(settings) => {
              const { settings: _, ...others } = draft.document;
              draft.change(settings === undefined ? others : { ...others, settings }, t('menu.settings'), 'settings');
            }}
          />
        </div>
      </SidePanel>
    );
  }
  if (selected === TRIGGER) return <TriggerSide {...props} />;
  return selected === null ? null : <NodeSide {...props} selected={selected} />;
}

function TriggerSide(props: EditorPanelProps) {
  const { t } = useTranslation('editor');
  const typeText = useTypeText();
  const { draft, types, placed, seen: document, isLookingBack, takesFocus, onClose } = props;
  const { workflow } = draft;
  const canWrite = props.canWrite && !isLookingBack;
  const { trigger } = document;
  const type = types.triggers.find((one) => one.type === trigger.type);
  const problems = [...fieldProblems(placed, TRIGGER, 'config'), ...fieldProblems(placed, TRIGGER, 'node')];
  const setConfig = (config: Record<string, unknown>): void =>
    draft.change(changeTrigger(document, { ...trigger, config }), t('history.trigger'), 'trigger');
  return (
    <SidePanel
      title={type ? typeText.title('trigger', type) : trigger.type}
      subtitle={
        <Text size="xs" c="dimmed">
          {t('panel.trigger')}
        </Text>
      }
      icon={<NodeIcon type={trigger.type} kind="trigger" size={36} />}
      subject={TRIGGER}
      takesFocus={takesFocus}
      onClose={onClose}
    >
      {type === undefined ? (
        <Text className="hl-panel-body">{t('panel.notInstalledText', { type: trigger.type })}</Text>
      ) : trigger.type === 'webhook' ? (
        <TriggerPanel
          key={props.shown ?? 'draft'}
          workflow={workflow}
          config={trigger.config}
          type={type}
          problems={problems}
          canWrite={canWrite}
          canCall={props.canCall && !isLookingBack}
          isDirty={draft.isDirty && !isLookingBack}
          state={props.trigger}
          onChange={setConfig}
          onSave={draft.save}
          onRotated={draft.adopt}
          onExecution={props.onExecution}
        />
      ) : (
        <div className="hl-panel-body">
          <SchemaForm
            type={{ kind: 'trigger', name: trigger.type }}
            schema={type.config}
            value={trigger.config}
            onChange={setConfig}
            problems={problems}
            expressions={[]}
            scripts={[]}
            readOnly={!canWrite}
          />
        </div>
      )}
    </SidePanel>
  );
}

function NodeSide({ selected, ...props }: EditorPanelProps & { readonly selected: string }) {
  const typeText = useTypeText();
  const { draft, types, seen, isLookingBack, takesFocus, onClose } = props;
  const node = findNode(seen, selected)?.node;
  if (!node) return null;
  const type = types.nodes.find((one) => one.type === node.type);
  const typeTitle = type ? typeText.title('node', type) : node.type;
  return (
    <SidePanel
      title={node.title || typeTitle}
      subtitle={
        <Text size="xs" c="dimmed">
          {node.title ? typeTitle : node.key}
        </Text>
      }
      icon={<NodeIcon type={node.type} kind="node" size={36} />}
      subject={selected}
      takesFocus={takesFocus}
      onClose={onClose}
    >
      <NodePanel
        // A form keeps what it was opened with.
        key={`${props.shown ?? 'draft'} ${selected}`}
        workflowId={draft.workflow.id}
        mode={draft.workflow.mode}
        document={seen}
        node={node}
        types={types}
        placed={props.placed}
        readOnly={!props.canWrite || isLookingBack}
        executionId={props.executionId}
        onChange={draft.change}
        onRenamed={props.onSelect}
      />
    </SidePanel>
  );
}
