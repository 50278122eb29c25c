// What opens over the canvas at a point of it: the choice of node types, the menus of nodes and branches, and the question before deleting.

import { useTranslation } from 'react-i18next';
import type { Document, Mode } from '../../../src/engine/model.ts';
import type { PluginList } from '../api/workflows.ts';
import { BranchMenu } from './branch-menu.tsx';
import { findNode, type ListPlace, type Place, ROOT } from './edit.ts';
import type { Point } from './layout.ts';
import { type NodeAction, NodeMenu } from './node-menu.tsx';
import { NodePicker } from './node-picker.tsx';
import { RemoveDialog } from './remove-dialog.tsx';
import type { Editing } from './use-editing.ts';
import type { Model } from './use-model.ts';

/** At a point of the canvas, in pixels from its corner. */
export type Opened =
  | { readonly kind: 'types'; readonly place: Place; readonly at: Point }
  | { readonly kind: 'node'; readonly key: string; readonly at: Point }
  | { readonly kind: 'branch'; readonly list: ListPlace; readonly at: Point };

export interface CanvasMenusProps {
  readonly document: Document;
  readonly mode: Mode;
  readonly types: PluginList;
  readonly model: Model;
  readonly editing: Editing;
  readonly isEditable: boolean;
  /** Neighbours that are chosen together. */
  readonly range: readonly string[];
  readonly opened: Opened | null;
  onOpen(next: Opened | null): void;
  /** Closes it, unless something else is open by now. */
  onClose(what: Opened): void;
  /** Opens the choice of types below a node. */
  onAdd(place: Place, key: string): void;
  onSelect(key: string): void;
  onPickUp(key: string): void;
  focusTree(): void;
}

/** The place behind a node; behind the trigger it is the first. */
export function placeBehind(document: Document, key: string): Place {
  const place = findNode(document, key)?.place;
  return place ? { ...place, index: place.index + 1 } : { ...ROOT, index: 0 };
}

export function CanvasMenus(props: CanvasMenusProps) {
  const { document, mode, types, model, editing, opened, onOpen, focusTree } = props;
  const close = (): void => {
    if (opened) props.onClose(opened);
    focusTree();
  };
  return (
    <>
      {opened?.kind === 'types' && (
        <NodePicker
          types={types.nodes}
          mode={mode}
          at={opened.at}
          place={model.placeText(opened.place)}
          onPick={(type) => {
            onOpen(null);
            editing.add(type, opened.place);
            focusTree();
          }}
          onClose={close}
        />
      )}
      {opened?.kind === 'branch' && (
        <BranchMenu
          name={model.branchName(opened.list)}
          at={opened.at}
          canMoveLeft={editing.canMoveBranch(opened.list, -1)}
          canMoveRight={editing.canMoveBranch(opened.list, 1)}
          onAdd={() => onOpen({ kind: 'types', place: { ...opened.list, index: 0 }, at: opened.at })}
          onMove={(by) => {
            onOpen(null);
            editing.moveBranch(opened.list, by);
            requestAnimationFrame(focusTree);
          }}
          onClose={close}
        />
      )}
      {opened?.kind === 'node' && <OpenedNodeMenu {...props} nodeKey={opened.key} at={opened.at} onClose={close} />}
      {editing.asked !== null && (
        <RemoveDialog
          document={document}
          keys={editing.asked}
          title={model.titleOf(editing.asked[0] ?? '')}
          onAnswer={(isMeant) => {
            editing.answer(isMeant);
            focusTree();
          }}
        />
      )}
    </>
  );
}

interface OpenedNodeMenuProps extends Omit<CanvasMenusProps, 'onClose'> {
  readonly nodeKey: string;
  readonly at: Point;
  onClose(): void;
}

function OpenedNodeMenu({ nodeKey: key, at, onClose, ...props }: OpenedNodeMenuProps) {
  const { t } = useTranslation('canvas');
  const { document, model, editing, isEditable, onOpen, onAdd } = props;
  const branches = model.layout.nodes.find((node) => node.key === key)?.branches ?? [];
  const place = findNode(document, key)?.place;
  const isRange = props.range.includes(key);
  const texts = { branch: place ? model.branchName(place) : '' };

  function act(action: NodeAction): void {
    onOpen(null);
    if (action === 'open') props.onSelect(key);
    else if (action === 'add') onAdd(placeBehind(document, key), key);
    else if (action === 'move') props.onPickUp(key);
    else editing.act(action, key);
    if (action !== 'add') requestAnimationFrame(props.focusTree);
  }

  return (
    <NodeMenu
      title={isRange ? t('rangeChosen', { count: props.range.length }) : model.titleOf(key)}
      at={at}
      actions={editing.actionsFor(key)}
      texts={{ branchLeft: t('moveBranchLeft', texts), branchRight: t('moveBranchRight', texts) }}
      branches={
        isEditable && !isRange
          ? branches
              .filter(({ kind }) => kind !== 'unknown')
              .map(({ name }) => ({ name, label: model.branchName({ owner: key, branch: name }) }))
          : []
      }
      onBranch={(branch) => {
        onOpen(null);
        onAdd({ owner: key, branch, index: 0 }, key);
      }}
      onAction={act}
      onClose={onClose}
    />
  );
}
