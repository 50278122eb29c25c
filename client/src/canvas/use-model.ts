// Everything the canvas draws, made of a document and what is laid over it; what has not changed stays the same object.

import { useCallback, useMemo, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document, Mode, Problem } from '../../../src/engine/model.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import type { ExecutionJson } from '../api/executions.ts';
import type { ComparisonJson, PluginList } from '../api/workflows.ts';
import { useTypeText } from '../form/type-text.ts';
import { durationText } from '../ui/time.tsx';
import { useBranchText } from './branch-text.ts';
import { type ComparisonOverlay, readComparison, withGhosts } from './comparison-overlay.ts';
import { findNode, type ListPlace, listAt, type Place } from './edit.ts';
import { type ExecutionOverlay, readExecution } from './execution-overlay.ts';
import { type Layout, layoutDocument, type PlacedNode } from './layout.ts';
import { findUnanswered, problemsByNode, TRIGGER } from './paths.ts';
import type { CardData, CardNode } from './step-card.tsx';
import type { StepItem } from './step-list.tsx';
import { summaryOf, triggerSummary } from './summary.ts';

export interface ModelOptions {
  readonly document: Document;
  readonly mode: Mode;
  readonly types: PluginList;
  readonly problems: readonly Problem[];
  readonly execution: ExecutionJson | undefined;
  readonly comparison: ComparisonJson | undefined;
  readonly before: Document | undefined;
  readonly isEditable: boolean;
  readonly selected: string | null;
  readonly active: string;
  /** Neighbours that are chosen together. */
  readonly range: readonly string[];
  /** The node that is being moved. */
  readonly lifted: string | null;
  /** Rounds of loops that somebody chose, by key. */
  readonly rounds: ReadonlyMap<string, number>;
}

export interface Model {
  /** What is drawn: the document, with ghosts of what was removed. */
  readonly document: Document;
  readonly layout: Layout;
  readonly cards: CardNode[];
  readonly items: readonly StepItem[];
  readonly openLists: readonly ListPlace[];
  readonly execution: ExecutionOverlay | undefined;
  readonly comparison: ComparisonOverlay | undefined;
  /** A node's title, or that of its type. */
  titleOf(key: string): string;
  typeOf(key: string): string;
  /** A branch as people read it; empty for the workflow's own list. */
  branchName(list: ListPlace): string;
  /** Says where a place is: behind which node, in which branch. */
  placeText(place: Place): string;
}

const NONE: readonly never[] = [];

export function useModel(options: ModelOptions): Model {
  const { document, mode, types, problems, execution, comparison, before, isEditable, selected, active, range, lifted, rounds } =
    options;
  const { t, i18n } = useTranslation('canvas');
  const typeText = useTypeText();
  const branchText = useBranchText();

  const byName = useMemo<ReadonlyMap<string, NodeDescription>>(
    () => new Map(types.nodes.map((type) => [type.type, type])),
    [types.nodes],
  );
  const changes = useMemo(() => comparison && readComparison(comparison), [comparison]);
  const shown = useMemo(
    () => (changes && before ? withGhosts(before, document, changes.removed) : document),
    [document, before, changes],
  );
  const layout = useMemo(() => layoutDocument(shown, byName), [shown, byName]);
  const isPlain = comparison === undefined && (execution === undefined || isEditable);
  const unanswered = useMemo(
    () => (mode === 'sync' && isPlain ? findUnanswered(document, byName) : undefined),
    [document, byName, mode, isPlain],
  );
  const run = useMemo(() => execution && readExecution(shown, execution, byName, rounds), [shown, execution, byName, rounds]);
  // Ways that are open are marked where they end, and not again on the node that they come from.
  const complaints = useMemo(
    () =>
      problemsByNode(
        document,
        problems.filter(({ code, path }) => code !== 'no_response' || path.endsWith(']')),
      ),
    [document, problems],
  );

  const typeTitle = useCallback(
    (key: string): string => {
      const node = findNode(shown, key)?.node;
      const type = node ? byName.get(node.type) : types.triggers.find(({ type }) => type === shown.trigger.type);
      return type
        ? typeText.title(node ? 'node' : 'trigger', type)
        : t('unknownType', { type: node?.type ?? shown.trigger.type });
    },
    [shown, byName, types.triggers, typeText, t],
  );
  const titleOf = useCallback((key: string) => findNode(shown, key)?.node.title || typeTitle(key), [shown, typeTitle]);
  const typeOf = useCallback((key: string) => findNode(shown, key)?.node.type ?? '', [shown]);
  const branchName = useCallback(
    ({ owner, branch }: ListPlace): string => {
      const found = layout.nodes.find(({ key }) => key === owner)?.branches.find(({ name }) => name === branch);
      return found && owner !== null ? branchText(found, typeOf(owner)) : branch;
    },
    [layout, typeOf, branchText],
  );
  const placeText = useCallback(
    (place: Place): string => {
      const behind = listAt(shown, place)[place.index - 1];
      if (behind) return t('behind', { title: titleOf(behind.key) });
      if (place.owner === null) return t('atStart');
      return t('atBranchStart', { branch: branchName(place), title: titleOf(place.owner) });
    },
    [shown, titleOf, branchName, t],
  );

  const cache = useRef(new Map<string, CardNode>());
  const cards = useMemo(() => {
    const next = new Map<string, CardNode>();
    const unreachable = behindEnds(shown, unanswered?.unreachable ?? NONE);
    for (const placed of layout.nodes) {
      const { key, node } = placed;
      const data: CardData = {
        placed,
        trigger: shown.trigger,
        type: node ? byName.get(node.type) : types.triggers.find(({ type }) => type === shown.trigger.type),
        problems: complaints.get(key) ?? NONE,
        isSelected: range.length > 0 ? range.includes(key) : key === selected,
        isActive: key === active,
        isLifted: key === lifted,
        isEditable,
        isUnreachable: unreachable.has(key),
        run: run === undefined || key === TRIGGER ? undefined : (run.runs.get(key) ?? null),
        marks: changes?.marks.get(key) ?? NONE,
      };
      const old = cache.current.get(key);
      next.set(key, old && isSameCard(old.data, data) ? old : cardOf(data));
    }
    cache.current = next;
    return [...next.values()];
  }, [layout, shown, byName, types.triggers, complaints, selected, active, range, lifted, isEditable, unanswered, run, changes]);

  const items = useMemo(() => {
    const textOf = ({ key, node, number, branches }: PlacedNode): string => {
      const place = findNode(shown, key)?.place;
      const owner = place?.owner ?? null;
      const around = layout.nodes.find((one) => one.key === owner);
      const branch = around?.branches.find(({ name }) => name === place?.branch);
      const taken = run?.runs.get(key);
      const parts = [`${number === 0 ? '' : `${number}. `}${typeTitle(key)}${node?.title ? ` ${node.title}` : ''}`];
      if (branch && owner !== null)
        parts.push(t('inBranch', { branch: branchText(branch, typeOf(owner)), title: titleOf(owner) }));
      const summary = node ? summaryOf(node, t) : triggerSummary(shown.trigger, t);
      if (summary !== '') parts.push(summary);
      if (branches.length > 0) parts.push(t('branchCount', { count: branches.length }));
      const found = complaints.get(key) ?? NONE;
      if (found.length > 0) {
        const count = found.length;
        const isWrong = found.some(({ severity }) => severity === 'error');
        parts.push(
          `${isWrong ? t('problems', { count }) : t('warnings', { count })}: ${found.map(({ message }) => message).join('; ')}`,
        );
      }
      for (const branchOfNode of branches) {
        const isOpen = unanswered?.openLists.some((list) => list.owner === key && list.branch === branchOfNode.name);
        if (isOpen) parts.push(t('branchNeverAnswers', { branch: branchText(branchOfNode, node?.type ?? '') }));
      }
      if (run && key !== TRIGGER) {
        const word = taken ? t(`common:status.${taken.status}`) : t('didNotRun');
        parts.push(taken?.durationMs != null ? `${word}, ${durationText(taken.durationMs, i18n.language)}` : word);
      }
      for (const kind of changes?.marks.get(key) ?? NONE) parts.push(t(`change.${kind}`));
      return parts.join(', ');
    };
    return layout.nodes.map((placed): StepItem => {
      const place = findNode(shown, placed.key)?.place;
      const size = place ? listAt(shown, place).length : 0;
      const isRoot = place === undefined || place.owner === null;
      return {
        key: placed.key,
        text: textOf(placed),
        level: placed.depth + 1,
        position: (place?.index ?? -1) + (isRoot ? 2 : 1),
        size: isRoot ? shown.nodes.length + 1 : size,
      };
    });
  }, [layout, shown, run, complaints, unanswered, changes, typeTitle, titleOf, typeOf, branchText, t, i18n.language]);

  return {
    document: shown,
    layout,
    cards,
    items,
    openLists: unanswered?.openLists ?? NONE,
    execution: run,
    comparison: changes,
    titleOf,
    typeOf,
    branchName,
    placeText,
  };
}

function cardOf(data: CardData): CardNode {
  const { key, x, y, width, height } = data.placed;
  return {
    id: key,
    type: 'card',
    position: { x, y },
    width,
    height,
    // So that nothing has to be drawn before it is known whether it is in sight.
    handles: [],
    initialWidth: width,
    initialHeight: height,
    draggable: false,
    selectable: false,
    connectable: false,
    focusable: false,
    domAttributes: { 'aria-hidden': true },
    data,
  };
}

function isSameCard(a: CardData, b: CardData): boolean {
  for (const name of Object.keys(b)) {
    if (name === 'placed' || a[name] === b[name]) continue;
    if (
      name === 'run' &&
      a.run?.job === b.run?.job &&
      (a.run === null) === (b.run === null) &&
      (a.run === undefined) === (b.run === undefined)
    ) {
      continue;
    }
    return false;
  }
  const [p, q] = [a.placed, b.placed];
  return p.node === q.node && p.x === q.x && p.y === q.y && p.number === q.number;
}

/** The nodes that never run with all that is behind them in their list and inside them. */
function behindEnds(document: Document, first: readonly string[]): ReadonlySet<string> {
  const result = new Set<string>();
  for (const key of first) {
    const place = findNode(document, key)?.place;
    if (place === undefined) continue;
    for (const node of listAt(document, place).slice(place.index)) result.add(node.key);
  }
  return result;
}
