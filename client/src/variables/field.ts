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
