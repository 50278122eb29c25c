// One endpoint: how it stands, what was sent to it, how to test it, and how its receiver verifies signatures.

import { Alert, Anchor, Badge, Button, Group, Menu, SimpleGrid, Stack, Tabs, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconSend } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import type { TFunction } from 'i18next';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useNavigate, useParams } from 'react-router';
import {
  type AttemptJson,
  type EndpointJson,
  endpointQuery,
  endpointStatsQuery,
  useDeleteEndpoint,
  useRetryFailed,
  useRotateSecret,
  useTestEndpoint,
  useUnblock,
  useUpdateEndpoint,
  useVerifyEndpoint,
  type Verification,
} from '../../api/outbound.ts';
import { usePermission } from '../../api/session.ts';
import { ConfirmDialog } from '../../ui/confirm.tsx';
import { Copy } from '../../ui/copy.tsx';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { LoadError, Loading, Page } from '../../ui/page.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { dayAndTime, durationText } from '../../ui/time.tsx';
import { Unreadable, UnreadableNote } from '../../ui/unreadable.tsx';
import { AttemptDetails } from './attempt-details.tsx';
import { AttemptList } from './attempt-list.tsx';
import { DeliveryList } from './delivery-list.tsx';
import { EndpointStatus } from './outbound-status.tsx';
import { Snippets } from './snippets.tsx';

const EndpointForm = lazy(() => import('./endpoint-form.tsx'));

const DAY_MS = 86_400_000;

export default function EndpointPage() {
  const { id = '' } = useParams();
  const endpoint = useQuery(endpointQuery(id));
  if (endpoint.isPending) return <Loading />;
  if (endpoint.isError) {
    return (
      <Stack p="xl">
        <LoadError error={endpoint.error} onRetry={() => void endpoint.refetch()} />
      </Stack>
    );
  }
  return <Shown key={id} endpoint={endpoint.data} />;
}

/** Why nothing is sent; for one that was switched off by hand its title says it. */
function reasonText({ status, reason, failures, blocking }: EndpointJson, t: TFunction<'outbound'>): string | null {
  if (status === 'blocked') return t(`statusReason.${blocking.count}`, { count: failures });
  return reason?.includes('410') ? t('statusReason.unwanted') : null;
}

function Shown({ endpoint }: { readonly endpoint: EndpointJson }) {
  const { t, i18n } = useTranslation('outbound');
  const canWrite = usePermission('outbound:write');
  const unblock = useUnblock(endpoint.id);
  const update = useUpdateEndpoint(endpoint.id);
  const [tested, setTested] = useState<AttemptJson | null>(null);
  const [verified, setVerified] = useState<Verification | null>(null);
  return (
    <Page
      title={endpoint.description === '' ? t('endpoint') : endpoint.description}
      description={
        <Group gap={6} component="span">
          <Text component="span" ff="monospace" size="sm" style={{ overflowWrap: 'anywhere' }}>
            {endpoint.url}
          </Text>
          <Copy value={endpoint.url} label={t('url')} />
        </Group>
      }
      actions={canWrite && <Actions endpoint={endpoint} onTested={setTested} onVerified={setVerified} />}
    >
      <Anchor component={Link} to="/webhooks" size="sm">
        ← {t('allEndpoints')}
      </Anchor>
      <UnreadableNote record={endpoint} text={t('unreadableEndpoint')} />
      {endpoint.unreadable === undefined && endpoint.status !== 'active' && (
        <Alert color={endpoint.status === 'blocked' ? 'red' : 'gray'} title={t(`statusTitle.${endpoint.status}`)}>
          <Stack gap="sm" align="flex-start">
            <Text size="sm">{reasonText(endpoint, t)}</Text>
            <Text size="sm">{t(`statusText.${endpoint.status}`)}</Text>
            {endpoint.probeAt !== null && (
              <Text size="sm">{t('probeAt', { time: dayAndTime(endpoint.probeAt, i18n.language) })}</Text>
            )}
            {canWrite && endpoint.status === 'blocked' && (
              <Button
                size="xs"
                loading={unblock.isPending}
                onClick={() =>
                  unblock.mutate(undefined, { onSuccess: () => notifySuccess(t('unblocked')), onError: notifyError })
                }
              >
                {t('unblock')}
              </Button>
            )}
            {canWrite && endpoint.status === 'disabled' && (
              <Button
                size="xs"
                loading={update.isPending}
                onClick={() =>
                  update.mutate({ enabled: true }, { onSuccess: () => notifySuccess(t('enabled')), onError: notifyError })
                }
              >
                {t('enable')}
              </Button>
            )}
          </Stack>
        </Alert>
      )}
      {tested && <Tested attempt={tested} onClose={() => setTested(null)} />}
      {verified && <Verified verification={verified} onClose={() => setVerified(null)} />}
      <Facts endpoint={endpoint} />
      <Tabs defaultValue="deliveries" keepMounted={false}>
        <Tabs.List>
          <Tabs.Tab value="deliveries">{t('tabs.deliveries')}</Tabs.Tab>
          <Tabs.Tab value="attempts">{t('tabs.attempts')}</Tabs.Tab>
          <Tabs.Tab value="settings">{t('tabs.settings')}</Tabs.Tab>
          <Tabs.Tab value="verify">{t('tabs.verify')}</Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="deliveries" pt="md">
          <DeliveryList filter={{ endpointId: endpoint.id }} />
        </Tabs.Panel>
        <Tabs.Panel value="attempts" pt="md">
          <AttemptList endpointId={endpoint.id} />
        </Tabs.Panel>
        <Tabs.Panel value="settings" pt="md">
          <Suspense fallback={<Loading />}>
            <EndpointForm key={endpoint.updatedAt} endpoint={endpoint} />
          </Suspense>
        </Tabs.Panel>
        <Tabs.Panel value="verify" pt="md">
          <Snippets endpointId={endpoint.id} />
        </Tabs.Panel>
      </Tabs>
    </Page>
  );
}

interface Fact {
  readonly label: string;
  readonly value: ReactNode;
  /** In small letters below it. */
  readonly note?: string;
}

function Facts({ endpoint }: { readonly endpoint: EndpointJson }) {
  const { t, i18n } = useTranslation('outbound');
  const stats = useQuery(endpointStatsQuery(endpoint.id));
  const number = (value: number): string => new Intl.NumberFormat(i18n.language).format(value);
  const percent = new Intl.NumberFormat(i18n.language, { style: 'percent', maximumFractionDigits: 1, roundingMode: 'floor' });
  const data = stats.data;
  const facts: Fact[] = [
    {
      label: t('columns.status'),
      value: endpoint.unreadable === undefined ? <EndpointStatus status={endpoint.status} /> : <Unreadable record={endpoint} />,
    },
    { label: t('facts.attempts'), value: data ? number(data.attempts) : '…' },
    { label: t('facts.success'), value: data ? (data.successRate === null ? '–' : percent.format(data.successRate)) : '…' },
    {
      label: t('facts.latency'),
      value: data ? (data.p50Ms === null ? '–' : durationText(data.p50Ms, i18n.language)) : '…',
      ...(data && data.p95Ms !== null ? { note: t('facts.slower', { time: durationText(data.p95Ms, i18n.language) }) } : {}),
    },
    {
      label: t('facts.waiting'),
      value: data ? t('facts.pending', { count: data.pending }) : '…',
      ...(data ? { note: t('facts.held', { count: data.held }) } : {}),
    },
  ];
  return (
    <Stack gap="xs">
      <SimpleGrid cols={{ base: 2, md: 5 }} className="hl-card" p="md">
        {facts.map(({ label, value, note }) => (
          <div key={label}>
            <Text size="xs" c="dimmed">
              {label}
            </Text>
            <Text component="div" fw={600}>
              {value}
            </Text>
            {note !== undefined && (
              <Text size="xs" c="dimmed">
                {note}
              </Text>
            )}
          </div>
        ))}
      </SimpleGrid>
      <Group gap={6}>
        <Text size="sm" c="dimmed">
          {t('events')}
        </Text>
        {endpoint.eventTypes.map((type) => (
          <Badge key={type} className="hl-badge" variant="light" color="gray" tt="none">
            {type === '*' ? t('allEvents') : type}
          </Badge>
        ))}
      </Group>
      {endpoint.warnings.map(({ path, message }) => (
        <Alert key={path + message} color="orange">
          {message}
        </Alert>
      ))}
    </Stack>
  );
}

interface ActionsProps {
  readonly endpoint: EndpointJson;
  readonly onTested: (attempt: AttemptJson) => void;
  readonly onVerified: (verification: Verification) => void;
}

function Actions({ endpoint, onTested, onVerified }: ActionsProps) {
  const { t } = useTranslation('outbound');
  const navigate = useNavigate();
  const test = useTestEndpoint(endpoint.id);
  const verify = useVerifyEndpoint(endpoint.id);
  const rotate = useRotateSecret(endpoint.id);
  const retryFailed = useRetryFailed(endpoint.id);
  const update = useUpdateEndpoint(endpoint.id);
  const remove = useDeleteEndpoint();
  const [secret, setSecret] = useState<string | null>(null);
  const [asksRotation, rotation] = useDisclosure(false);
  const [asksDeletion, deletion] = useDisclosure(false);
  return (
    <>
      <Button
        leftSection={<IconSend size={16} aria-hidden />}
        loading={test.isPending}
        onClick={() => test.mutate({}, { onSuccess: onTested, onError: notifyError })}
      >
        {t('test')}
      </Button>
      <Menu position="bottom-end">
        <Menu.Target>
          <Button variant="default" rightSection={<IconChevronDown size={14} aria-hidden />} loading={verify.isPending}>
            {t('common:actions')}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => verify.mutate(undefined, { onSuccess: onVerified, onError: notifyError })}>
            {t('verify')}
          </Menu.Item>
          <Menu.Item
            onClick={() =>
              retryFailed.mutate(new Date(Date.now() - 30 * DAY_MS).toISOString(), {
                onSuccess: ({ deliveries }) => notifySuccess(t('retriedFailed', { count: deliveries })),
                onError: notifyError,
              })
            }
          >
            {t('retryFailed')}
          </Menu.Item>
          <Menu.Item onClick={rotation.open}>{t('rotate')}</Menu.Item>
          {endpoint.enabled && endpoint.status === 'active' && (
            <Menu.Item
              onClick={() =>
                update.mutate({ enabled: false }, { onSuccess: () => notifySuccess(t('disabled')), onError: notifyError })
              }
            >
              {t('disable')}
            </Menu.Item>
          )}
          <Menu.Divider />
          <Menu.Item color="red.9" onClick={deletion.open}>
            {t('common:delete')}
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <ConfirmDialog
        opened={asksRotation}
        onClose={rotation.close}
        question={t('rotateQuestion')}
        explanation={t('rotateText')}
        action={t('rotate')}
        danger={false}
        onConfirm={() => rotate.mutate({}, { onSuccess: (made) => setSecret(made.secret), onError: notifyError })}
      />
      <ConfirmDialog
        opened={asksDeletion}
        onClose={deletion.close}
        question={t('deleteQuestion')}
        explanation={t('deleteText')}
        action={t('common:delete')}
        onConfirm={() => remove.mutate(endpoint.id, { onSuccess: () => void navigate('/webhooks'), onError: notifyError })}
      />
      <ShownOnce
        title={t('secretTitle')}
        text={t('secretText')}
        label={t('secret')}
        value={secret}
        onClose={() => setSecret(null)}
      />
    </>
  );
}

function Tested({ attempt, onClose }: { readonly attempt: AttemptJson; readonly onClose: () => void }) {
  const { t } = useTranslation('outbound');
  return (
    <Alert
      color={attempt.succeeded ? 'teal' : 'red'}
      variant="outline"
      bg="var(--hl-surface)"
      title={attempt.succeeded ? t('testSucceeded', { status: attempt.status }) : t('testFailed')}
      withCloseButton
      closeButtonLabel={t('common:close')}
      onClose={onClose}
      role="status"
    >
      <AttemptDetails attempt={attempt} />
    </Alert>
  );
}

function Verified({ verification, onClose }: { readonly verification: Verification; readonly onClose: () => void }) {
  const { t } = useTranslation('outbound');
  const { accepted, rejectsBadSignature, warnings } = verification;
  return (
    <Alert
      color={accepted && rejectsBadSignature ? 'teal' : 'orange'}
      title={t('verifyTitle')}
      withCloseButton
      closeButtonLabel={t('common:close')}
      onClose={onClose}
      role="status"
    >
      <Stack gap={4}>
        <Text size="sm">{t(accepted ? 'verifyAccepted' : 'verifyNotAccepted')}</Text>
        <Text size="sm">{t(rejectsBadSignature ? 'verifyRejects' : 'verifyDoesNotReject')}</Text>
        {warnings.map(({ message }) => (
          <Text key={message} size="sm" c="dimmed">
            {message}
          </Text>
        ))}
      </Stack>
    </Alert>
  );
}
