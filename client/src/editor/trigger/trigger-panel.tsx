// The trigger "Webhook event" in the side panel: its address, what it takes from a request, and a try.

import { Accordion, Divider, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { isRecord } from '../../../../src/engine/path.ts';
import { type Listening, type Part, sampleQuery, useListening } from '../../api/trigger.ts';
import type { TriggerDescription, WorkflowJson } from '../../api/workflows.ts';
import { type FieldProblem, SchemaForm } from '../../form/schema-form.tsx';
import { LoadError } from '../../ui/page.tsx';
import { AddressSection } from './address-section.tsx';
import { AuthSection } from './auth-section.tsx';
import { exampleBody } from './example-body.ts';
import { SampleSection } from './sample-section.tsx';
import { type CallDraft, EMPTY_CALL, TestCall } from './test-call.tsx';
import { VariableTable } from './variable-table.tsx';
import { addPaths, credentialsOf, identity, variablesOf, withCredentials, withVariables } from './webhook-draft.ts';

export type TriggerTab = 'address' | 'variables' | 'call';

/** What stays while other nodes are looked at. */
export interface TriggerState {
  readonly tab: TriggerTab;
  setTab(tab: TriggerTab): void;
  readonly listening: Listening;
  readonly call: CallDraft;
  setCall(call: CallDraft): void;
}

export function useTriggerState(workflowId: string): TriggerState {
  const [tab, setTab] = useState<TriggerTab>('address');
  const [call, setCall] = useState(EMPTY_CALL);
  const listening = useListening(workflowId);
  return { tab, setTab, listening, call, setCall };
}

export interface TriggerPanelProps {
  readonly workflow: WorkflowJson;
  /** The draft's. */
  readonly config: Record<string, unknown>;
  readonly type: TriggerDescription;
  readonly problems: readonly FieldProblem[];
  readonly canWrite: boolean;
  readonly canCall: boolean;
  readonly isDirty: boolean;
  readonly state: TriggerState;
  onChange(config: Record<string, unknown>): void;
  onSave(): Promise<boolean>;
  onRotated(workflow: WorkflowJson): void;
  onExecution(id: string): void;
}

const PARTS: readonly Part[] = ['body', 'query', 'headers'];
/** Fields that this panel draws itself. */
const OWN_FIELDS: readonly string[] = ['auth', ...PARTS];
/** How an async workflow answers. */
const REPLY_FIELD = 'response';

export function TriggerPanel(props: TriggerPanelProps) {
  const { t } = useTranslation('trigger');
  const { workflow, config, type, problems, canWrite, state, onChange } = props;
  const sample = useQuery(sampleQuery(workflow.id));
  const pinned = sample.data?.sample ?? null;
  const credentials = credentialsOf(config);
  const bodyPaths = variablesOf(config, 'body').map(({ path }) => path);
  const fields = fieldNames(type);
  const more = fields.filter((name) => !OWN_FIELDS.includes(name) && name !== REPLY_FIELD && !isUseless(name, workflow));
  const form = (names: readonly string[]) => (
    <SchemaForm
      type={{ kind: 'trigger', name: type.type }}
      schema={type.config}
      value={config}
      onChange={onChange}
      problems={problems}
      expressions={[]}
      scripts={[]}
      readOnly={!canWrite}
      skip={fields.filter((name) => !names.includes(name))}
    />
  );
  const variableCount = PARTS.reduce((count, part) => count + variablesOf(config, part).length, 0);

  return (
    <Tabs
      value={state.tab}
      onChange={(tab) => state.setTab(tab === 'variables' || tab === 'call' ? tab : 'address')}
      keepMounted={false}
      className="hl-panel-tabs"
    >
      <Tabs.List grow>
        <Tabs.Tab value="address">{t('tabs.address')}</Tabs.Tab>
        <Tabs.Tab value="variables">
          {t('tabs.variables')}
          {variableCount > 0 && ` (${variableCount})`}
        </Tabs.Tab>
        <Tabs.Tab value="call">{t('tabs.call')}</Tabs.Tab>
      </Tabs.List>

      <Tabs.Panel value="address" className="hl-panel-body">
        <Stack gap="lg">
          <AddressSection
            workflow={workflow}
            credentials={credentials}
            body={exampleBody(pinned, bodyPaths)}
            canWrite={canWrite}
            onRotated={props.onRotated}
          />
          <Divider />
          <Stack gap="sm">
            <Title order={3} size="h5">
              {t('auth.title')}
            </Title>
            <AuthSection
              credentials={credentials}
              isSaved={isRecord(workflow.trigger.config.auth)}
              problems={problems}
              readOnly={!canWrite}
              onChange={(next) => onChange(withCredentials(config, next))}
            />
          </Stack>
          <Divider />
          {workflow.mode === 'async' && fields.includes(REPLY_FIELD) ? (
            form([REPLY_FIELD])
          ) : (
            <Stack gap="sm">
              <Title order={3} size="h5">
                {t('response.title')}
              </Title>
              <Text size="sm" c="dimmed">
                {t('response.sync')}
              </Text>
            </Stack>
          )}
          {more.length > 0 && (
            <Accordion variant="contained" chevronPosition="left" className="hl-capture-parts">
              <Accordion.Item value="more">
                <Accordion.Control>{t('more')}</Accordion.Control>
                <Accordion.Panel>{form(more)}</Accordion.Panel>
              </Accordion.Item>
            </Accordion>
          )}
        </Stack>
      </Tabs.Panel>

      <Tabs.Panel value="variables" className="hl-panel-body">
        <Stack gap="lg">
          <Stack gap="sm">
            <Title order={3} size="h5">
              {t('variables.title')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('variables.text')}
            </Text>
            {PARTS.map((part) => (
              <VariableTable
                key={part}
                part={part}
                variables={variablesOf(config, part)}
                problems={problems}
                readOnly={!canWrite}
                onChange={(variables) => onChange(withVariables(config, part, variables))}
              />
            ))}
          </Stack>
          <Divider />
          <Stack gap="sm">
            <Title order={3} size="h5">
              {t('sample.title')}
            </Title>
            {sample.isError ? (
              <LoadError error={sample.error} onRetry={() => void sample.refetch()} />
            ) : (
              <SampleSection
                workflowId={workflow.id}
                url={workflow.hookUrl}
                sample={pinned}
                unreadable={sample.data?.unreadable}
                listening={state.listening}
                taken={takenOf(config)}
                readOnly={!canWrite}
                onAdd={(chosen) =>
                  onChange(PARTS.reduce<Record<string, unknown>>((next, part) => addPaths(next, part, chosen[part]), config))
                }
              />
            )}
          </Stack>
        </Stack>
      </Tabs.Panel>

      <Tabs.Panel value="call" className="hl-panel-body">
        <TestCall
          workflow={workflow}
          call={state.call}
          onCallChange={state.setCall}
          sample={pinned}
          paths={bodyPaths}
          needsCredentials={credentials.isOn}
          isDirty={props.isDirty}
          canSave={canWrite}
          canCall={props.canCall}
          onSave={props.onSave}
          onExecution={props.onExecution}
        />
      </Tabs.Panel>
    </Tabs>
  );
}

function takenOf(config: Record<string, unknown>): Record<Part, ReadonlySet<string>> {
  const paths = (part: Part) => new Set(variablesOf(config, part).map(({ path }) => identity(part, path)));
  return { headers: paths('headers'), query: paths('query'), body: paths('body') };
}

function fieldNames({ config }: TriggerDescription): string[] {
  return isRecord(config.properties) ? Object.keys(config.properties) : [];
}

/** Nobody waits for an async workflow. */
function isUseless(name: string, { mode }: WorkflowJson): boolean {
  return name === 'deadlineMs' && mode === 'async';
}
