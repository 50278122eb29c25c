// Where the inputs of an editor find the variables: the draft, the open node, and what real runs have shown.

import { createContext, type ReactNode, useContext } from 'react';
import type { Document, Mode } from '../../../src/engine/model.ts';
import type { LearnedView } from '../api/drafts.ts';
import type { PluginList } from '../api/workflows.ts';

export interface VariableSource {
  /** Undefined while the workflow was never saved. */
  readonly workflowId: string | undefined;
  readonly mode: Mode;
  /** The draft. */
  readonly document: Document;
  /** Whose form is open; null: the trigger's. */
  readonly nodeKey: string | null;
  readonly types: PluginList;
  readonly learned: LearnedView | undefined;
}

const Variables = createContext<VariableSource | null>(null);

export function VariablesProvider({ value, children }: { readonly value: VariableSource; readonly children: ReactNode }) {
  return <Variables value={value}>{children}</Variables>;
}

/** Null outside of an editor. */
export function useVariables(): VariableSource | null {
  return useContext(Variables);
}
