// One node on the canvas: its icon, title, type and what it does, with marks for problems, for a run and for what changed.

import { Tooltip } from '@mantine/core';
import {
  IconAlertTriangle,
  IconArrowsMove,
  IconBan,
  IconCheck,
  IconClock,
  IconDots,
  IconExclamationMark,
  IconPencil,
  IconPlus,
  IconTrash,
  IconX,
} from '@tabler/icons-react';
import type { Node as FlowNode, NodeProps } from '@xyflow/react';
import { memo } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobStatus, Problem, Trigger } from '../../../src/engine/model.ts';
import type { NodeDescription, TriggerDescription } from '../../../src/engine/registry.ts';
import { NodeIcon } from '../form/node-icon.tsx';
import { useTypeText } from '../form/type-text.ts';
import { durationText } from '../ui/time.tsx';
import classes from './canvas.module.css';
import { useCanvasActions } from './canvas-actions.ts';
import type { ChangeKind } from './comparison-overlay.ts';
import type { NodeRun } from './execution-overlay.ts';
import type { PlacedNode } from './layout.ts';
import { summaryOf, triggerSummary } from './summary.ts';

export interface CardData extends Record<string, unknown> {
  readonly placed: PlacedNode;
  readonly trigger: Trigger;
  readonly type: NodeDescription | TriggerDescription | undefined;
  readonly problems: readonly Problem[];
  readonly isSelected: boolean;
  readonly isActive: boolean;
  /** It is being moved. */
  readonly isLifted: boolean;
  readonly isEditable: boolean;
  /** Nothing ever comes here. */
  readonly isUnreachable: boolean;
  /** Undefined when no execution is shown; null when this node did not run in it. */
  readonly run: NodeRun | null | undefined;
  readonly marks: readonly ChangeKind[];
}

export type CardNode = FlowNode<CardData, 'card'>;

const STATUS_ICONS: Readonly<Record<JobStatus, typeof IconCheck>> = {
  succeeded: IconCheck,
  failed: IconX,
  error: IconExclamationMark,
  waiting: IconClock,
  canceled: IconBan,
};

const CHANGE_ICONS: Readonly<Record<ChangeKind, typeof IconCheck>> = {
  added: IconPlus,
  changed: IconPencil,
  moved: IconArrowsMove,
  removed: IconTrash,
};

/** Where a menu opens that belongs to a button: below it. */
export function below(element: Element): { x: number; y: number } {
  const { left, bottom } = element.getBoundingClientRect();
  return { x: left, y: bottom };
}

export const StepCard = memo(function StepCard({ data }: NodeProps<CardNode>) {
  const { placed, trigger, type, problems, isSelected, isActive, isLifted, isEditable, isUnreachable, run, marks } = data;
  const { node, key } = placed;
  const { t } = useTranslation('canvas');
  const typeText = useTypeText();
  const actions = useCanvasActions();
  const kind = node ? 'node' : 'trigger';
  const typeName = node?.type ?? trigger.type;
  const typeTitle = type ? typeText.title(kind, type) : t('unknownType', { type: typeName });
  const title = node?.title || typeTitle;
  const summary = node ? summaryOf(node, t) : triggerSummary(trigger, t);
  return (
    <div
      className={`${classes.card} nodrag`}
      data-node-key={key}
      data-kind={kind}
      data-selected={isSelected || undefined}
      data-active={isActive || undefined}
      data-lifted={isLifted || undefined}
      data-problem={problems.length > 0 ? worst(problems) : undefined}
      data-faded={run === null || isUnreachable || undefined}
      data-status={run?.status}
      data-change={marks[0]}
    >
      <NodeIcon type={typeName} kind={kind} size={36} {...(type && 'flow' in type ? { flow: type.flow } : {})} />
      <div className={classes.text}>
        <div className={classes.title}>{title}</div>
        <div className={classes.type}>{node?.title ? typeTitle : (node?.key ?? t('triggerLine'))}</div>
        <div className={classes.summary}>{summary || t('nothingYet')}</div>
      </div>
      {isEditable && node && (
        <button
          type="button"
          tabIndex={-1}
          className={`${classes.dots} nopan`}
          aria-label={t('menuOf', { title })}
          onPointerDown={(event) => event.stopPropagation()}
          onClick={(event) => actions.openMenu(key, below(event.currentTarget))}
        >
          <IconDots size={18} aria-hidden />
        </button>
      )}
      <div className={classes.marks}>
        {marks.map((mark) => (
          <ChangeMark key={mark} kind={mark} />
        ))}
        {problems.length > 0 && <ProblemMark problems={problems} />}
        {run && <RunMark run={run} />}
      </div>
    </div>
  );
});

function worst(problems: readonly Problem[]): Problem['severity'] {
  return problems.some(({ severity }) => severity === 'error') ? 'error' : 'warning';
}

function ProblemMark({ problems }: { readonly problems: readonly Problem[] }) {
  const { t } = useTranslation('canvas');
  const text = problems.map(({ message }) => message).join('\n');
  const count = problems.length;
  return (
    <Tooltip label={text} multiline maw={340} className={classes.tooltip}>
      <span className={classes.mark} data-severity={worst(problems)}>
        <IconAlertTriangle size={13} aria-hidden />
        {worst(problems) === 'error' ? t('problems', { count }) : t('warnings', { count })}
      </span>
    </Tooltip>
  );
}

function RunMark({ run: { status, job, durationMs } }: { readonly run: NodeRun }) {
  const { t, i18n } = useTranslation('canvas');
  const Icon = STATUS_ICONS[status];
  const word = job.handled ? t('handled') : t(`common:status.${status}`);
  return (
    <Tooltip label={job.error === null ? word : `${word}: ${job.error.message}`} multiline maw={340}>
      <span className={classes.mark} data-status={status}>
        <Icon size={13} aria-hidden />
        {durationMs === null ? word : durationText(durationMs, i18n.language)}
        {job.attempts > 1 && ` · ${t('attempts', { count: job.attempts })}`}
      </span>
    </Tooltip>
  );
}

export function ChangeMark({ kind }: { readonly kind: ChangeKind }) {
  const { t } = useTranslation('canvas');
  const Icon = CHANGE_ICONS[kind];
  return (
    <span className={classes.mark} data-change={kind}>
      <Icon size={13} aria-hidden />
      {t(`change.${kind}`)}
    </span>
  );
}
