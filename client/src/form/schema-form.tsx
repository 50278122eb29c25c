// The form that draws a configuration from its JSON Schema, for every node and trigger type, whoever brings it.

import { Alert, Stack, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf } from './field-kind.ts';
import { FieldView } from './field-view.tsx';
import { type FieldViewProps, type FormContext, FormProvider } from './form-context.tsx';
import { isObject, type JsonSchema, propertiesOf } from './json-schema.ts';
import { ObjectFields } from './object-fields.tsx';
import { type FieldProblem, placeProblems } from './problem-places.ts';
import { useStableTexts } from './stable.ts';
import { splitPath } from './value-path.ts';

export type { FieldProblem };

export interface SchemaFormProps {
  readonly type: { readonly kind: 'node' | 'trigger'; readonly name: string };
  readonly schema: JsonSchema;
  readonly value: Record<string, unknown>;
  /** Gets a new object; what did not change in it stays the same. */
  onChange(value: Record<string, unknown>): void;
  readonly problems: readonly FieldProblem[];
  /** Paths of expressions and scripts, as `cases[*].test`. */
  readonly expressions: readonly string[];
  readonly scripts: readonly string[];
  readonly readOnly?: boolean;
  /** Top-level fields that the caller draws itself. */
  readonly skip?: readonly string[];
}

export function SchemaForm({ type, ...props }: SchemaFormProps) {
  return <Fields {...props} texts={[type.kind, type.name]} hasTemplates={type.kind === 'node'} />;
}

export interface FieldsProps extends Omit<SchemaFormProps, 'type'> {
  /** Where the texts of the fields are in `plugins.json`. */
  readonly texts: readonly string[];
  readonly hasTemplates: boolean;
  /** Paths that belong under "More settings" besides what the schema says. */
  readonly advanced?: readonly string[];
}

const NO_FIELDS: readonly string[] = [];

/** The same form for what is neither a node's nor a trigger's configuration. */
export function Fields({
  texts,
  schema,
  value,
  onChange,
  problems,
  expressions,
  scripts,
  hasTemplates,
  readOnly = false,
  skip = NO_FIELDS,
  advanced = NO_FIELDS,
}: FieldsProps) {
  const { t } = useTranslation('form');
  const [initial] = useState(value);
  const [remembered] = useState(() => new Map<string, unknown>());
  const mine = problems.filter(({ path }) => !skip.includes(String(splitPath(path)[0] ?? '')));
  const placed = JSON.stringify([...placeProblems(mine, schema, value)]);
  const lists = { texts: useStableTexts(texts), expressions: useStableTexts(expressions), scripts: useStableTexts(scripts) };
  const form = useMemo(
    (): FormContext => ({
      texts: lists.texts,
      expressions: lists.expressions,
      scripts: lists.scripts,
      root: schema,
      problems: new Map(JSON.parse(placed)),
      isReadOnly: readOnly,
      hasTemplates,
      advanced,
      initial,
      remembered,
      draw: drawField,
    }),
    [lists.texts, lists.expressions, lists.scripts, schema, placed, readOnly, hasTemplates, advanced, initial, remembered],
  );
  const change = (next: unknown): void => onChange(isObject(next) ? next : {});
  const field = fieldOf(schema, schema);
  const isEmpty = field.kind.kind === 'group' && propertiesOf(field.schema).length === 0;
  return (
    <FormProvider value={form}>
      <Stack gap="md">
        <TopProblems problems={form.problems.get('') ?? []} />
        {isEmpty && skip.length === 0 && (
          <Text size="sm" c="dimmed">
            {t('nothingToSet')}
          </Text>
        )}
        {field.kind.kind === 'group' ? (
          <ObjectFields schema={field.schema} path="" texts={[]} value={value} onChange={change} skip={skip} />
        ) : (
          <WholeField schema={schema} value={value} onChange={change} />
        )}
      </Stack>
    </FormProvider>
  );
}

function drawField(props: FieldViewProps) {
  return <FieldView {...props} />;
}

/** A configuration that is no plain object, such as one of several kinds. */
function WholeField(props: Pick<FieldViewProps, 'schema' | 'value' | 'onChange'>) {
  const { t } = useTranslation('form');
  // An empty configuration is one where nothing has been chosen yet.
  return <FieldView {...props} name="" path="" texts={[]} isRequired label={t('configuration')} />;
}

function TopProblems({ problems }: { readonly problems: readonly FieldProblem[] }) {
  const { t } = useTranslation('form');
  if (problems.length === 0) return null;
  const isError = problems.some(({ severity }) => severity === 'error');
  return (
    <Alert
      color={isError ? 'red' : 'orange'}
      icon={<IconAlertTriangle aria-hidden />}
      title={isError ? t('hasErrors') : t('hasWarnings')}
    >
      {problems.map(({ path, message }) => (
        <Text key={`${path} ${message}`} size="sm">
          {message}
        </Text>
      ))}
    </Alert>
  );
}
