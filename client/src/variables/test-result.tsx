// What a test of one node gave.

import { Accordion, Alert, Badge, Code, Group, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { NodeTestView } from '../api/drafts.ts';
import { StatusBadge } from '../ui/status.tsx';
import { durationText } from '../ui/time.tsx';
import { JsonView } from './json-view.tsx';

export interface TestResultProps {
  readonly result: NodeTestView;
  /** The node has been changed since. */
  readonly isStale: boolean;
}

export function TestResult({ result, isStale }: TestResultProps) {
  const { t, i18n } = useTranslation('variables');
  const { status, output, branch, error, log, reply, config, durationMs } = result;
  return (
    <Stack gap="sm" component="section" aria-label={t('test.result')} aria-live="polite">
      <Group gap="xs">
        <Title order={3} size="h4">
          {t('test.result')}
        </Title>
        <StatusBadge status={status} />
        <Text size="sm" c="dimmed">
          {durationText(durationMs, i18n.language)}
        </Text>
        {branch !== null && (
          <Badge className="hl-badge" variant="light" color="gray" tt="none">
            {t('test.branch', { branch })}
          </Badge>
        )}
      </Group>
      {isStale && (
        <Text size="xs" c="dimmed" role="status">
          {t('test.stale')}
        </Text>
      )}
      {error !== null && (
        <Alert color="red" title={error.code}>
          {error.message}
        </Alert>
      )}
      {reply !== null && (
        <Part title={t('test.reply')}>
          <Group gap="xs">
            <Badge className="hl-badge" variant="light" tt="none">
              {reply.status}
            </Badge>
            {Object.entries(reply.headers).map(([name, value]) => (
              <Code key={name}>
                {name}: {value}
              </Code>
            ))}
          </Group>
          <JsonView value={parsed(reply.body)} label={t('test.reply')} maxHeight={260} />
        </Part>
      )}
      {output !== undefined && (
        <Part title={t('test.output')}>
          <JsonView value={output} label={t('test.output')} maxHeight={320} />
        </Part>
      )}
      {log.length > 0 && (
        <Part title={t('test.log')}>
          <Code block tabIndex={0}>
            {log.join('\n')}
          </Code>
        </Part>
      )}
      <Accordion variant="contained" chevronPosition="left" order={4}>
        <Accordion.Item value="config">
          <Accordion.Control>
            <Text size="sm">{t('test.config')}</Text>
          </Accordion.Control>
          <Accordion.Panel>
            <JsonView value={config} label={t('test.config')} maxHeight={320} />
          </Accordion.Panel>
        </Accordion.Item>
      </Accordion>
    </Stack>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <Stack gap={4}>
      <Title order={4} size="sm">
        {title}
      </Title>
      {children}
    </Stack>
  );
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    // A reply may be any text.
    return body;
  }
}
