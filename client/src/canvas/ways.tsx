// Everything on the canvas that is not a node: lines, names of branches, frames of loops, ends, and the places with a "+".

import { Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronLeft, IconChevronRight, IconPlus, IconRepeat } from '@tabler/icons-react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import { FAILURE_BRANCH } from '../../../src/engine/model.ts';
import { useBranchText } from './branch-text.ts';
import classes from './canvas.module.css';
import { useCanvasActions } from './canvas-actions.ts';
import type { ListPlace } from './edit.ts';
import type { ExecutionOverlay } from './execution-overlay.ts';
import type { BranchLabel, Frame, Layout, Line, Slot } from './layout.ts';
import { linePath } from './line-path.ts';
import { isSameList } from './navigate.ts';
import { below } from './step-card.tsx';

export interface WaysProps {
  readonly layout: Layout;
  readonly isEditable: boolean;
  /** Lists whose end leaves the caller without an answer. */
  readonly openLists: readonly ListPlace[];
  readonly overlay: ExecutionOverlay | undefined;
  /** Branches may be drawn that are there no more. */
  readonly isComparison: boolean;
  /** Where what is being moved can be put down; undefined while nothing is. */
  readonly drops: readonly Slot[] | undefined;
  readonly target: Slot | undefined;
  /** Says where a place is. */
  slotText(slot: Slot): string;
  /** Whether a branch can be moved to the left or the right. */
  canMove(list: ListPlace): boolean;
  /** The type of the node that owns a branch. */
  typeOf(key: string): string;
}

export const Ways = memo(function Ways(props: WaysProps) {
  const { layout, isEditable, openLists, overlay, isComparison, drops, target, slotText, canMove, typeOf } = props;
  const taken = new Set(overlay ? layout.lines.filter((line) => overlay.isTaken(line)) : []);
  // What was taken lies over what was not, where they share a piece.
  const inOrder = overlay ? [...layout.lines].sort((a, b) => Number(taken.has(a)) - Number(taken.has(b))) : layout.lines;
  return (
    <div className={classes.ways}>
      {layout.frames.map((frame) => (
        <div key={`${frame.owner}/${frame.branch}`} className={classes.frame} style={at(frame, frame)} />
      ))}
      <svg className={classes.lines} aria-hidden="true">
        {inOrder.map((line) => (
          <LineShape key={line.id} line={line} isTaken={taken.has(line)} isFaded={overlay !== undefined && !taken.has(line)} />
        ))}
      </svg>
      {layout.labels.map((label) => (
        <Label
          key={`${label.owner}/${label.branch}`}
          label={label}
          type={typeOf(label.owner ?? '')}
          isPast={isComparison}
          canMove={isEditable && canMove(label)}
        />
      ))}
      {overlay && layout.frames.map((frame) => <Stepper key={frame.owner} frame={frame} overlay={overlay} />)}
      {layout.ends.map((end) => (
        <End key={`${end.owner}/${end.branch}`} end={end} isOpen={openLists.some((list) => isSameList(list, end))} />
      ))}
      {layout.slots.map((slot) => (
        <PlusButton
          key={`${slot.owner}/${slot.branch}/${slot.index}`}
          slot={slot}
          isEditable={isEditable}
          isDrop={drops?.includes(slot)}
          isTarget={slot === target}
          label={slotText}
        />
      ))}
    </div>
  );
});

function at(point: { x: number; y: number }, size?: { width: number; height: number }) {
  return { left: point.x, top: point.y, ...(size ? { width: size.width, height: size.height } : {}) };
}

function LineShape({ line, isTaken, isFaded }: { readonly line: Line; readonly isTaken: boolean; readonly isFaded: boolean }) {
  const end = line.points.at(-1);
  const before = line.points.at(-2);
  const data = { 'data-kind': line.kind, 'data-taken': isTaken || undefined, 'data-faded': isFaded || undefined };
  return (
    <g className={classes.line} {...data}>
      <path d={linePath(line.points)} />
      {line.hasArrow && end && before && (
        <path
          className={classes.arrow}
          d={before.y === end.y ? `M${end.x},${end.y}l${end.x > before.x ? -8 : 8},-5v10z` : `M${end.x},${end.y}l-5,-8h10z`}
        />
      )}
    </g>
  );
}

interface LabelProps {
  readonly label: BranchLabel;
  readonly type: string;
  readonly isPast: boolean;
  readonly canMove: boolean;
}

function Label({ label, type, isPast, canMove }: LabelProps) {
  const { t } = useTranslation('canvas');
  const actions = useCanvasActions();
  const branchText = useBranchText();
  const { name, kind } = label.label;
  const was = name === FAILURE_BRANCH ? 'failure' : 'own';
  const text = branchText(isPast && kind === 'unknown' ? { ...label.label, kind: was } : label.label, type);
  if (!canMove) {
    return (
      <span className={classes.label} data-branch={name} data-kind={kind} style={at(label)} title={text}>
        {text}
      </span>
    );
  }
  return (
    <button
      type="button"
      tabIndex={-1}
      className={`${classes.label} nopan`}
      data-branch={name}
      data-kind={kind}
      style={at(label)}
      aria-label={t('branchMenuOf', { branch: text })}
      aria-haspopup="menu"
      onClick={(event) => actions.openBranchMenu(label, below(event.currentTarget))}
    >
      <span className={classes.labelText} title={text}>
        {text}
      </span>
      <IconChevronDown size={13} aria-hidden />
    </button>
  );
}

function End({ end, isOpen }: { readonly end: Layout['ends'][number]; readonly isOpen: boolean }) {
  const { t } = useTranslation('canvas');
  if (isOpen) {
    return (
      <Tooltip label={t('openEndText')} multiline maw={320}>
        <span className={classes.openEnd} data-last={end.isLast || undefined} style={at(end)}>
          <IconAlertTriangle size={13} aria-hidden />
          {t('openEnd')}
        </span>
      </Tooltip>
    );
  }
  if (!end.isLast) return null;
  return (
    <span className={classes.end} style={at(end)}>
      {t('end')}
    </span>
  );
}

interface PlusButtonProps {
  readonly slot: Slot;
  readonly isEditable: boolean;
  /** Undefined while nothing is moved. */
  readonly isDrop: boolean | undefined;
  readonly isTarget: boolean;
  label(slot: Slot): string;
}

const PlusButton = memo(function PlusButton({ slot, isEditable, isDrop, isTarget, label }: PlusButtonProps) {
  const { t } = useTranslation('canvas');
  const actions = useCanvasActions();
  if (!isEditable) {
    return slot.isEmpty ? (
      <span className={classes.nothing} style={at(slot)}>
        {t('emptyBranch')}
      </span>
    ) : null;
  }
  return (
    <button
      type="button"
      tabIndex={-1}
      className={`${slot.isEmpty ? classes.emptyPlus : classes.plus} nopan`}
      style={at(slot)}
      aria-label={`${t('addStep')}: ${label(slot)}`}
      data-slot={`${slot.owner ?? ''}/${slot.branch}/${slot.index}`}
      data-drop={isDrop || undefined}
      data-away={isDrop === false || undefined}
      data-target={isTarget || undefined}
      onClick={(event) => actions.openPicker(slot, below(event.currentTarget))}
    >
      <IconPlus size={slot.isEmpty ? 16 : 14} aria-hidden />
      {slot.isEmpty && <span>{t('addStep')}</span>}
    </button>
  );
});

/** Which round of a loop is shown. */
function Stepper({ frame, overlay }: { readonly frame: Frame; readonly overlay: ExecutionOverlay }) {
  const { t } = useTranslation('canvas');
  const actions = useCanvasActions();
  const rounds = overlay.rounds.get(frame.owner);
  if (rounds === undefined) return null;
  const { shown, count, failed } = rounds;
  return (
    <fieldset
      className={`${classes.stepper} nopan`}
      style={at({ x: frame.x + frame.width, y: frame.y - 8 })}
      aria-label={t('rounds')}
    >
      <IconRepeat size={14} aria-hidden />
      <button
        type="button"
        aria-label={t('previousRound')}
        disabled={shown === 0}
        onClick={() => actions.showRound(frame.owner, shown - 1)}
      >
        <IconChevronLeft size={14} aria-hidden />
      </button>
      <span aria-live="polite" data-failed={failed.has(shown) || undefined}>
        {failed.has(shown) && <IconAlertTriangle size={12} aria-label={t('failedRound')} />}
        {t('round', { number: shown + 1, total: count })}
      </span>
      <button
        type="button"
        aria-label={t('nextRound')}
        disabled={shown === count - 1}
        onClick={() => actions.showRound(frame.owner, shown + 1)}
      >
        <IconChevronRight size={14} aria-hidden />
      </button>
    </fieldset>
  );
}
