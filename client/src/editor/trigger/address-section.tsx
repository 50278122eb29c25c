// Where callers reach the workflow: the URL, ways to write a call down, and a new URL when the old one got into wrong hands.

import { Alert, Button, Group, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronRight, IconEyeOff, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRotateKey } from '../../api/trigger.ts';
import type { WorkflowJson } from '../../api/workflows.ts';
import { ConfirmButton } from '../../ui/confirm.tsx';
import { Copy } from '../../ui/copy.tsx';
import { compactJson } from '../../ui/json-text.ts';
import { notifyError, notifySuccess } from '../../ui/notify.ts';
import { curlLine, urlWithCredentials } from './curl-line.ts';
import type { CredentialsDraft } from './webhook-draft.ts';

export interface AddressSectionProps {
  readonly workflow: WorkflowJson;
  readonly credentials: CredentialsDraft;
  /** JSON text for the curl line. */
  readonly body: string;
  readonly canWrite: boolean;
  onRotated(workflow: WorkflowJson): void;
}

export function AddressSection({ workflow, credentials, body, canWrite, onRotated }: AddressSectionProps) {
  const { t } = useTranslation('trigger');
  const [opened, { toggle }] = useDisclosure(false);
  const rotate = useRotateKey(workflow.id);
  const url = workflow.hookUrl;
  return (
    <Stack gap="sm">
      <TextInput
        label={t('address.url')}
        description={t('address.urlText')}
        value={url ?? t('address.hidden', { hint: workflow.hookKeyHint })}
        readOnly
        onFocus={(event) => event.currentTarget.select()}
        rightSection={<Copy value={url} label={t('address.url')} reason={t('address.hiddenText')} />}
        classNames={{ input: url === null ? '' : 'hl-mono' }}
      />
      {url === null && (
        <Alert color="gray" p="xs" icon={<IconEyeOff size={17} aria-hidden />}>
          {t('address.hiddenText')}
        </Alert>
      )}
      {!workflow.enabled && (
        <Alert color="yellow" p="xs">
          {t('address.off')}
        </Alert>
      )}
      <Group justify="space-between" gap="xs">
        {url !== null && (
          <Button
            variant="subtle"
            size="compact-sm"
            onClick={toggle}
            aria-expanded={opened}
            leftSection={<IconChevronRight size={15} className={opened ? 'hl-turned' : ''} aria-hidden />}
          >
            {t('address.ways')}
          </Button>
        )}
        {canWrite && (
          <ConfirmButton
            size="compact-sm"
            variant="subtle"
            color="gray"
            leftSection={<IconRefresh size={15} aria-hidden />}
            question={t('address.rotateQuestion')}
            explanation={t('address.rotateText')}
            action={t('address.rotate')}
            onConfirm={() =>
              rotate.mutate(undefined, {
                onError: notifyError,
                onSuccess(changed) {
                  onRotated(changed);
                  notifySuccess(t('address.rotated'));
                },
              })
            }
          >
            {t('address.rotate')}
          </ConfirmButton>
        )}
      </Group>
      {opened && url !== null && <WaysToCall url={url} credentials={credentials} body={body} />}
    </Stack>
  );
}

function WaysToCall({ url, credentials, body }: Pick<AddressSectionProps, 'credentials' | 'body'> & { readonly url: string }) {
  const { t } = useTranslation('trigger');
  const curl = curlLine({
    url,
    body: compactJson(body),
    ...(credentials.isOn
      ? {
          credentials: {
            username: credentials.username || t('address.user'),
            password: credentials.password || t('address.secret'),
          },
        }
      : {}),
  });
  return (
    <Stack gap="sm">
      <CodeLine label={t('address.curl')} text={curl} />
      {credentials.isOn && <UrlWithPassword url={url} credentials={credentials} />}
    </Stack>
  );
}

function CodeLine({ label, text }: { readonly label: string; readonly text: string }) {
  return (
    <div>
      <Group justify="space-between">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Copy value={text} label={label} />
      </Group>
      <pre className="hl-code-line">{text}</pre>
    </div>
  );
}

/** For systems that take nothing but a URL. What is typed here goes nowhere. */
function UrlWithPassword({ url, credentials }: { readonly url: string; readonly credentials: CredentialsDraft }) {
  const { t } = useTranslation('trigger');
  const [typed, setTyped] = useState<{ username?: string; password?: string }>({});
  const username = typed.username ?? credentials.username;
  const password = typed.password ?? credentials.password;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600}>
        {t('address.inUrl')}
      </Text>
      <Text size="xs" c="dimmed">
        {t('address.inUrlText')}
      </Text>
      <Group grow gap="xs">
        <TextInput
          size="xs"
          label={t('auth.username')}
          value={username}
          autoComplete="off"
          onChange={(event) => setTyped({ ...typed, username: event.currentTarget.value })}
        />
        <PasswordInput
          size="xs"
          label={t('auth.password')}
          value={password}
          autoComplete="off"
          onChange={(event) => setTyped({ ...typed, password: event.currentTarget.value })}
        />
      </Group>
      {username !== '' && password !== '' && (
        <CodeLine label={t('address.inUrl')} text={urlWithCredentials(url, username, password)} />
      )}
    </Stack>
  );
}
