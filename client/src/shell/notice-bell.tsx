// A bell in the header: whether there is something to know about the own account.

import { ActionIcon, Indicator } from '@mantine/core';
import { IconBell } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { Link } from 'react-router';
import { noticesQuery } from '../api/account.ts';

export function NoticeBell() {
  const { t } = useTranslation();
  const unread = useQuery(noticesQuery).data?.unread ?? 0;
  return (
    <Indicator label={unread} size={16} color="red.9" disabled={unread === 0} offset={4}>
      <ActionIcon component={Link} to="/settings/profile#notices" variant="subtle" color="gray" size="lg">
        <IconBell size={18} aria-hidden />
        <span className="mantine-visually-hidden">{t('noticeBell', { count: unread })}</span>
      </ActionIcon>
    </Indicator>
  );
}
