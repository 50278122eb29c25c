// Tries one node alone.

import { Alert, Button, Stack } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { Mode, Node } from '../../../src/engine/model.ts';
import { useTestNode } from '../api/drafts.ts';
import { errorText } from '../ui/notify.ts';
import { JsonView } from './json-view.tsx';
import { useVariables } from './variable-source.tsx';

export interface TestNodeProps {
  readonly node: Node;
  readonly mode: Mode;
  readonly workflowId: string | undefined;
}

export function TestNode({ node, mode, workflowId }: TestNodeProps) {
  const { t } = useTranslation('variables');
  const variables = useVariables()?.learned?.variables;
  const test = useTestNode();
  return (
    <Stack>
      <Button loading={test.isPending} onClick={() => test.mutate({ workflowId, mode, node, variables, effects: false })}>
        {t('test.run')}
      </Button>
      {test.error && <Alert color="red">{errorText(test.error)}</Alert>}
      {test.data && <JsonView value={test.data} label={t('test.result')} />}
    </Stack>
  );
}
