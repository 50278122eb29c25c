// What changed from one revision to another, in words; secrets are never shown.

import { Badge, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconArrowsMove, IconMinus, IconPencil, IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { comparisonQuery, type RevisionJson } from '../../api/workflows.ts';
import { LoadError, Loading } from '../../ui/page.tsx';
import { type ChangeWords, changeWords, type ValueWords } from './change-words.ts';

export interface ComparisonViewProps {
  readonly workflowId: string;
  readonly from: RevisionJson;
  readonly to: RevisionJson;
  onSelectNode(key: string): void;
}

const LOOKS = {
  added: { color: 'teal', Icon: IconPlus },
  removed: { color: 'red', Icon: IconMinus },
  changed: { color: 'yellow', Icon: IconPencil },
  moved: { color: 'indigo', Icon: IconArrowsMove },
} as const;

export function ComparisonView({ workflowId, from, to, onSelectNode }: ComparisonViewProps) {
  const { t } = useTranslation('editor');
  const comparison = useQuery(comparisonQuery(workflowId, from.revision, to.revision));
  const words = useMemo(() => (comparison.data ? changeWords(comparison.data, from, to) : []), [comparison.data, from, to]);
  if (comparison.isPending) return <Loading />;
  if (comparison.isError) return <LoadError error={comparison.error} onRetry={() => void comparison.refetch()} />;
  if (words.length === 0) return <Text size="sm">{t('revisions.same')}</Text>;
  return (
    <Stack gap="xs" component="ul" className="hl-revisions">
      {words.map((entry) => (
        <ChangeEntry key={entry.key} entry={entry} onSelectNode={onSelectNode} />
      ))}
    </Stack>
  );
}

function ChangeEntry({ entry, onSelectNode }: { readonly entry: ChangeWords; onSelectNode(key: string): void }) {
  const { t } = useTranslation('editor');
  const name = entry.subject === 'node' ? entry.name : t(`changes.${entry.subject}`);
  const isThere = entry.subject === 'node' && !entry.kinds.includes('removed');
  return (
    <li>
      <Group gap={6}>
        {entry.kinds.map((kind) => {
          const { color, Icon } = LOOKS[kind];
          return (
            <Badge
              key={kind}
              className="hl-badge"
              variant="light"
              color={color}
              tt="none"
              leftSection={<Icon size={12} aria-hidden />}
            >
              {t(`changes.kind.${kind}`)}
            </Badge>
          );
        })}
        {isThere ? (
          <UnstyledButton className="hl-change-name" onClick={() => onSelectNode(entry.key)}>
            {name}
          </UnstyledButton>
        ) : (
          <Text size="sm" fw={600}>
            {name}
          </Text>
        )}
      </Group>
      {entry.values.length > 0 && (
        <ul className="hl-change-values">
          {entry.values.map((value) => (
            <li key={value.place}>
              <ValueChange value={value} />
            </li>
          ))}
        </ul>
      )}
    </li>
  );
}

function ValueChange({ value }: { readonly value: ValueWords }) {
  const { t } = useTranslation('editor');
  return (
    <Text size="xs" component="div" className="hl-breakable">
      <Text span size="xs" fw={600}>
        {value.place}
      </Text>
      {': '}
      {value.isSecret ? (
        t('changes.secret')
      ) : (
        <>
          {value.before === undefined ? (
            <Text span size="xs" c="dimmed">
              {t('changes.nothing')}
            </Text>
          ) : (
            <del className="hl-before">{value.before}</del>
          )}
          {' → '}
          {value.after === undefined ? (
            <Text span size="xs" c="dimmed">
              {t('changes.nothing')}
            </Text>
          ) : (
            <ins className="hl-after">{value.after}</ins>
          )}
        </>
      )}
    </Text>
  );
}
