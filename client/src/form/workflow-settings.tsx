// The settings of a workflow as a whole: how long it may take, what starts when it fails, how many run at once.

import type { Mode, Settings } from '../../../src/engine/model.ts';
import { type FieldProblem, Fields } from './schema-form.tsx';
import { workflowSettingsSchema } from './settings-schema.ts';

export interface WorkflowSettingsProps {
  readonly mode: Mode;
  readonly workflowId: string | undefined;
  readonly value: Settings | undefined;
  /** Paths below the settings: `concurrency.limit`. */
  readonly problems: readonly FieldProblem[];
  readonly readOnly?: boolean;
  /** Undefined when nothing is set any more. */
  onChange(settings: Settings | undefined): void;
}

const TEXTS: readonly string[] = ['settings', 'workflow'];
const NONE: readonly string[] = [];
/** What only workflows that run in the background have. */
const ASYNC_ONLY: readonly string[] = ['concurrency'];

export function WorkflowSettings({ mode, value, problems, readOnly = false, onChange }: WorkflowSettingsProps) {
  // What is set stays to be seen, so that it can be taken away.
  const skip = mode === 'sync' && value?.concurrency === undefined ? ASYNC_ONLY : NONE;
  return (
    <Fields
      texts={TEXTS}
      schema={workflowSettingsSchema}
      value={{ ...value }}
      problems={problems}
      expressions={NONE}
      scripts={NONE}
      hasTemplates={false}
      readOnly={readOnly}
      skip={skip}
      // Half-filled forms are drafts; the server says what is wrong with them.
      onChange={(next) => onChange(Object.keys(next).length === 0 ? undefined : (next as Settings))}
    />
  );
}
