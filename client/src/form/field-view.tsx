// Draws one field: chooses its input by the kind of its schema, and shows a value that does not fit as it is.

import { Box, Button, Group } from '@mantine/core';
import { memo, type ReactNode, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { ExpressionEngine } from '../../../src/engine/plugin.ts';
import { CodeEditor } from '../variables/code-editor.tsx';
import { ExpressionEditor } from '../variables/expression-editor.tsx';
import { TemplateInput } from '../variables/template-input.tsx';
import { ValueInput } from '../variables/value-input.tsx';
import { AlternativesField } from './alternatives-field.tsx';
import { ChoiceField, SwitchField } from './choice-field.tsx';
import { type Field, fieldOf, fits } from './field-kind.ts';
import { useFieldLook, Warnings } from './field-look.tsx';
import classes from './form.module.css';
import { type FieldViewProps, FormProvider, useForm } from './form-context.tsx';
import { GroupField } from './group-field.tsx';
import { CLICKED } from './language-switch.ts';
import { CardsField, TableField } from './list-field.tsx';
import { NumberField } from './number-field.tsx';
import { RecordField } from './record-field.tsx';
import { ReferenceField } from './reference-field.tsx';
import { SecretField } from './secret-field.tsx';
import { TagsField } from './tags-field.tsx';
import { TestBuilder } from './test-builder.tsx';
import { TextField } from './text-field.tsx';
import { matchesPath } from './value-path.ts';
import { VariantsField } from './variants-field.tsx';

/** Drawn again when something of it has changed, not with each letter that is typed elsewhere. */
export const FieldView = memo(function FieldView(given: FieldViewProps) {
  const form = useForm();
  const field = fieldOf(given.schema, form.root, given.name);
  const props = { ...given, schema: field.schema };
  const { templates } = field.schema;
  const input = (
    <Box className={classes.field} data-field={props.path}>
      <FieldInput {...props} field={field} />
      <Warnings path={props.path} />
    </Box>
  );
  if (typeof templates !== 'boolean' || templates === form.hasTemplates) return input;
  return <OwnTemplates hasTemplates={templates}>{input}</OwnTemplates>;
});

/** A part of the form where templates are, or are not, filled in, unlike around it. */
function OwnTemplates({ hasTemplates, children }: { readonly hasTemplates: boolean; readonly children: ReactNode }) {
  const form = useForm();
  const inside = useMemo(() => ({ ...form, hasTemplates }), [form, hasTemplates]);
  return <FormProvider value={inside}>{children}</FormProvider>;
}

interface FieldInputProps extends FieldViewProps {
  readonly field: Field;
}

function FieldInput({ field, ...props }: FieldInputProps) {
  const form = useForm();
  const { kind, isNullable } = field;
  const { value, path } = props;
  if (matchesPath(path, form.scripts) && (value === undefined || typeof value === 'string')) return <ScriptField {...props} />;
  if (matchesPath(path, form.expressions) && (value === undefined || typeof value === 'string')) {
    const isClicked = props.language === undefined || props.language === CLICKED;
    if (kind.kind !== 'test-or-text' || !isClicked) return <ExpressionField {...props} />;
    if (typeof value === 'string') return <OtherValue {...props} field={field} />;
  }
  // Null takes one away.
  if (kind.kind === 'text' && kind.isSecret && value === null) return <SecretField {...props} />;
  if (!fits(value, field)) return <OtherValue {...props} field={field} />;
  switch (kind.kind) {
    case 'text':
      if (kind.isSecret) return <SecretField {...props} />;
      if (typeof field.schema.reference === 'string') return <ReferenceField {...props} to={field.schema.reference} />;
      return <TextField {...props} kind={kind} isNullable={isNullable} />;
    case 'number':
      return <NumberField {...props} kind={kind} isNullable={isNullable} />;
    case 'switch':
      return <SwitchField {...props} />;
    case 'choice':
      return <ChoiceField {...props} options={kind.options} />;
    case 'test':
    case 'test-or-text':
      return <TestBuilder {...props} />;
    case 'group':
      return <GroupField {...props} isNullable={isNullable} />;
    case 'table':
      return <TableField {...props} item={kind.item} />;
    case 'cards':
      return <CardsField {...props} item={kind.item} />;
    case 'tags':
      return <TagsField {...props} ofNumbers={kind.ofNumbers} options={kind.options} />;
    case 'record':
      return <RecordField {...props} item={kind.item} />;
    case 'variants':
      return <VariantsField {...props} tag={kind.tag} variants={kind.variants} isNullable={isNullable} />;
    case 'alternatives':
      return <AlternativesField {...props} alternatives={kind.alternatives} isNullable={isNullable} />;
    case 'any':
      return <AnyField {...props} />;
    case 'constant':
    case 'nothing':
      return null;
  }
}

const ENGINES: readonly ExpressionEngine[] = ['jsonata', 'json-schema', 'mathjs', 'formula', 'jsonpath', 'jmespath', 'template'];

function ExpressionField(props: FieldViewProps) {
  const { value, onChange, isRequired, source, language } = props;
  const { look } = useFieldLook(props);
  const engine = ENGINES.find((one) => one === language);
  const text = typeof value === 'string' ? value : '';
  const change = (next: string): void => onChange(next === '' && !isRequired ? undefined : next);
  if (engine === undefined || engine === 'template') return <TemplateInput {...look} multiline value={text} onChange={change} />;
  return <ExpressionEditor {...look} engine={engine} value={text} onChange={change} source={source} />;
}

function ScriptField(props: FieldViewProps) {
  const { value, onChange, isRequired } = props;
  const { look } = useFieldLook(props);
  const text = typeof value === 'string' ? value : '';
  return (
    <CodeEditor
      {...look}
      language="javascript"
      value={text}
      minLines={8}
      maxLines={30}
      onChange={(next) => onChange(next === '' && !isRequired ? undefined : next)}
    />
  );
}

function AnyField(props: FieldViewProps) {
  const { look } = useFieldLook(props);
  const { value, onChange, isCell = false, hasRoom = !isCell } = props;
  return <ValueInput {...look} value={value} onChange={onChange} hasResult={hasRoom} />;
}

/** A stored value that the field's own input cannot show: a variable in its place, or what another version once took. */
function OtherValue({ field, ...props }: FieldInputProps) {
  const { t } = useTranslation('form');
  const { look } = useFieldLook(props);
  const { value, onChange } = props;
  if (field.kind.kind === 'number' && typeof value === 'string') {
    return <NumberField {...props} kind={field.kind} isNullable={field.isNullable} />;
  }
  return (
    <Box>
      {typeof value === 'string' ? (
        <TemplateInput {...look} placeholder={undefined} value={value} onChange={onChange} />
      ) : (
        <ValueInput {...look} value={value} onChange={onChange} />
      )}
      {!look.readOnly && (
        <Group justify="flex-end" mt={4}>
          <Button size="compact-xs" variant="subtle" onClick={() => onChange(undefined)}>
            {t('startAnew')}
          </Button>
        </Group>
      )}
    </Box>
  );
}
