// Pure: what a query would work on in the latest run, so that its paths can be offered.

import type { Scope } from '../../../src/engine/plugin.ts';
import { compileTemplate } from '../../../src/engine/template.ts';
import type { VariableSource } from './variable-source.tsx';

/** @returns undefined when it is not known, such as what is made of secrets */
export function valueOfSource(source: unknown, known: VariableSource | null): unknown {
  const { context, request, nodes, scopes } = known?.learned?.variables ?? {};
  const scope: Scope = {
    $context: context,
    $request: request,
    $nodes: nodes ?? {},
    $scopes: scopes ?? {},
    $system: { now: new Date().toISOString() },
    $execution: {},
    $resume: {},
    $secrets: {},
  };
  try {
    return compileTemplate(source).render(scope);
  } catch {
    // A template that is wrong, or a secret: the server says which.
    return undefined;
  }
}
