// Where one is signed in; any of it can be ended.

import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { sessionsQuery, useEndSession } from '../../api/account.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading } from '../../ui/page.tsx';
import { Section } from './section.tsx';
import { SessionsTable } from './sessions-table.tsx';

export function OwnSessions() {
  const { t } = useTranslation('settings');
  const sessions = useQuery(sessionsQuery);
  const end = useEndSession();
  if (sessions.isPending) return <Loading />;
  if (sessions.isError) return <LoadError error={sessions.error} onRetry={() => void sessions.refetch()} />;
  const { data } = sessions.data;
  const told = { onSuccess: () => notifySuccess(t('sessions.ended')), onError: notifyError };
  return (
    <Section
      title={t('sessions.title')}
      text={t('sessions.text')}
      action={
        data.length > 1 ? (
          <ConfirmButton
            question={t('sessions.endOthers')}
            explanation={t('sessions.endOthersText')}
            action={t('sessions.endOthers')}
            onConfirm={() => end.mutate(undefined, told)}
          >
            {t('sessions.endOthers')}
          </ConfirmButton>
        ) : undefined
      }
    >
      <SessionsTable sessions={data} canEnd isBusy={end.isPending} onEnd={(id) => end.mutate(id, told)} />
    </Section>
  );
}
