// What the colours of a comparison mean, how often each is there, and what cannot be drawn.

import { useTranslation } from 'react-i18next';
import classes from './canvas.module.css';
import type { ChangeKind, ComparisonOverlay } from './comparison-overlay.ts';
import { ChangeMark } from './step-card.tsx';
import { COVERS } from './view.ts';

const KINDS: readonly ChangeKind[] = ['added', 'changed', 'moved', 'removed'];

export interface ChangesListProps {
  readonly comparison: ComparisonOverlay;
  /** What was removed is drawn where it stood. */
  readonly hasGhosts: boolean;
}

export function ChangesList({ comparison, hasGhosts }: ChangesListProps) {
  const { t } = useTranslation('canvas');
  const all = [...comparison.marks.values()].flat();
  return (
    <section className={classes.changes} {...COVERS} aria-label={t('changes')}>
      {all.length === 0 && !comparison.hasSettings && <p>{t('noChanges')}</p>}
      <ul>
        {KINDS.map((kind) => {
          const count = all.filter((one) => one === kind).length;
          return count === 0 ? null : (
            <li key={kind}>
              <ChangeMark kind={kind} /> {count}
            </li>
          );
        })}
      </ul>
      {!hasGhosts && comparison.removed.size > 0 && <p>{t('removedList', { names: [...comparison.removed].join(', ') })}</p>}
      {comparison.hasSettings && <p>{t('settingsChanged')}</p>}
    </section>
  );
}
