// Templates inside text as chips: one unit to move over, select and delete, with the variable's name instead of its path.

import { startCompletion } from '@codemirror/autocomplete';
import { type EditorState, type Extension, Facet, type Range, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, hoverTooltip, WidgetType } from '@codemirror/view';
import { findTemplates } from '../../../../src/engine/template.ts';
import { type DescribedReference, type ReferenceReader, shortValue } from '../reference.ts';
import { mainType, typeSign } from '../type-mark.tsx';
import { variablesChanged } from './base.ts';

export interface ChipSettings {
  /** As it is now. */
  reader(): ReferenceReader;
  /** Why a variable will be missing, in the reader's language. */
  problemText(problem: NonNullable<DescribedReference['problem']>): string;
  /** What stands before the value of the last run. */
  lastValue(): string;
  /** What a template says that is written in another way in the document; null when it is none. Default as it is written. */
  decode?(chip: Chip, document: string): string | null;
}

export const chipSettings = Facet.define<ChipSettings, ChipSettings | null>({ combine: ([first]) => first ?? null });

export interface Chip {
  readonly from: number;
  readonly to: number;
  /** What is written between the braces. */
  readonly source: string;
}

/** Where chips stand in a text: at the templates that are complete and on one line. */
export function findChips(text: string): Chip[] {
  return findTemplates(text).flatMap(({ from, to, source, isClosed }) =>
    isClosed && source.trim() !== '' && !source.includes('\n') ? [{ from, to, source }] : [],
  );
}

class ChipWidget extends WidgetType {
  readonly described: DescribedReference;
  readonly isSelected: boolean;

  constructor(described: DescribedReference, isSelected: boolean) {
    super();
    this.described = described;
    this.isSelected = isSelected;
  }

  override eq(other: ChipWidget): boolean {
    const { label, types, problem, text } = this.described;
    return (
      other.isSelected === this.isSelected &&
      other.described.label === label &&
      other.described.text === text &&
      other.described.problem === problem &&
      mainType(other.described.types) === mainType(types)
    );
  }

  override toDOM(): HTMLElement {
    const { label, types, problem } = this.described;
    const chip = document.createElement('span');
    chip.className = 'hl-chip';
    chip.dataset.type = mainType(types) ?? 'unknown';
    if (problem !== null) chip.dataset.problem = problem;
    if (this.isSelected) chip.dataset.selected = 'true';
    const sign = document.createElement('span');
    sign.className = 'hl-chip-sign';
    sign.setAttribute('aria-hidden', 'true');
    sign.textContent = problem === null ? typeSign(types) : '!';
    const name = document.createElement('span');
    name.textContent = label;
    chip.append(sign, name);
    return chip;
  }

  override ignoreEvent(): boolean {
    return false;
  }
}

interface ChipState {
  readonly chips: readonly Chip[];
  readonly decorations: DecorationSet;
}

function readChips(state: EditorState, chips = findChips(state.sliceDoc())): ChipState {
  const settings = state.facet(chipSettings);
  if (settings === null) return { chips: [], decorations: Decoration.none };
  const { from, to } = state.selection.main;
  const marks = chips.flatMap((chip): Range<Decoration>[] => {
    const described = describe(chip, state, settings);
    if (described === null) return [];
    const isSelected = from < to && from <= chip.from && chip.to <= to;
    return [Decoration.replace({ widget: new ChipWidget(described, isSelected) }).range(chip.from, chip.to)];
  });
  return { chips, decorations: Decoration.set(marks) };
}

function describe(chip: Chip, state: EditorState, { reader, decode }: ChipSettings): DescribedReference | null {
  const source = decode ? decode(chip, state.sliceDoc()) : chip.source;
  return source === null ? null : reader().describe(source);
}

const chipField = StateField.define<ChipState>({
  create: (state) => readChips(state),
  update(current, transaction) {
    const { state, startState } = transaction;
    const isNews = transaction.effects.some((effect) => effect.is(variablesChanged));
    if (transaction.docChanged || isNews || state.facet(chipSettings) !== startState.facet(chipSettings)) return readChips(state);
    return transaction.selection === undefined ? current : readChips(state, [...current.chips]);
  },
  provide: (field) => [
    EditorView.decorations.from(field, ({ decorations }) => decorations),
    EditorView.atomicRanges.of((view) => view.state.field(field, false)?.decorations ?? Decoration.none),
  ],
});

/** The chip that a position is in or at the edge of. */
export function chipAt(state: EditorState, position: number): Chip | undefined {
  return state.field(chipField, false)?.chips.find(({ from, to }) => from <= position && position <= to);
}

/** A click takes the whole chip, so that another variable can take its place. */
const selectOnClick = EditorView.domEventHandlers({
  mousedown(event, view) {
    const element = event.target instanceof Element ? event.target.closest('.hl-chip') : null;
    if (element === null || event.button !== 0 || event.shiftKey) return false;
    const chip = chipAt(view.state, view.posAtDOM(element));
    if (!chip) return false;
    event.preventDefault();
    view.focus();
    view.dispatch({ selection: { anchor: chip.from, head: chip.to } });
    return true;
  },
});

/** A brace just before a chip would become a part of it; it asks for another variable, too. */
const braceBeforeChip = EditorView.inputHandler.of((view, from, to, text) => {
  if (text !== '{' || from !== to) return false;
  if (!view.state.field(chipField, false)?.chips.some((chip) => chip.from === from)) return false;
  startCompletion(view);
  return true;
});

const explainOnHover = hoverTooltip((view, position) => {
  const settings = view.state.facet(chipSettings);
  const chip = chipAt(view.state, position);
  if (!chip || !settings) return null;
  const described = describe(chip, view.state, settings);
  if (described === null) return null;
  return { pos: chip.from, end: chip.to, above: true, create: () => ({ dom: explanation(described, settings) }) };
});

function explanation({ text, value, problem }: DescribedReference, settings: ChipSettings): HTMLElement {
  const box = document.createElement('div');
  box.className = 'hl-chip-hover';
  const line = (content: string, className: string): void => {
    const element = document.createElement('div');
    element.className = className;
    element.textContent = content;
    box.append(element);
  };
  line(text, 'hl-chip-path');
  if (value !== undefined) line(`${settings.lastValue()} ${shortValue(value, 300)}`, 'hl-chip-value');
  if (problem !== null) line(settings.problemText(problem), 'hl-chip-problem');
  return box;
}

/** @param settings of the place */
export function chips(settings: ChipSettings): Extension {
  return [chipSettings.of(settings), chipField, selectOnClick, braceBeforeChip, explainOnHover];
}
