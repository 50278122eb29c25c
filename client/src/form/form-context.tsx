// What all fields of one form share, and how a field draws those inside of it.

import { createContext, type ReactNode, useContext } from 'react';
import type { JsonObject, JsonSchema } from './json-schema.ts';
import type { ProblemPlaces } from './problem-places.ts';

export interface FieldViewProps {
  /** Of the property; for the members of a list the list's. It tells units and, in words, the label. */
  readonly name: string;
  readonly schema: JsonSchema;
  /** Below the configuration: `cases[0].test`. */
  readonly path: string;
  /** Where its texts are, below those of the type. */
  readonly texts: readonly string[];
  readonly value: unknown;
  /** Undefined removes it. */
  readonly onChange: (value: unknown) => void;
  readonly isRequired: boolean;
  /** What a query beside it works on. */
  readonly source?: unknown;
  /** The language of expressions, which is named beside them. */
  readonly language?: string | undefined;
  /** Instead of the label from the texts. */
  readonly label?: string;
  /** In a table: the label is the column's, and is said but not shown. */
  readonly isCell?: boolean;
  /** A cell as wide as the form. */
  readonly hasRoom?: boolean;
}

export interface FormContext {
  /** First keys of the form's texts: `['node', 'condition']`. */
  readonly texts: readonly string[];
  readonly root: JsonSchema;
  readonly problems: ProblemPlaces;
  readonly expressions: readonly string[];
  readonly scripts: readonly string[];
  readonly isReadOnly: boolean;
  /** Whether texts may hold `{{…}}`. */
  readonly hasTemplates: boolean;
  /** Paths, as `cases[*].label`, of what belongs under "More settings" besides what the schema says. */
  readonly advanced: readonly string[];
  /** The value that the form was opened with: what is write-only is left out of it although it is set. */
  readonly initial: JsonObject;
  /** What was typed before a switch to another language or variant, by path; lives as long as the form. */
  readonly remembered: Map<string, unknown>;
  readonly draw: (props: FieldViewProps) => ReactNode;
}

const Form = createContext<FormContext | null>(null);

export function FormProvider({ value, children }: { readonly value: FormContext; readonly children: ReactNode }) {
  return <Form value={value}>{children}</Form>;
}

/** @throws Error outside of a form */
export function useForm(): FormContext {
  const form = useContext(Form);
  if (form === null) throw new Error('This field stands outside of a form.');
  return form;
}

/** A field inside of another one. */
export function InnerField(props: FieldViewProps) {
  return useForm().draw(props);
}
