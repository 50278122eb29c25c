// Zoom, fit and the map of the whole.

import { ActionIcon, Tooltip } from '@mantine/core';
import { IconFocusCentered, IconMap, IconMapOff, IconMinus, IconPlus } from '@tabler/icons-react';
import { useStore } from '@xyflow/react';
import { useTranslation } from 'react-i18next';
import classes from './canvas.module.css';
import { COVERS } from './view.ts';

export interface ToolbarProps {
  readonly hasMap: boolean;
  onMap(): void;
  onZoom(factor: number): void;
  onFit(): void;
}

export function Toolbar({ hasMap, onMap, onZoom, onFit }: ToolbarProps) {
  const { t } = useTranslation('canvas');
  const button = (label: string, Icon: typeof IconMap, onClick: () => void) => (
    <Tooltip label={label}>
      <ActionIcon variant="default" size="lg" aria-label={label} onClick={onClick}>
        <Icon size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
  return (
    <div className={classes.toolbar} role="toolbar" {...COVERS} aria-label={t('view')}>
      <ActionIcon.Group>
        {button(t('zoomOut'), IconMinus, () => onZoom(1 / 1.25))}
        <ZoomLevel />
        {button(t('zoomIn'), IconPlus, () => onZoom(1.25))}
      </ActionIcon.Group>
      {button(t('fit'), IconFocusCentered, onFit)}
      <span className={classes.mapSwitch}>
        {button(hasMap ? t('hideMap') : t('showMap'), hasMap ? IconMapOff : IconMap, onMap)}
      </span>
    </div>
  );
}

/** Apart from the rest: it is drawn again while zooming, and not while panning. */
function ZoomLevel() {
  const percent = useStore((state) => Math.round(state.transform[2] * 100));
  return <span className={classes.zoom}>{percent} %</span>;
}
