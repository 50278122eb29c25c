// The canvas: a workflow drawn as a tree from top to bottom, edited with mouse and keyboard, with what happened or changed laid over it.

import '@xyflow/react/dist/base.css';
import { VisuallyHidden } from '@mantine/core';
import { MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, ViewportPortal } from '@xyflow/react';
import { useCallback, useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document, Mode, Problem } from '../../../src/engine/model.ts';
import type { ExecutionJson } from '../api/executions.ts';
import type { ComparisonJson, PluginList } from '../api/workflows.ts';
import { useBranchText } from './branch-text.ts';
import classes from './canvas.module.css';
import { CanvasActionsContext, useStableActions } from './canvas-actions.ts';
import { ChangesList } from './changes-list.tsx';
import { findNode, type Place } from './edit.ts';
import type { Layout, Point } from './layout.ts';
import { dropSlots } from './navigate.ts';
import { NodeMenu } from './node-menu.tsx';
import { NodePicker } from './node-picker.tsx';
import { TRIGGER } from './paths.ts';
import { RemoveDialog } from './remove-dialog.tsx';
import { type CardNode, StepCard } from './step-card.tsx';
import { StepList } from './step-list.tsx';
import { Toolbar } from './toolbar.tsx';
import { type Carried, useCarry } from './use-carry.ts';
import { useDrag } from './use-drag.ts';
import { useEditing } from './use-editing.ts';
import { useKeys } from './use-keys.ts';
import { useModel } from './use-model.ts';
import { EMPTY_LAYOUT, isSeenWhole, LEGEND, MARGIN, mapClass, type Size, shiftInto, viewOf } from './view.ts';
import { Ways } from './ways.tsx';

export { TRIGGER } from './paths.ts';

export interface CanvasProps {
  readonly document: Document;
  readonly mode: Mode;
  readonly types: PluginList;
  /** A node's key or `TRIGGER`. */
  readonly selected: string | null;
  onSelect(key: string | null): void;
  /** Without it nothing can be edited. */
  readonly onChange?: ((next: Document, description: string) => void) | undefined;
  /** Of the document as it is; paths as the server writes them. */
  readonly problems?: readonly Problem[] | undefined;
  /** Draws the path that it took. */
  readonly execution?: ExecutionJson | undefined;
  /** Marks what was added, changed, moved and removed. */
  readonly comparison?: ComparisonJson | undefined;
  /** The older document of the comparison: with it, what was removed is drawn where it stood; without it, it is listed. */
  readonly before?: Document | undefined;
  /** What Ctrl+Z and Ctrl+Shift+Z do. */
  readonly onUndo?: (() => void) | undefined;
  readonly onRedo?: (() => void) | undefined;
}

const NODE_TYPES = { card: StepCard };
const NO_PROBLEMS: readonly Problem[] = [];
const MIN_ZOOM = 0.1;
const MAX_ZOOM = 2;

export function Canvas(props: CanvasProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState<Size | null>(null);
  // Known beforehand, it spares drawing every card once only to take away those that are out of sight.
  useLayoutEffect(() => {
    const { width = 0, height = 0 } = frame.current?.getBoundingClientRect() ?? {};
    setSize({ width, height });
  }, []);
  return (
    <div ref={frame} className={classes.outer}>
      {size && (
        <ReactFlowProvider initialWidth={size.width} initialHeight={size.height}>
          <CanvasInside {...props} size={size} />
        </ReactFlowProvider>
      )}
    </div>
  );
}

export default Canvas;

function CanvasInside(props: CanvasProps & { readonly size: Size }) {
  const { document, mode, types, selected, onSelect, onChange, problems = NO_PROBLEMS, execution, comparison, before } = props;
  const { t } = useTranslation('canvas');
  const branchText = useBranchText();
  const flow = useReactFlow<CardNode>();
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const tree = useRef<HTMLDivElement>(null);
  const preview = useRef<HTMLDivElement>(null);
  const isEditable = onChange !== undefined && comparison === undefined;

  const [chosen, setActive] = useState<string>(selected ?? TRIGGER);
  const [lastSelected, setLastSelected] = useState(selected);
  if (selected !== lastSelected) {
    setLastSelected(selected);
    if (selected !== null) setActive(selected);
  }
  const [rounds, setRounds] = useState<ReadonlyMap<string, number>>(new Map());
  const [hasFocus, setHasFocus] = useState(false);
  const [chosenMap, setChosenMap] = useState<boolean | null>(null);
  const [picker, setPicker] = useState<{ place: Place; at: Point } | null>(null);
  const [menu, setMenu] = useState<{ key: string; at: Point } | null>(null);
  const carryState = useState<Carried | null>(null);
  const [message, setMessage] = useState('');

  const slotsOf = useCallback((key: string) => dropSlots(document, latestLayout.current, key), [document]);
  const latestLayout = useRef<Layout>(EMPTY_LAYOUT);
  const focusTree = useCallback(() => tree.current?.focus({ preventScroll: true }), []);
  const drag = useDrag({ flow, root, preview, slotsOf, onDrop: (key, slot) => editing.move(key, slot) });
  const lifted = drag.drag?.key ?? carryState[0]?.key ?? null;

  const active = chosen === TRIGGER || findNode(document, chosen) || before ? chosen : TRIGGER;
  const model = useModel({
    document,
    mode,
    types,
    problems,
    execution,
    comparison,
    before,
    isEditable,
    selected,
    active: hasFocus ? active : '',
    lifted,
    rounds,
  });
  const { layout, titleOf } = model;
  // A map of what is seen as a whole would only cover it.
  const hasMap = chosenMap ?? !isSeenWhole(layout, props.size);
  const firstView = useRef(viewOf(layout, props.size, comparison ? LEGEND : MARGIN));
  useLayoutEffect(() => {
    latestLayout.current = layout;
  }, [layout]);

  const select = (key: string): void => {
    setActive(key);
    onSelect(key);
  };
  const editing = useEditing({
    document,
    types,
    ...(onChange && isEditable ? { onChange } : {}),
    titleOf,
    onMoved: (key) => {
      setActive(key);
      focusTree();
    },
    onAdded: select,
    onRemoved: (next) => {
      setActive(next);
      if (selected !== null) onSelect(next === TRIGGER ? null : next);
      focusTree();
    },
    announce: setMessage,
    root,
  });

  const toLocal = ({ x, y }: Point): Point => {
    const box = root.current?.getBoundingClientRect();
    return { x: x - (box?.left ?? 0), y: y - (box?.top ?? 0) };
  };
  /** Where a node's lower edge is on the screen. */
  const screenPoint = (key: string): Point => {
    const placed = layout.nodes.find((node) => node.key === key);
    if (placed === undefined) return { x: 0, y: 0 };
    return flow.flowToScreenPosition({ x: placed.x + 16, y: placed.y + placed.height });
  };
  const openPicker = (place: Place, at: Point): void => {
    if (isEditable) setPicker({ place, at: toLocal(at) });
  };
  const openMenu = (key: string, at: Point): void => {
    setActive(key);
    focusTree();
    setMenu({ key, at: toLocal(at) });
  };
  const branchesOfMenu = (key: string) => {
    const branches = layout.nodes.find((node) => node.key === key)?.branches ?? [];
    return branches
      .filter(({ kind }) => kind !== 'unknown')
      .map((branch) => ({ name: branch.name, label: branchText(branch, model.typeOf(key)) }));
  };
  const placeBehind = (key: string): Place => {
    const place = findNode(document, key)?.place;
    return place ? { ...place, index: place.index + 1 } : { owner: null, branch: '', index: 0 };
  };

  const { carry, ...carrying } = useCarry(carryState, {
    document,
    layout,
    titleOf,
    placeText: model.placeText,
    announce: setMessage,
    onTarget: (slot) => showPoint(slot),
    onDrop: editing.move,
  });

  const onKeyDown = useKeys({
    document: model.document,
    layout,
    active,
    isEditable,
    carried: carry !== null,
    setActive,
    select,
    clear: () => onSelect(null),
    openMenu: (key) => openMenu(key, screenPoint(key)),
    openPicker: (key) => openPicker(placeBehind(key), screenPoint(key)),
    pickUp: carrying.pickUp,
    carry: carrying.step,
    putDown: carrying.putDown,
    editing,
    onUndo: props.onUndo,
    onRedo: props.onRedo,
  });

  const actions = useStableActions({
    select(key) {
      if (drag.hasDragged()) return;
      select(key);
      focusTree();
    },
    openMenu,
    openPicker,
    showRound: (key, round) => setRounds((all) => new Map(all).set(key, round)),
  });

  const showPoint = useCallback(
    ({ x, y, width = 0, height = 0 }: Point & { width?: number; height?: number }): void => {
      const box = root.current?.getBoundingClientRect();
      if (!box || box.width === 0) return;
      const { x: left, y: top, zoom } = flow.getViewport();
      const shiftX = shiftInto(x * zoom + left, (x + width) * zoom + left, box.width);
      const shiftY = shiftInto(y * zoom + top, (y + height) * zoom + top, box.height);
      if (shiftX !== 0 || shiftY !== 0) void flow.setViewport({ x: left + shiftX, y: top + shiftY, zoom }, { duration: 150 });
    },
    [flow],
  );
  const showCard = useRef((_key: string) => {});
  useEffect(() => {
    showCard.current = (key) => {
      const box = latestLayout.current.nodes.find((node) => node.key === key);
      if (box) showPoint(box);
    };
  }, [showPoint]);
  useEffect(() => {
    if (hasFocus) showCard.current(active);
  }, [active, hasFocus]);
  // A panel that opens beside must not cover what it is about.
  useEffect(() => {
    const element = root.current;
    if (!element || selected === null) return;
    const observer = new ResizeObserver(() => showCard.current(selected));
    observer.observe(element);
    return () => observer.disconnect();
  }, [selected]);

  const drops = drag.drag?.slots ?? carry?.slots;
  const target = drag.drag ? drag.drag.target : carry?.target;
  return (
    <CanvasActionsContext value={actions}>
      <section
        ref={root}
        className={classes.canvas}
        aria-label={t('canvas')}
        data-moving={lifted !== null || undefined}
        data-overlay={execution ? 'execution' : comparison ? 'comparison' : undefined}
      >
        <StepList
          ref={tree}
          id={id}
          items={model.items}
          active={active}
          selected={selected}
          isEditable={isEditable}
          onKeyDown={onKeyDown}
          onFocus={() => setHasFocus(true)}
          onBlur={() => setHasFocus(false)}
          onOpen={actions.select}
        />
        <ReactFlow<CardNode>
          nodes={model.cards}
          nodeTypes={NODE_TYPES}
          minZoom={MIN_ZOOM}
          maxZoom={MAX_ZOOM}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          onlyRenderVisibleElements
          panOnScroll
          zoomOnDoubleClick={false}
          deleteKeyCode={null}
          selectionKeyCode={null}
          multiSelectionKeyCode={null}
          proOptions={{ hideAttribution: true }}
          defaultViewport={firstView.current}
          onNodeClick={(_event, { id: key }) => actions.select(key)}
          onNodeContextMenu={(event, { id: key }) => {
            event.preventDefault();
            openMenu(key, { x: event.clientX, y: event.clientY });
          }}
          onPointerDownCapture={(event) => {
            const card = event.target instanceof Element ? event.target.closest('[data-node-key]') : null;
            const key = card?.getAttribute('data-node-key');
            if (isEditable && key && key !== TRIGGER) drag.press(key, event);
          }}
          onPaneClick={() => onSelect(null)}
          onMoveStart={(event) => {
            // Without an event it moves by itself, to bring a card into sight whose menu may just have been opened.
            if (event === null) return;
            setMenu(null);
            setPicker(null);
          }}
        >
          <ViewportPortal>
            <Ways
              layout={layout}
              isEditable={isEditable}
              openLists={model.openLists}
              overlay={model.execution}
              isComparison={comparison !== undefined}
              drops={drops}
              target={target}
              slotText={model.placeText}
              typeOf={model.typeOf}
            />
          </ViewportPortal>
          {hasMap && (
            <MiniMap<CardNode> className={classes.map ?? ''} pannable zoomable nodeClassName={mapClass} ariaLabel={t('map')} />
          )}
        </ReactFlow>
        <Toolbar
          hasMap={hasMap}
          onMap={() => setChosenMap(!hasMap)}
          onZoom={(factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: 120 })}
          onFit={() => {
            const { bounds } = layout;
            void flow.fitBounds(bounds, { padding: 0.08, duration: 200 });
          }}
        />
        {model.comparison && <ChangesList comparison={model.comparison} hasGhosts={before !== undefined} />}
        <div ref={preview} className={classes.preview} hidden={drag.drag === null} aria-hidden="true">
          {drag.drag && titleOf(drag.drag.key)}
        </div>
        {picker && (
          <NodePicker
            types={types.nodes}
            mode={mode}
            at={picker.at}
            place={model.placeText(picker.place)}
            onPick={(type) => {
              setPicker(null);
              editing.add(type, picker.place);
              focusTree();
            }}
            onClose={() => {
              setPicker(null);
              focusTree();
            }}
          />
        )}
        {menu && (
          <NodeMenu
            title={titleOf(menu.key)}
            at={menu.at}
            actions={editing.actionsFor(menu.key)}
            branches={isEditable ? branchesOfMenu(menu.key) : []}
            onBranch={(branch) => {
              setMenu(null);
              openPicker({ owner: menu.key, branch, index: 0 }, screenPoint(menu.key));
            }}
            onAction={(action) => {
              setMenu(null);
              if (action === 'open') select(menu.key);
              else if (action === 'add') openPicker(placeBehind(menu.key), screenPoint(menu.key));
              else if (action === 'move') carrying.pickUp(menu.key);
              else editing.act(action, menu.key);
              if (action !== 'add') requestAnimationFrame(focusTree);
            }}
            onClose={() => {
              setMenu(null);
              focusTree();
            }}
          />
        )}
        {editing.asked !== null && (
          <RemoveDialog
            document={document}
            nodeKey={editing.asked}
            title={titleOf(editing.asked)}
            onAnswer={(isMeant) => {
              editing.answer(isMeant);
              focusTree();
            }}
          />
        )}
        <VisuallyHidden component="div" role="status" aria-live="polite">
          {message}
        </VisuallyHidden>
        {carry && <div className={classes.hint}>{t('carryHint')}</div>}
      </section>
    </CanvasActionsContext>
  );
}
