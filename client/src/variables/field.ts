// What all inputs of this folder take.

import type { ReactNode } from 'react';

export interface FieldProps {
  readonly label: string;
  readonly description?: ReactNode | undefined;
  readonly error?: ReactNode | undefined;
  readonly required?: boolean;
  readonly readOnly?: boolean;
  readonly placeholder?: string | undefined;
  readonly id?: string;
}

/** Whether the field says that something is wrong. */
export function isFaulty({ error }: Pick<FieldProps, 'error'>): boolean {
  return error !== undefined && error !== null && error !== false && error !== '';
}
