// Whether the server keeps a value of a field that it shows nobody.

import { useQuery } from '@tanstack/react-query';
import { writeOnlyQuery } from '../api/drafts.ts';
import { usePermission } from '../api/session.ts';
import { useVariables } from '../variables/variable-source.tsx';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { isObject } from './json-schema.ts';
import { splitPath, valueAt } from './value-path.ts';

/** `maybe`: it is not known, and there may be one; `again`: there is one that cannot be kept, as the problem beside it says. */
export type StoredSecret = 'yes' | 'no' | 'maybe' | 'again';

export function useStoredSecret({ path, isRequired }: Pick<FieldViewProps, 'path' | 'isRequired'>): StoredSecret {
  const isAround = useIsAround(path);
  const hasProblem = (useForm().problems.get(path)?.length ?? 0) > 0;
  const source = useVariables();
  const mayRead = usePermission('workflows:read');
  const workflowId = source?.workflowId;
  const { data } = useQuery({ ...writeOnlyQuery(workflowId ?? ''), enabled: workflowId !== undefined && mayRead });
  // Elements of lists may have moved since they were saved.
  if (data !== undefined && source && !path.includes('[')) {
    const places = source.nodeKey === null ? data.trigger : data.nodes[source.nodeKey];
    if (!places?.includes(path)) return 'no';
    return hasProblem ? 'again' : 'yes';
  }
  if (!isAround) return 'no';
  return isRequired ? 'yes' : 'maybe';
}

/**
 * Whether the server may have a value that it does not show: the object around it was there when the form was opened, and
 * nobody says that the value is missing. What is required is then set.
 */
function useIsAround(path: string): boolean {
  const { initial, problems } = useForm();
  if ((problems.get(path)?.length ?? 0) > 0) return false;
  const segments = splitPath(path);
  const name = segments.at(-1);
  const around = valueAt(initial, segments.slice(0, -1));
  return isObject(around) && Object.keys(around).length > 0 && typeof name === 'string' && !Object.hasOwn(around, name);
}
