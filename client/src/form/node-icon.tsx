// The sign of a node or trigger type: an icon and a colour, so that one finds a step at a glance.

import { ThemeIcon } from '@mantine/core';
import {
  IconArrowsSplit2,
  IconBell,
  IconBolt,
  IconBrandJavascript,
  IconCalculator,
  IconCalendarTime,
  IconClock,
  IconCornerDownRight,
  IconFilterSearch,
  IconFlag,
  IconGitBranch,
  IconGitFork,
  IconListTree,
  IconMessageReply,
  IconPackageExport,
  IconPhoneIncoming,
  IconPuzzle,
  IconRepeat,
  IconSend,
  IconSitemap,
  IconTransform,
  IconVariable,
  IconWebhook,
  IconWorld,
} from '@tabler/icons-react';

type Look = readonly [icon: typeof IconBolt, color: string];

const NODES: ReadonlyMap<string, Look> = new Map<string, Look>([
  ['condition', [IconGitBranch, 'orange']],
  ['multi-conditions', [IconListTree, 'orange']],
  ['loop', [IconRepeat, 'orange']],
  ['parallel', [IconArrowsSplit2, 'orange']],
  ['calculation', [IconCalculator, 'blue']],
  ['json-query', [IconFilterSearch, 'blue']],
  ['json-mapping', [IconTransform, 'blue']],
  ['date-calculation', [IconCalendarTime, 'blue']],
  ['variable', [IconVariable, 'blue']],
  ['javascript', [IconBrandJavascript, 'yellow']],
  ['delay', [IconClock, 'violet']],
  ['wait', [IconPhoneIncoming, 'violet']],
  ['http-request', [IconWorld, 'cyan']],
  ['send-webhook', [IconSend, 'cyan']],
  ['subflow', [IconSitemap, 'grape']],
  ['output', [IconPackageExport, 'grape']],
  ['response', [IconMessageReply, 'teal']],
  ['end', [IconFlag, 'teal']],
]);

const TRIGGERS: ReadonlyMap<string, Look> = new Map<string, Look>([
  ['webhook', [IconWebhook, 'indigo']],
  ['subflow', [IconCornerDownRight, 'indigo']],
  ['hookline-event', [IconBell, 'indigo']],
]);

const OTHER_TRIGGER: Look = [IconBolt, 'indigo'];

/** Types of other plugins, by what they do with the flow. */
const BY_FLOW: Readonly<Record<'step' | 'branching' | 'ending', Look>> = {
  step: [IconPuzzle, 'gray'],
  branching: [IconGitFork, 'orange'],
  ending: [IconFlag, 'teal'],
};

export interface NodeIconProps {
  readonly type: string;
  readonly kind: 'node' | 'trigger';
  /** Of a type that does not come with Hookline. Default `step`. */
  readonly flow?: 'step' | 'branching' | 'ending';
  /** In pixels. Default 28. */
  readonly size?: number;
}

/** For the eye only: the type's title stands beside it. */
export function NodeIcon({ type, kind, flow = 'step', size = 28 }: NodeIconProps) {
  const [Icon, color] = kind === 'trigger' ? (TRIGGERS.get(type) ?? OTHER_TRIGGER) : (NODES.get(type) ?? BY_FLOW[flow]);
  return (
    <ThemeIcon size={size} radius="md" variant="light" color={color} aria-hidden>
      <Icon size={Math.round(size * 0.62)} stroke={1.8} />
    </ThemeIcon>
  );
}
