// The panel beside the canvas: at the right and as wide as one likes; a drawer on small screens. Escape closes it.

import { ActionIcon, Drawer, Group, Title, Tooltip } from '@mantine/core';
import { useLocalStorage, useMediaQuery } from '@mantine/hooks';
import { IconX } from '@tabler/icons-react';
import { type KeyboardEvent, type PointerEvent, type ReactNode, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { COVERS } from '../canvas/view.ts';

export interface SidePanelProps {
  readonly title: string;
  readonly icon?: ReactNode;
  /** Below the title, such as the node's type. */
  readonly subtitle?: ReactNode;
  /** Changes when something else is shown. */
  readonly subject: string;
  /** Whether the heading gets the focus then: after a key yes, after a click the focus stays where it is. */
  takesFocus(): boolean;
  onClose(): void;
  readonly children: ReactNode;
}

/** There the panel covers the canvas. */
export const SMALL_SCREEN = '(max-width: 61.99em)';
const MIN_WIDTH = 340;
const MAX_WIDTH = 820;
const STEP = 24;

export function SidePanel({ title, icon, subtitle, subject, takesFocus, onClose, children }: SidePanelProps) {
  const { t } = useTranslation('editor');
  const isSmall = useMediaQuery(SMALL_SCREEN, undefined, { getInitialValueInEffect: false });
  const [width, setWidth] = useLocalStorage({ key: 'hookline-panel-width', defaultValue: 440, getInitialValueInEffect: false });
  const heading = useRef<HTMLHeadingElement>(null);
  const lastSubject = useRef<string | null>(null);
  useEffect(() => {
    if (lastSubject.current === subject) return;
    lastSubject.current = subject;
    if (takesFocus()) heading.current?.focus({ preventScroll: true });
  }, [subject, takesFocus]);
  const content = (
    <>
      <Group className="hl-panel-head" justify="space-between" wrap="nowrap" align="flex-start">
        <Group gap="sm" wrap="nowrap" miw={0}>
          {icon}
          <div className="hl-panel-title">
            <Title order={2} size="h4" ref={heading} tabIndex={-1} lineClamp={2}>
              {title}
            </Title>
            {subtitle}
          </div>
        </Group>
        <Tooltip label={t('panel.close')}>
          <ActionIcon variant="subtle" color="gray" onClick={onClose} aria-label={t('panel.close')}>
            <IconX size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </Group>
      {children}
    </>
  );
  if (isSmall) {
    return (
      <Drawer
        opened
        onClose={onClose}
        position="right"
        size="min(100%, 520px)"
        withCloseButton={false}
        padding={0}
        attributes={{ content: { 'aria-label': title, ...COVERS } }}
        classNames={{ body: 'hl-panel' }}
      >
        {content}
      </Drawer>
    );
  }
  const resize = (next: number): void => setWidth(Math.round(Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, next))));
  return (
    <>
      <ResizeHandle label={t('panel.width')} width={width} onResize={resize} />
      <aside
        className="hl-panel"
        aria-label={title}
        style={{ width }}
        onKeyDown={(event) => {
          // What is open inside, such as a list of choices, closes first.
          if (event.key === 'Escape' && !event.defaultPrevented && !isInOpenWidget(event.target)) onClose();
        }}
      >
        {content}
      </aside>
    </>
  );
}

/** Whether Escape belongs to something that is open around the focus: a list of choices, a menu, a dialog in a portal. */
function isInOpenWidget(target: EventTarget): boolean {
  return (
    target instanceof Element &&
    target.closest('[aria-expanded="true"][role="combobox"], [role="dialog"], [role="menu"]') !== null
  );
}

interface ResizeHandleProps {
  readonly label: string;
  readonly width: number;
  onResize(width: number): void;
}

function ResizeHandle({ label, width, onResize }: ResizeHandleProps) {
  const start = useRef<{ x: number; width: number } | null>(null);
  function onPointerDown(event: PointerEvent<HTMLHRElement>): void {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  }
  function onPointerMove(event: PointerEvent<HTMLHRElement>): void {
    if (start.current) onResize(start.current.width + start.current.x - event.clientX);
  }
  function onKeyDown(event: KeyboardEvent<HTMLHRElement>): void {
    if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return;
    event.preventDefault();
    onResize(width + (event.key === 'ArrowLeft' ? STEP : -STEP));
  }
  return (
    <hr
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={MIN_WIDTH}
      aria-valuemax={MAX_WIDTH}
      tabIndex={0}
      className="hl-panel-handle"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={() => {
        start.current = null;
      }}
      onKeyDown={onKeyDown}
    />
  );
}
