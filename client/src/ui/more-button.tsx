// The button below a list that shows its next page; nothing when there is none.

import { Button, Group } from '@mantine/core';
import type { UseInfiniteQueryResult } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';

export interface MoreButtonProps {
  readonly list: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetchingNextPage' | 'fetchNextPage'>;
}

export function MoreButton({ list }: MoreButtonProps) {
  const { t } = useTranslation();
  const [wasShown, setShown] = useState(list.hasNextPage);
  if (list.hasNextPage && !wasShown) setShown(true);
  if (!wasShown) return null;
  return (
    // Stays behind the last page, where the focus then is.
    <Group justify="center" data-keeps-focus tabIndex={-1}>
      {list.hasNextPage && (
        <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          {t('more')}
        </Button>
      )}
    </Group>
  );
}
