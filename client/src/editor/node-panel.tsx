// One node in the side panel: its form, a test of it alone, and what it did in the last execution.

import { Alert, Stack, Tabs, Text } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document, Mode, Node } from '../../../src/engine/model.ts';
import type { PluginList } from '../api/workflows.ts';
import { changeNode, renameKey } from '../canvas/edit.ts';
import { NodeSettings } from '../form/node-settings.tsx';
import { SchemaForm } from '../form/schema-form.tsx';
import { sentence } from '../form/sentence.ts';
import { useTypeText } from '../form/type-text.ts';
import { TestNode } from '../variables/test-node.tsx';
import { LastRun } from './last-run.tsx';
import { fieldProblems, type PlacedProblem } from './problem-place.ts';

export type NodeTab = 'form' | 'test' | 'run';

/** What the settings of a node hold; anything else is about the node as a whole, such as its branches. */
const SETTINGS = /^(title|key|retry|onFailure)\b/;

export interface NodePanelProps {
  readonly workflowId: string;
  readonly mode: Mode;
  readonly document: Document;
  readonly node: Node;
  readonly types: PluginList;
  readonly placed: readonly PlacedProblem[];
  readonly readOnly: boolean;
  /** The execution that is drawn on the canvas. */
  readonly executionId: string | null;
  onChange(next: Document, description: string, merge?: string): void;
  /** Its key was changed. */
  onRenamed(key: string): void;
}

export function NodePanel({
  workflowId,
  mode,
  document,
  node,
  types,
  placed,
  readOnly,
  executionId,
  onChange,
  onRenamed,
}: NodePanelProps) {
  const { t } = useTranslation('editor');
  const typeText = useTypeText();
  const [tab, setTab] = useState<NodeTab>('form');
  const description = types.nodes.find(({ type }) => type === node.type);
  const name = node.title || node.key;
  const problems = fieldProblems(placed, node.key, 'config');
  const others = fieldProblems(placed, node.key, 'node');
  const ofSettings = others.filter(({ path }) => SETTINGS.test(path));
  const ofNode = others.filter(({ path }) => !SETTINGS.test(path));

  return (
    <Tabs
      value={tab}
      onChange={(next) => setTab(next === 'test' || next === 'run' ? next : 'form')}
      keepMounted={false}
      className="hl-panel-tabs"
    >
      <Tabs.List grow>
        <Tabs.Tab value="form">{t('panel.form')}</Tabs.Tab>
        <Tabs.Tab value="test">{t('panel.test')}</Tabs.Tab>
        <Tabs.Tab value="run">{t('panel.run')}</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="form" className="hl-panel-body">
        <Stack gap="md">
          {ofNode.map(({ path, message, severity }) => (
            <Alert key={`${path} ${message}`} color={severity === 'error' ? 'red' : 'yellow'} p="xs">
              {branchOf(path) === undefined ? sentence(message) : t('panel.branchProblem', { branch: branchOf(path), message })}
            </Alert>
          ))}
          {description === undefined ? (
            <Alert color="red" title={t('panel.notInstalled')}>
              {t('panel.notInstalledText', { type: node.type })}
            </Alert>
          ) : (
            <>
              <Text size="sm" c="dimmed">
                {typeText.description('node', description)}
              </Text>
              <SchemaForm
                type={{ kind: 'node', name: node.type }}
                schema={description.config}
                value={node.config}
                onChange={(config) =>
                  onChange(changeNode(document, node.key, { config }), t('history.changed', { name }), `config ${node.key}`)
                }
                problems={problems}
                expressions={description.expressions}
                scripts={description.scripts}
                readOnly={readOnly}
              />
            </>
          )}
          <NodeSettings
            node={node}
            document={document}
            mode={mode}
            problems={ofSettings}
            readOnly={readOnly}
            onChange={(change) =>
              onChange(changeNode(document, node.key, change), t('history.changed', { name }), `settings ${node.key}`)
            }
            onRename={(key) => {
              onChange(renameKey(document, node.key, key, types.nodes), t('history.renamed', { name, key }));
              onRenamed(key);
            }}
          />
        </Stack>
      </Tabs.Panel>
      <Tabs.Panel value="test" className="hl-panel-body">
        <TestNode node={node} mode={mode} workflowId={workflowId} />
      </Tabs.Panel>
      <Tabs.Panel value="run" className="hl-panel-scroll">
        <LastRun workflowId={workflowId} nodeKey={node.key} executionId={executionId} />
      </Tabs.Panel>
    </Tabs>
  );
}

/** The branch that a path below a node is about: `branches.true` -> `true`. */
function branchOf(path: string): string | undefined {
  return /^branches(?:\.|\[")([^.[\]"]+)/.exec(path)?.[1];
}
