// What was sent to an endpoint lately, tests too.

import { Accordion, Badge, Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { type AttemptJson, attemptsQuery } from '../../api/outbound.ts';
import { failureText } from '../../ui/failure-text.ts';
import { Empty, LoadError, Loading } from '../../ui/page.tsx';
import { durationText, TimeAgo } from '../../ui/time.tsx';
import { AttemptDetails } from './attempt-details.tsx';

export function AttemptList({ endpointId }: { readonly endpointId: string }) {
  const { t } = useTranslation('outbound');
  const attempts = useQuery(attemptsQuery(endpointId));
  if (attempts.isPending) return <Loading />;
  if (attempts.isError) return <LoadError error={attempts.error} onRetry={() => void attempts.refetch()} />;
  if (attempts.data.data.length === 0) return <Empty title={t('noAttempts')} />;
  return <Attempts attempts={attempts.data.data} />;
}

export function Attempts({ attempts }: { readonly attempts: readonly AttemptJson[] }) {
  const { t, i18n } = useTranslation('outbound');
  return (
    <Accordion variant="separated" chevronPosition="left" order={3}>
      {attempts.map((attempt) => (
        <Accordion.Item key={attempt.id} value={attempt.id} className="hl-card">
          <Accordion.Control>
            <Group gap="sm">
              <Badge className="hl-badge" variant="light" color={attempt.succeeded ? 'teal' : 'red'} tt="none">
                {attempt.status ?? t('noAnswer')}
              </Badge>
              <Text size="sm">{t(`kind.${attempt.kind}`, { number: attempt.number })}</Text>
              <Text size="sm" c="dimmed">
                <TimeAgo at={attempt.startedAt} />
              </Text>
              {attempt.unreadable === undefined ? (
                <Text size="sm" c="dimmed">
                  {durationText(attempt.timings.totalMs, i18n.language)}
                </Text>
              ) : (
                // The explanation is in the panel: what can be focused may not be in a button.
                <Badge className="hl-badge" variant="light" color="red" size="sm" tt="none">
                  {t('common:unreadable.short')}
                </Badge>
              )}
              {attempt.error && (
                <Text size="sm" c="dimmed" lineClamp={1}>
                  {failureText(attempt.error, attempt.status)}
                </Text>
              )}
            </Group>
          </Accordion.Control>
          <Accordion.Panel>
            <AttemptDetails attempt={attempt} />
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
