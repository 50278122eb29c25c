// Pure: where everything on the canvas stands. The tree is drawn top to bottom; branches stand side by side and merge
// behind their node. Widths come from the subtrees, in one walk up and one walk down.

import type { Document, Node } from '../../../src/engine/model.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import { type Branch, branchesOf } from './branches.ts';
import { type ListPlace, type Place, ROOT } from './edit.ts';
import { TRIGGER } from './paths.ts';

/** Sizes in pixels at zoom 1. */
export const SIZES = {
  card: { width: 256, height: 84 },
  /** Between two nodes of a list; the "+" is in its middle. */
  gap: 60,
  /** Between branches. */
  between: 48,
  /** From a node's lower edge to the line that its branches hang from. */
  split: 28,
  /** From that line to the name of a branch, to its first "+", and to its first node. */
  label: 26,
  firstPlus: 62,
  first: 92,
  /** Height of the place of an empty branch. */
  empty: 44,
  /** From a branch's last node to the line that merges the branches; the last "+" is on it. */
  tail: 56,
  merge: 12,
  /** Around a loop's body. */
  frame: 28,
  /** Width of a column without nodes. */
  column: 168,
  /** From the last node to the end mark. */
  end: 60,
} as const;

export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface PlacedNode extends Box {
  /** Its key, or `TRIGGER`. */
  readonly key: string;
  /** Undefined for the trigger. */
  readonly node: Node | undefined;
  readonly branches: readonly Branch[];
  /** Levels of branches around it. */
  readonly depth: number;
  /** Number for people, in the order they are written; the trigger is 0. */
  readonly number: number;
}

/** A piece of line; where it lies in the flow tells whether a run came along it. */
export interface Line {
  readonly id: string;
  readonly points: readonly Point[];
  /** The list and index whose way it is: index 0 leads in, the list's length leads out. */
  readonly place: Place;
  /** `way`: along a list. `bypass`: past branches that need not run. `back`: to the next round. `dead`: nothing comes along here. */
  readonly kind: 'way' | 'bypass' | 'back' | 'dead';
  readonly hasArrow: boolean;
}

/** A place where a node can be put in. */
export interface Slot extends Place, Point {
  /** Drawn as a box, since the branch is empty. */
  readonly isEmpty: boolean;
}

export interface BranchLabel extends Point, ListPlace {
  readonly label: Branch;
}

/** Around a body that is repeated. */
export interface Frame extends Box {
  readonly owner: string;
  readonly branch: string;
}

/** Where a list ends without anything behind it. */
export interface ListEnd extends Point, ListPlace {
  /** The end of the whole flow. */
  readonly isLast: boolean;
}

export interface Layout {
  readonly nodes: readonly PlacedNode[];
  readonly lines: readonly Line[];
  readonly slots: readonly Slot[];
  readonly labels: readonly BranchLabel[];
  readonly frames: readonly Frame[];
  readonly ends: readonly ListEnd[];
  readonly bounds: Box;
}

/** What the walk up finds out: extents left and right of the axis, the height, and whether the flow goes on behind. */
interface Extent {
  readonly left: number;
  readonly right: number;
  readonly height: number;
  readonly isOpen: boolean;
}

interface MeasuredNode extends Extent {
  readonly node: Node;
  readonly branches: readonly Branch[];
  readonly columns: readonly Column[];
}

interface MeasuredList extends Extent {
  readonly items: readonly MeasuredNode[];
}

interface Column extends MeasuredList {
  /** Undefined for the way past the branches. */
  readonly branch: Branch | undefined;
  readonly isFramed: boolean;
}

const HALF = SIZES.card.width / 2;
const BODY = 'body';

/** @param types by their name */
export function layoutDocument(document: Document, types: ReadonlyMap<string, NodeDescription>): Layout {
  const root = measureList(document.nodes, types);
  const walk = new Walk();
  walk.place(root);
  return walk.finish(root);
}

function measureList(nodes: readonly Node[], types: ReadonlyMap<string, NodeDescription>): MeasuredList {
  const items = nodes.map((node) => measureNode(node, types));
  let left = 0;
  let right = 0;
  let height = 0;
  for (const [index, item] of items.entries()) {
    left = Math.max(left, item.left);
    right = Math.max(right, item.right);
    height += item.height + (index > 0 ? SIZES.gap : 0);
  }
  return { items, left, right, height, isOpen: items.every(({ isOpen }) => isOpen) };
}

function measureNode(node: Node, types: ReadonlyMap<string, NodeDescription>): MeasuredNode {
  const type = types.get(node.type);
  const branches = branchesOf(node, type);
  const flow = type?.flow ?? 'step';
  const { height: cardHeight } = SIZES.card;
  if (branches.length === 0)
    return { node, branches, columns: [], left: HALF, right: HALF, height: cardHeight, isOpen: flow !== 'ending' };
  const columns: Column[] = branches.map((branch) => measureColumn(node, branch, flow === 'step', types));
  // Past its branches goes a step whose only branch is for failures.
  const own = branches.filter(({ kind }) => kind === 'own');
  if (flow !== 'ending' && own.length === 0) columns.unshift(BYPASS);
  const width = columns.reduce((sum, { left, right }) => sum + left + right, 0) + SIZES.between * (columns.length - 1);
  const height = Math.max(...columns.map((column) => column.height));
  const isOpen = flow === 'step' || columns.some((column) => column.isOpen);
  const [first] = columns;
  // The way past the branches goes straight on below the node.
  const left = first === BYPASS ? HALF : Math.max(HALF, width / 2);
  const right = first === BYPASS ? Math.max(HALF, width - first.left) : Math.max(HALF, width / 2);
  return { node, branches, columns, left, right, height: cardHeight + SIZES.split + height + SIZES.merge, isOpen };
}

const BYPASS: Column = {
  branch: undefined,
  isFramed: false,
  items: [],
  left: SIZES.card.width / 2,
  right: SIZES.card.width / 2,
  height: 0,
  isOpen: true,
};

function measureColumn(node: Node, branch: Branch, isStep: boolean, types: ReadonlyMap<string, NodeDescription>): Column {
  const list = measureList(branchNodes(node, branch.name), types);
  const isFramed = isStep && branch.name === BODY && branch.kind === 'own';
  const frame = isFramed ? SIZES.frame : 0;
  const content = list.items.length === 0 ? SIZES.empty : list.height;
  // Nothing leads to nodes of a branch that nobody names, and nothing leads away.
  const isOpen = list.isOpen && branch.kind !== 'unknown';
  const half = SIZES.column / 2;
  return {
    branch,
    isFramed,
    items: list.items,
    left: Math.max(half, list.left) + frame,
    right: Math.max(half, list.right) + frame,
    height: SIZES.first + content + SIZES.tail + (isFramed ? SIZES.frame : 0),
    isOpen,
  };
}

function branchNodes(node: Node, name: string): readonly Node[] {
  return node.branches !== undefined && Object.hasOwn(node.branches, name) ? (node.branches[name] ?? []) : [];
}

/** The walk down: gives everything its place. */
class Walk {
  readonly #nodes: PlacedNode[] = [];
  readonly #lines: Line[] = [];
  readonly #slots: Slot[] = [];
  readonly #labels: BranchLabel[] = [];
  readonly #frames: Frame[] = [];
  readonly #ends: ListEnd[] = [];
  #bottom = 0;

  place(root: MeasuredList): void {
    const { height } = SIZES.card;
    this.#addNode(TRIGGER, undefined, [], { x: 0, y: 0 }, 0);
    const top = height + SIZES.gap;
    this.#line(
      { ...ROOT, index: 0 },
      [
        { x: 0, y: height },
        { x: 0, y: top },
      ],
      { kind: 'way', hasArrow: true },
    );
    this.#slot({ ...ROOT, index: 0 }, { x: 0, y: height + SIZES.gap / 2 }, false);
    const bottom = this.#placeList(root, ROOT, { x: 0, y: top }, 0);
    if (!root.isOpen) return;
    const isEmpty = root.items.length === 0;
    const index = root.items.length;
    const end = isEmpty ? top : bottom + SIZES.end;
    if (!isEmpty) {
      this.#line(
        { ...ROOT, index },
        [
          { x: 0, y: bottom },
          { x: 0, y: end },
        ],
        { kind: 'way', hasArrow: false },
      );
      this.#slot({ ...ROOT, index }, { x: 0, y: bottom + SIZES.gap / 2 }, false);
    }
    this.#ends.push({ ...ROOT, x: 0, y: end, isLast: true });
  }

  finish({ left, right }: MeasuredList): Layout {
    const x = -Math.max(left, HALF);
    return {
      nodes: this.#nodes,
      lines: this.#lines,
      slots: this.#slots,
      labels: this.#labels,
      frames: this.#frames,
      ends: this.#ends,
      bounds: { x, y: 0, width: Math.max(right, HALF) - x, height: this.#bottom },
    };
  }

  /** @returns the y where the list's last node, with its branches, ends */
  #placeList(list: MeasuredList, place: ListPlace, from: Point, depth: number): number {
    let { y } = from;
    const { x } = from;
    let isReached = true;
    for (const [index, item] of list.items.entries()) {
      if (index > 0) {
        const kind = isReached ? 'way' : 'dead';
        this.#line(
          { ...place, index },
          [
            { x, y },
            { x, y: y + SIZES.gap },
          ],
          { kind, hasArrow: isReached },
        );
        this.#slot({ ...place, index }, { x, y: y + SIZES.gap / 2 }, false);
        y += SIZES.gap;
      }
      this.#placeNode(item, { x, y }, depth);
      y += item.height;
      isReached &&= item.isOpen;
    }
    return y;
  }

  #placeNode({ node, branches, columns, height }: MeasuredNode, { x, y }: Point, depth: number): void {
    this.#addNode(node.key, node, branches, { x, y }, depth);
    if (columns.length === 0) return;
    const from = { x, y: y + SIZES.card.height };
    const split = from.y + SIZES.split;
    const end = y + height;
    const width = columns.reduce((sum, { left, right }) => sum + left + right, 0) + SIZES.between * (columns.length - 1);
    let at = columns[0] === BYPASS ? x - BYPASS.left : x - width / 2;
    for (const column of columns) {
      const axis = at + column.left;
      this.#placeColumn(node, column, { from, split, axis, end }, depth + 1);
      at += column.left + column.right + SIZES.between;
    }
  }

  #placeColumn(
    { key }: Node,
    column: Column,
    { from, split, axis, end }: { from: Point; split: number; axis: number; end: number },
    depth: number,
  ): void {
    const { branch, items, isFramed } = column;
    if (branch === undefined) {
      const place = { owner: key, branch: '', index: 0 };
      this.#line(place, [from, { x: axis, y: end }], { kind: 'bypass', hasArrow: false });
      return;
    }
    const list = { owner: key, branch: branch.name };
    const top = split + SIZES.first;
    const isKnown = branch.kind !== 'unknown';
    const into = [from, { x: from.x, y: split }, { x: axis, y: split }, { x: axis, y: top }];
    this.#line({ ...list, index: 0 }, into, { kind: isKnown ? 'way' : 'dead', hasArrow: items.length > 0 });
    this.#labels.push({ ...list, label: branch, x: axis, y: split + SIZES.label });
    const isEmpty = items.length === 0;
    if (isEmpty) this.#slot({ ...list, index: 0 }, { x: axis, y: top + SIZES.empty / 2 }, true);
    else this.#slot({ ...list, index: 0 }, { x: axis, y: split + SIZES.firstPlus }, false);
    const bottom = isEmpty ? top + SIZES.empty : this.#placeList(column, list, { x: axis, y: top }, depth);
    if (isFramed) this.#frame(column, list, { axis, split, bottom });
    if (!column.isOpen) return;
    if (!isEmpty) this.#slot({ ...list, index: items.length }, { x: axis, y: bottom + SIZES.tail / 2 }, false);
    const merge = end - SIZES.merge;
    const out = [
      { x: axis, y: bottom },
      { x: axis, y: merge },
      { x: from.x, y: merge },
      { x: from.x, y: end },
    ];
    this.#line({ ...list, index: Math.max(1, items.length) }, out, { kind: 'way', hasArrow: false });
    this.#ends.push({ ...list, x: axis, y: bottom + SIZES.tail, isLast: false });
  }

  #frame(
    column: Column,
    list: { owner: string; branch: string },
    { axis, split, bottom }: { axis: number; split: number; bottom: number },
  ): void {
    const y = split + 6;
    const box = { x: axis - column.left + 4, y, width: column.left + column.right - 8, height: bottom + SIZES.tail - 4 - y };
    this.#frames.push({ ...list, ...box });
    if (!column.isOpen) return;
    const side = box.x + 14;
    const points = [
      { x: axis, y: bottom + SIZES.tail - 14 },
      { x: side, y: bottom + SIZES.tail - 14 },
      { x: side, y: split + SIZES.firstPlus + 16 },
      { x: axis, y: split + SIZES.firstPlus + 16 },
    ];
    this.#line({ ...list, index: Math.max(1, column.items.length) }, points, { kind: 'back', hasArrow: true });
  }

  #addNode(key: string, node: Node | undefined, branches: readonly Branch[], { x, y }: Point, depth: number): void {
    const { width, height } = SIZES.card;
    this.#bottom = Math.max(this.#bottom, y + height);
    this.#nodes.push({ key, node, branches, x: x - HALF, y, width, height, depth, number: this.#nodes.length });
  }

  #line(place: Place, points: readonly Point[], { kind, hasArrow }: Pick<Line, 'kind' | 'hasArrow'>): void {
    for (const { y } of points) this.#bottom = Math.max(this.#bottom, y);
    this.#lines.push({
      id: `${place.owner ?? ''}/${place.branch}/${place.index}/${kind}/${this.#lines.length}`,
      points,
      place,
      kind,
      hasArrow,
    });
  }

  #slot(place: Place, { x, y }: Point, isEmpty: boolean): void {
    this.#slots.push({ ...place, x, y, isEmpty });
  }
}
