// Tries one node alone: with the data of a run, or with what one writes, and shows everything that comes of it.

import { Alert, Button, Checkbox, Group, Select, Stack, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconPlayerPlay } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Mode, Node } from '../../../src/engine/model.ts';
import { useTestNode, type VariablesInput } from '../api/drafts.ts';
import { executionQuery, executionsQuery, jobInputQuery } from '../api/executions.ts';
import { usePermission } from '../api/session.ts';
import { errorText } from '../ui/notify.ts';
import { relativeTime } from '../ui/time.tsx';
import { CodeEditor } from './code-editor.tsx';
import { type Round, roundsOf } from './execution-rounds.ts';
import { TestResult } from './test-result.tsx';
import { pickUsed, type UsedVariables, usedVariables, usesNothing } from './used-variables.ts';
import { useVariables, type VariableSource } from './variable-source.tsx';

export interface TestNodeProps {
  readonly node: Node;
  readonly mode: Mode;
  readonly workflowId: string | undefined;
}

/** The data of the last run, which the server has prepared. */
const LAST = 'last';
/** Runs that can be chosen. */
const RUNS_OFFERED = 20;

export function TestNode({ node, mode, workflowId }: TestNodeProps) {
  const { t } = useTranslation('variables');
  const source = useVariables();
  const isAllowed = usePermission('executions:write');
  const [run, setRun] = useState(LAST);
  const [written, setWritten] = useState<string | null>(null);
  const [isAgreed, setAgreed] = useState(false);
  const test = useTestNode();

  const types = source?.types;
  const used = useMemo(() => usedVariables(node, types ?? { nodes: [], triggers: [] }), [node, types]);
  const hasInput = !usesNothing(used);
  const [roundPrefix, setRoundPrefix] = useState<string | null>(null);
  const { variables, rounds, round, isLoading, error } = useRunVariables({ run, roundPrefix, node, used }, source);
  const prepared = useMemo(() => JSON.stringify(pickUsed(used, variables), null, 2), [used, variables]);
  const text = written ?? prepared;
  const input = readVariables(text);
  const hasEffect = effectOf(node, source);

  const start = (): void => {
    if (input === undefined) return;
    test.mutate({
      ...(workflowId === undefined ? {} : { workflowId }),
      mode,
      node,
      ...(hasInput ? { variables: input } : {}),
      effects: hasEffect && isAgreed,
    });
  };
  const reason = !isAllowed ? t('test.notAllowed') : hasEffect && !isAgreed ? t('test.agreeFirst') : undefined;
  const isStale = test.variables !== undefined && JSON.stringify(test.variables.node) !== JSON.stringify(node);

  return (
    <Stack gap="md">
      <Text size="sm" c="dimmed">
        {t('test.explanation')}
      </Text>
      {hasInput ? (
        <>
          <RunChoice
            run={run}
            source={source}
            onChange={(next) => {
              setRun(next);
              setRoundPrefix(null);
              setWritten(null);
            }}
          />
          {round !== undefined && rounds.length > 1 && (
            <RoundChoice
              rounds={rounds}
              round={round}
              onChange={(next) => {
                setRoundPrefix(next);
                setWritten(null);
              }}
            />
          )}
          {error !== null && (
            <Alert color="red" role="alert">
              {errorText(error)}
            </Alert>
          )}
          <CodeEditor
            label={t('test.input')}
            description={t('test.inputText')}
            language="json"
            value={text}
            minLines={4}
            maxLines={16}
            readOnly={isLoading}
            onChange={setWritten}
            error={input === undefined ? t('test.inputWrong') : undefined}
          />
          {written !== null && written !== prepared && (
            <Group justify="flex-end" mt={-8}>
              <Button size="compact-xs" variant="subtle" onClick={() => setWritten(null)}>
                {t('test.reset')}
              </Button>
            </Group>
          )}
        </>
      ) : (
        <Text size="sm">{t('test.noInput')}</Text>
      )}
      {hasEffect && (
        <Alert
          color="yellow"
          variant="light"
          styles={{ title: { color: 'var(--mantine-color-text)' } }}
          icon={<IconAlertTriangle aria-hidden />}
          title={t('test.effect')}
        >
          <Stack gap="xs">
            <Text size="sm">{t('test.effectText')}</Text>
            <Checkbox
              label={t('test.agree')}
              checked={isAgreed}
              disabled={!isAllowed}
              onChange={(event) => setAgreed(event.currentTarget.checked)}
            />
          </Stack>
        </Alert>
      )}
      <Group>
        <Tooltip label={reason} disabled={reason === undefined}>
          <Button
            leftSection={<IconPlayerPlay size={16} aria-hidden />}
            loading={test.isPending}
            {...(reason !== undefined || input === undefined ? { 'data-disabled': true } : {})}
            aria-disabled={reason !== undefined || input === undefined}
            onClick={(event) => {
              if (reason !== undefined || input === undefined) event.preventDefault();
              else start();
            }}
          >
            {t('test.run')}
          </Button>
        </Tooltip>
        {reason !== undefined && (
          <Text size="xs" c="dimmed">
            {reason}
          </Text>
        )}
      </Group>
      {test.isError && (
        <Alert color="red" role="alert" title={t('test.refused')}>
          {errorText(test.error)}
        </Alert>
      )}
      {test.data && <TestResult result={test.data} isStale={isStale} />}
    </Stack>
  );
}

/** Whether the node, or one in its branches, does something outside. */
function effectOf(node: Node, source: VariableSource | null): boolean {
  const inside = Object.values(node.branches ?? {}).flat();
  const description = source?.types.nodes.find(({ type }) => type === node.type);
  return (description?.hasEffect ?? false) || inside.some((one) => effectOf(one, source));
}

/** @returns undefined when it is no object with variables */
function readVariables(text: string): VariablesInput | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    // Told beside the field.
    return undefined;
  }
}

const NONE: VariablesInput = {};

const NO_ROUNDS: readonly Round[] = [];

interface RunChosen {
  readonly run: string;
  /** Null: the first one. */
  readonly roundPrefix: string | null;
  readonly node: Node;
  readonly used: UsedVariables;
}

/** The variables of the last run, or of a round of a chosen one. */
function useRunVariables({ run, roundPrefix, node: { key }, used }: RunChosen, source: VariableSource | null) {
  const isChosen = run !== LAST;
  const execution = useQuery({ ...executionQuery(run), enabled: isChosen });
  const data = execution.data;
  const nodes = source?.document.nodes;
  // Only for those who would see a difference.
  const hasRounds = used.scopes.length > 0 || used.nodes.length > 0;
  const rounds = useMemo(
    () => (isChosen && hasRounds && data && nodes ? roundsOf(data.jobs, nodes, key) : NO_ROUNDS),
    [isChosen, hasRounds, data, nodes, key],
  );
  const round = rounds.find(({ prefix }) => prefix === roundPrefix) ?? rounds[0];
  const hasScopes = used.scopes.length > 0 && round !== undefined;
  const around = useQuery({ ...jobInputQuery(run, round?.path ?? ''), enabled: isChosen && hasScopes });
  const chosen = useQuery({
    queryKey: ['execution', run, 'variables', source?.document.trigger, round?.prefix],
    queryFn: async () => {
      const { variablesOfExecution } = await import('./execution-variables.ts');
      return data && source ? variablesOfExecution(data, source, round?.prefix) : NONE;
    },
    enabled: data !== undefined,
  });
  const found = chosen.data;
  const scopes = hasScopes ? around.data?.scopes : undefined;
  const variables = useMemo(
    () => (found === undefined ? NONE : scopes === undefined ? found : { ...found, scopes }),
    [found, scopes],
  );
  if (!isChosen) {
    return { variables: source?.learned?.variables ?? NONE, rounds, round: undefined, isLoading: false, error: null };
  }
  return {
    variables,
    rounds,
    round,
    isLoading: chosen.isLoading || around.isLoading,
    error: execution.error ?? chosen.error ?? around.error,
  };
}

/** Rounds that can be chosen. */
const ROUNDS_OFFERED = 100;

interface RoundChoiceProps {
  readonly rounds: readonly Round[];
  readonly round: Round;
  /** @param prefix of the chosen one */
  onChange(prefix: string): void;
}

function RoundChoice({ rounds, round, onChange }: RoundChoiceProps) {
  const { t } = useTranslation('variables');
  const labelOf = ({ indices, status }: Round): string => {
    const name = indices.map((index) => t('test.roundNumber', { number: index + 1 })).join(' › ');
    return status === undefined ? name : `${name} – ${t(`common:status.${status}`)}`;
  };
  return (
    <Select
      label={t('test.round')}
      description={
        rounds.length > ROUNDS_OFFERED ? t('test.roundsMore', { shown: ROUNDS_OFFERED, all: rounds.length }) : undefined
      }
      allowDeselect={false}
      data={rounds.slice(0, ROUNDS_OFFERED).map((one) => ({ value: one.prefix, label: labelOf(one) }))}
      value={round.prefix}
      onChange={(next) => onChange(next ?? round.prefix)}
    />
  );
}

interface RunChoiceProps {
  readonly run: string;
  readonly source: VariableSource | null;
  onChange(run: string): void;
}

function RunChoice({ run, source, onChange }: RunChoiceProps) {
  const { t, i18n } = useTranslation('variables');
  const canRead = usePermission('executions:read');
  const workflowId = source?.workflowId;
  const { data } = useQuery({
    ...executionsQuery({ workflowId: workflowId ?? '', limit: RUNS_OFFERED }),
    enabled: canRead && workflowId !== undefined,
  });
  const last = source?.learned?.execution;
  const lastLabel = last ? t('test.lastRun', { when: relativeTime(last.createdAt, i18n.language) }) : t('test.noRun');
  const others = (data?.data ?? []).map(({ id, createdAt, status }) => ({
    value: id,
    label: `${relativeTime(createdAt, i18n.language)} – ${t(`common:status.${status}`)}`,
  }));
  return (
    <Select
      label={t('test.data')}
      allowDeselect={false}
      data={[{ value: LAST, label: lastLabel }, ...(others.length === 0 ? [] : [{ group: t('test.runs'), items: others }])]}
      value={run}
      onChange={(next) => onChange(next ?? LAST)}
    />
  );
}
