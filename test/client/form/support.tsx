// Renders the form of a type with a value that changes as it would in the editor.

import { type ReactNode, useState } from 'react';
import { type FieldProblem, SchemaForm } from '../../../client/src/form/schema-form.tsx';
import type { Language } from '../../../client/src/i18n.ts';
import { type VariableSource, VariablesProvider } from '../../../client/src/variables/variable-source.tsx';
import { createQueries, type Rendered, renderPart } from '../render.tsx';
import { registry, type TestedType } from './types.ts';

export interface FormOptions {
  readonly value?: Record<string, unknown>;
  readonly problems?: readonly FieldProblem[];
  readonly language?: Language;
  readonly isReadOnly?: boolean;
  /** Paths of write-only values that the server has; without it the workflow was never saved. */
  readonly stored?: readonly string[];
}

export interface RenderedForm extends Rendered {
  /** As it is now. */
  value(): Record<string, unknown>;
  /** How often it was changed. */
  changes(): number;
}

/** What the server would have said: who is signed in, which workflows and secrets there are. */
export function queriesOfEditor() {
  const queries = createQueries();
  queries.setQueryData(['session'], { user: null, permissions: ['secrets:read', 'workflows:read'], csrfToken: null });
  queries.setQueryData(['secrets'], { data: [{ name: 'SHOP_KEY' }] });
  const workflows = [
    { id: 'w1', title: 'Payment callback' },
    { id: 'w2', title: 'Warn somebody' },
  ];
  queries.setQueryData(['workflows', {}], { data: workflows, nextCursor: null });
  for (const workflow of workflows) queries.setQueryData(['workflow', workflow.id], workflow);
  return queries;
}

/** The editor around a form, whose workflow has one variable. */
const source: VariableSource = {
  workflowId: undefined,
  mode: 'async',
  document: {
    trigger: { type: 'webhook', config: {} },
    nodes: [
      { key: 'total', type: 'variable', title: 'Sum', config: { value: 1 } },
      { key: 'here', type: 'variable', config: {} },
    ],
  },
  nodeKey: 'here',
  types: registry.describe(),
  learned: undefined,
};

/** Keeps a value, and hands it to what changes it. */
export function Keeper<Value>(props: {
  readonly initial: Value;
  readonly onChange: (value: Value) => void;
  readonly children: (value: Value, change: (value: Value) => void) => ReactNode;
}) {
  const [value, setValue] = useState(props.initial);
  return props.children(value, (next) => {
    setValue(next);
    props.onChange(next);
  });
}

export function renderForm(type: TestedType, options: FormOptions = {}): RenderedForm {
  const { value: initial = {}, problems = [], language = 'en', isReadOnly = false, stored } = options;
  const queries = queriesOfEditor();
  queries.setQueryData(['workflow', 'w1', 'write-only'], { trigger: stored ?? [], nodes: { here: stored ?? [] } });
  const place: VariableSource = {
    ...source,
    workflowId: stored && 'w1',
    nodeKey: type.kind === 'node' ? source.nodeKey : null,
  };
  let current = initial;
  let changes = 0;
  const rendered = renderPart(
    <Keeper
      initial={initial}
      onChange={(next) => {
        current = next;
        changes += 1;
      }}
    >
      {(value, change) => (
        <VariablesProvider value={place}>
          <SchemaForm
            type={{ kind: type.kind, name: type.description.type }}
            schema={type.description.config}
            value={value}
            onChange={change}
            problems={problems}
            expressions={type.expressions}
            scripts={type.scripts}
            readOnly={isReadOnly}
          />
        </VariablesProvider>
      )}
    </Keeper>,
    { language, queries },
  );
  return { ...rendered, value: () => current, changes: () => changes };
}
