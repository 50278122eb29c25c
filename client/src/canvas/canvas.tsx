// The canvas: a workflow drawn as a tree from top to bottom, edited with mouse and keyboard, with what happened or changed laid over it.

import '@xyflow/react/dist/base.css';
import { VisuallyHidden } from '@mantine/core';
import { MiniMap, ReactFlow, ReactFlowProvider, useReactFlow, ViewportPortal } from '@xyflow/react';
import { useCallback, useId, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document, Mode, Problem } from '../../../src/engine/model.ts';
import type { ExecutionJson } from '../api/executions.ts';
import type { ComparisonJson, PluginList } from '../api/workflows.ts';
import { shiftBranch } from './branches.ts';
import classes from './canvas.module.css';
import { CanvasActionsContext, useStableActions } from './canvas-actions.ts';
import { CanvasMenus, type Opened, placeBehind } from './canvas-menus.tsx';
import { ChangesList } from './changes-list.tsx';
import { findNode, type ListPlace, type Place } from './edit.ts';
import type { Layout, Point } from './layout.ts';
import { dropSlots, rangeOf, standInFor } from './navigate.ts';
import { TRIGGER } from './paths.ts';
import { type CardNode, StepCard } from './step-card.tsx';
import { StepList } from './step-list.tsx';
import { Toolbar } from './toolbar.tsx';
import { type Carried, useCarry } from './use-carry.ts';
import { useDrag } from './use-drag.ts';
import { useEditing } from './use-editing.ts';
import { useKeys } from './use-keys.ts';
import { useModel } from './use-model.ts';
import { useRange } from './use-range.ts';
import { useSight } from './use-sight.ts';
import { EMPTY_LAYOUT, isSeenWhole, LEGEND, MARGIN, mapClass, type Size, viewOf } from './view.ts';
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
  /** A node to bring into sight, whenever it is another object. */
  readonly sought?: { readonly key: string } | null | undefined;
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
  const flow = useReactFlow<CardNode>();
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const tree = useRef<HTMLDivElement>(null);
  const preview = useRef<HTMLDivElement>(null);
  const isEditable = onChange !== undefined && comparison === undefined;

  const [chosen, setActive] = useState<string>(selected ?? TRIGGER);
  const active = chosen === TRIGGER || findNode(document, chosen) || before ? chosen : TRIGGER;
  const range = useRange(document, active);
  const [lastSelected, setLastSelected] = useState(selected);
  if (selected !== lastSelected) {
    setLastSelected(selected);
    if (selected !== null) setActive(selected);
    range.begin(null);
  }
  const [rounds, setRounds] = useState<ReadonlyMap<string, number>>(new Map());
  const [hasFocus, setHasFocus] = useState(false);
  const [chosenMap, setChosenMap] = useState<boolean | null>(null);
  const [opened, setOpened] = useState<Opened | null>(null);
  const carryState = useState<Carried | null>(null);
  const [message, setMessage] = useState('');

  const slotsOf = useCallback((key: string) => dropSlots(document, latestLayout.current, key), [document]);
  const latestLayout = useRef<Layout>(EMPTY_LAYOUT);
  const focusTree = useCallback(() => tree.current?.focus({ preventScroll: true }), []);
  const drag = useDrag({
    flow,
    root,
    preview,
    slotsOf,
    onDrop: (key, slot) => editing.move(key, slot),
    onHeld: (key, at) => openMenu(key, at),
  });
  const lifted = drag.drag?.key ?? carryState[0]?.key ?? null;

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
    range: range.keys,
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

  const go = (key: string, from: string | null = null): void => {
    setActive(key);
    range.begin(from);
  };
  const select = (key: string): void => {
    go(key);
    onSelect(key);
    sight.showCard(key);
  };
  const editing = useEditing({
    document,
    layout,
    types,
    branchName: model.branchName,
    placeText: model.placeText,
    ...(onChange && isEditable ? { onChange } : {}),
    titleOf,
    range: range.keys,
    onMoved: (first, ...others) => {
      if (first !== undefined) go(first, others.at(-1) ?? null);
      focusTree();
    },
    onAdded: select,
    onRemoved: (next) => {
      go(next);
      if (selected !== null) onSelect(next === TRIGGER ? null : next);
      // The panel of the next one would take the focus, and the Delete key with it.
      requestAnimationFrame(focusTree);
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
    if (isEditable) setOpened({ kind: 'types', place, at: toLocal(at) });
  };
  const openMenu = (key: string, at: Point): void => {
    if (!range.keys.includes(key)) go(key);
    focusTree();
    setOpened({ kind: 'node', key, at: toLocal(at) });
  };
  const canMoveBranch = useCallback(
    ({ owner, branch }: ListPlace) => {
      const node = owner === null ? undefined : findNode(document, owner)?.node;
      const type = types.nodes.find((one) => one.type === node?.type);
      return node !== undefined && (shiftBranch(node, type, branch, 1) ?? shiftBranch(node, type, branch, -1)) !== undefined;
    },
    [document, types.nodes],
  );

  const sight = useSight({ flow, root, layout, selected, active: hasFocus ? active : null, sought: props.sought });
  const { carry, ...carrying } = useCarry(carryState, {
    document,
    layout,
    titleOf,
    placeText: model.placeText,
    announce: setMessage,
    onTarget: sight.show,
    onDrop: editing.move,
  });

  const extendTo = (key: string): void => {
    const keys = rangeOf(document, range.from, key);
    const end = standInFor(document, key, keys);
    if (end === undefined) return;
    go(end, range.from);
    focusTree();
    sight.showCard(end);
    setMessage(keys.length > 1 ? t('rangeChosen', { count: keys.length }) : titleOf(end));
  };

  const onKeyDown = useKeys({
    document: model.document,
    layout,
    active,
    isEditable,
    carried: carry !== null,
    setActive(key) {
      go(key);
      sight.showCard(key);
    },
    extend: (step) => extendTo(range.endBeside(step)),
    select,
    clear: () => (range.keys.length > 0 ? range.begin(null) : onSelect(null)),
    openMenu: (key) => openMenu(key, screenPoint(key)),
    openPicker: (key) => openPicker(placeBehind(document, key), screenPoint(key)),
    pickUp: carrying.pickUp,
    carry: carrying.step,
    putDown: carrying.putDown,
    editing,
    onUndo: props.onUndo,
    onRedo: props.onRedo,
  });

  const actions = useStableActions({
    select(key) {
      select(key);
      focusTree();
    },
    openMenu,
    openBranchMenu: (list, at) => setOpened({ kind: 'branch', list, at: toLocal(at) }),
    openPicker(place, at) {
      if (!carry) openPicker(place, at);
      else {
        carrying.putDownAt(place);
        focusTree();
      }
    },
    showRound: (key, round) => setRounds((all) => new Map(all).set(key, round)),
  });

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
          range={range.keys}
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
          onNodeClick={(event, { id: key }) => {
            if (drag.hasDragged()) return;
            if (event.shiftKey) extendTo(key);
            else actions.select(key);
          }}
          onNodeContextMenu={(event, { id: key }) => {
            event.preventDefault();
            openMenu(key, { x: event.clientX, y: event.clientY });
          }}
          onPointerDownCapture={(event) => {
            const pressed = event.target instanceof Element ? event.target : null;
            const card = pressed?.closest('button') ? null : pressed?.closest('[data-node-key]');
            const key = card?.getAttribute('data-node-key');
            if (isEditable && !carry && card && key && key !== TRIGGER) drag.press(key, card, event);
          }}
          onPaneClick={() => {
            range.begin(null);
            onSelect(null);
          }}
          onMoveStart={(event) => {
            // Without an event it moves by itself, to bring a card into sight whose menu may just have been opened.
            if (event !== null) setOpened(null);
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
              canMove={canMoveBranch}
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
          onZoom={(factor) => void flow.zoomTo(flow.getZoom() * factor, { duration: sight.duration(120) })}
          onFit={() => {
            const { bounds } = layout;
            void flow.fitBounds(bounds, { padding: 0.08, duration: sight.duration(200) });
          }}
        />
        {model.comparison && <ChangesList comparison={model.comparison} hasGhosts={before !== undefined} />}
        <div ref={preview} className={classes.preview} hidden={drag.drag === null} aria-hidden="true">
          {drag.drag && titleOf(drag.drag.key)}
        </div>
        <CanvasMenus
          document={document}
          mode={mode}
          types={types}
          model={model}
          editing={editing}
          isEditable={isEditable}
          range={range.keys}
          opened={opened}
          onOpen={setOpened}
          onClose={(what) => setOpened((now) => (now === what ? null : now))}
          onAdd={(place, key) => openPicker(place, screenPoint(key))}
          onSelect={select}
          onPickUp={carrying.pickUp}
          focusTree={focusTree}
        />
        <VisuallyHidden component="div" role="status" aria-live="polite">
          {message}
        </VisuallyHidden>
        {carry && (
          <div className={classes.hint}>
            {t('carryHint')}
            <button
              type="button"
              onClick={() => {
                carrying.putDown(false);
                focusTree();
              }}
            >
              {t('common:cancel')}
            </button>
          </div>
        )}
      </section>
    </CanvasActionsContext>
  );
}
