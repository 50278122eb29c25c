// Tests that are clicked together: comparisons of two values, in groups of which all or any must be true.

import { Button, Group, SegmentedControl, Select, Stack, TagsInput, Text } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { TemplateInput } from '../variables/template-input.tsx';
import { ValueInput } from '../variables/value-input.tsx';
import { RemoveButton, Section, useFieldLook } from './field-look.tsx';
import { wordsOf } from './field-text.ts';
import classes from './form.module.css';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { useItemKeys } from './item-keys.ts';
import { isObject, type JsonSchema, propertiesOf, resolveSchema, schemaAt } from './json-schema.ts';
import { sentence } from './sentence.ts';
import {
  isTemplate,
  isUnary,
  junctionOf,
  NEW_COMPARISON,
  setJunction,
  setOperator,
  setTerms,
  type Term,
  takesList,
  termsOf,
} from './test-terms.ts';
import { removeItem, removeProperty, setProperty } from './update.ts';
import { joinPath } from './value-path.ts';

/** Groups in groups, as far as they can be read beside each other. The server takes more. */
const MAX_DEPTH = 4;

export function TestBuilder(props: FieldViewProps) {
  const { root } = useForm();
  const { value, onChange, schema, path } = props;
  const { look } = useFieldLook(props);
  const group: Term = isObject(value) ? value : { all: [NEW_COMPARISON] };
  return (
    <Section look={look}>
      <GroupOfTerms group={group} path={path} depth={1} operators={operatorsOf(schema, root)} onChange={onChange} />
    </Section>
  );
}

/** The operators that the schema names, so that one more needs no change here. */
function operatorsOf(schema: JsonSchema, root: JsonSchema): string[] {
  const candidates = [schema, ...(Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject) : [])];
  for (const candidate of candidates) {
    const list = propertiesOf(resolveSchema(candidate, root)).find(([name]) => name === 'all')?.[1];
    const item = list && schemaAt(resolveSchema(list, root), 'items');
    const operator = item && schemaAt(resolveSchema(item, root), 'properties')?.operator;
    const values = isObject(operator) ? resolveSchema(operator, root).enum : undefined;
    if (Array.isArray(values)) return values.filter((name) => typeof name === 'string');
  }
  return [];
}

interface GroupOfTermsProps {
  readonly group: Term;
  readonly path: string;
  readonly depth: number;
  readonly operators: readonly string[];
  readonly onChange: (group: Term) => void;
  readonly onRemove?: () => void;
}

function GroupOfTerms({ group, path, depth, operators, onChange, onRemove }: GroupOfTermsProps) {
  const { t } = useTranslation('form');
  const { isReadOnly, problems } = useForm();
  const junction = junctionOf(group) ?? 'all';
  const terms = termsOf(group);
  const itemKeys = useItemKeys(terms.length);
  const errors = depth === 1 ? [] : (problems.get(path) ?? []);
  const add = (term: Term): void => {
    itemKeys.append();
    onChange(setTerms(group, [...terms, term]));
  };
  const remove = (index: number): void => {
    itemKeys.remove(index);
    onChange(setTerms(group, removeItem(terms, index)));
  };
  return (
    <Stack gap={8} className={classes.group} role="group" aria-label={t(`test.${junction}`)}>
      <Group gap={6} wrap="nowrap" justify="space-between">
        <SegmentedControl
          size="xs"
          aria-label={t('test.junction')}
          data={[
            { value: 'all', label: t('test.all') },
            { value: 'any', label: t('test.any') },
          ]}
          value={junction}
          readOnly={isReadOnly}
          onChange={(next) => onChange(setJunction(group, next === 'any' ? 'any' : 'all'))}
        />
        {onRemove && !isReadOnly && <RemoveButton label={t('test.removeGroup')} onClick={onRemove} />}
      </Group>
      {terms.map((term, index) => {
        const termPath = joinPath(joinPath(path, junction), index);
        const change = (next: Term): void =>
          onChange(
            setTerms(
              group,
              terms.map((old, at) => (at === index ? next : old)),
            ),
          );
        const onRemoveTerm = terms.length > 1 || depth > 1 ? () => (terms.length > 1 ? remove(index) : onRemove?.()) : undefined;
        const inner = { path: termPath, operators, onChange: change, ...(onRemoveTerm ? { onRemove: onRemoveTerm } : {}) };
        return junctionOf(term) === undefined ? (
          <Comparison key={itemKeys.keys[index]} {...inner} comparison={term} number={index + 1} />
        ) : (
          <GroupOfTerms key={itemKeys.keys[index]} {...inner} group={term} depth={depth + 1} />
        );
      })}
      <Messages problems={errors} />
      {!isReadOnly && (
        <Group gap={6}>
          <Button
            size="compact-sm"
            variant="subtle"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => add(NEW_COMPARISON)}
          >
            {t('test.add')}
          </Button>
          {depth < MAX_DEPTH && (
            <Button
              size="compact-sm"
              variant="subtle"
              leftSection={<IconPlus size={14} aria-hidden />}
              onClick={() => add({ [junction === 'all' ? 'any' : 'all']: [NEW_COMPARISON] })}
            >
              {t('test.addGroup')}
            </Button>
          )}
        </Group>
      )}
    </Stack>
  );
}

interface ComparisonProps {
  readonly comparison: Term;
  readonly path: string;
  readonly number: number;
  readonly operators: readonly string[];
  readonly onChange: (comparison: Term) => void;
  readonly onRemove?: () => void;
}

function Comparison({ comparison, path, number, operators, onChange, onRemove }: ComparisonProps) {
  const { t, i18n } = useTranslation('form');
  const { isReadOnly, problems } = useForm();
  const found = problems.get(path) ?? [];
  const { operator } = comparison;
  const side = (name: 'left' | 'right', value: unknown): void =>
    onChange(value === undefined ? removeProperty(comparison, name) : setProperty(comparison, name, value));
  const nameOf = (one: string): string => (i18n.exists(`form:operators.${one}`) ? t(`operators.${one}`) : wordsOf(one));
  return (
    <div
      className={classes.comparison}
      data-lonely={onRemove === undefined || isReadOnly || undefined}
      data-problem={found.some(({ severity }) => severity === 'error') || undefined}
    >
      <div className={`${classes.sides} ${classes.bare}`}>
        <Side
          label={t('test.left', { number })}
          placeholder={t('test.leftHint')}
          value={comparison.left}
          onChange={(value) => side('left', value)}
        />
        <Select
          label={t('test.operator', { number })}
          data={operators.map((one) => ({ value: one, label: nameOf(one) }))}
          value={typeof operator === 'string' ? operator : null}
          placeholder={t('choose')}
          allowDeselect={false}
          searchable
          readOnly={isReadOnly}
          onChange={(next) => {
            if (next !== null) onChange(setOperator(comparison, next));
          }}
        />
        {!isUnary(operator) &&
          (takesList(operator) ? (
            <ListSide label={t('test.right', { number })} value={comparison.right} onChange={(value) => side('right', value)} />
          ) : (
            <Side
              label={t('test.right', { number })}
              placeholder={t('test.rightHint')}
              value={comparison.right}
              onChange={(value) => side('right', value)}
            />
          ))}
        <Messages problems={found} />
      </div>
      {onRemove && !isReadOnly && <RemoveButton label={t('test.remove', { number })} onClick={onRemove} />}
    </div>
  );
}

interface SideProps {
  readonly label: string;
  readonly placeholder?: string;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

/** A text compares with numbers as a number does, so that all simple values are written as text. */
function Side({ label, placeholder, value, onChange }: SideProps) {
  const { isReadOnly } = useForm();
  if (typeof value === 'object' && value !== null) {
    return <ValueInput label={label} value={value} readOnly={isReadOnly} hasResult={false} onChange={onChange} />;
  }
  return (
    <TemplateInput
      label={label}
      placeholder={placeholder}
      value={value === undefined ? '' : String(value)}
      readOnly={isReadOnly}
      // Two of them and an operator stand in a row; the chips tell their values.
      hasResult={false}
      onChange={onChange}
    />
  );
}

function ListSide({ label, value, onChange }: SideProps) {
  const { t } = useTranslation('form');
  const { isReadOnly } = useForm();
  if (typeof value === 'object' && value !== null && !isListOfTexts(value)) {
    return <ValueInput label={label} value={value} readOnly={isReadOnly} hasResult={false} onChange={onChange} />;
  }
  const tags = Array.isArray(value) ? value.map(String) : value === undefined || value === '' ? [] : [String(value)];
  return (
    <TagsInput
      label={label}
      placeholder={tags.length === 0 ? t('test.listHint') : undefined}
      value={tags}
      readOnly={isReadOnly}
      onChange={(next) => {
        const [only] = next;
        // One variable is the list itself.
        onChange(next.length === 1 && isTemplate(only) ? only : next);
      }}
    />
  );
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item !== 'object');
}

function Messages({ problems }: { readonly problems: readonly { readonly message: string; readonly severity: string }[] }) {
  return (
    <>
      {problems.map(({ message, severity }) => (
        <Text key={message} size="xs" c={severity === 'error' ? 'var(--mantine-color-error)' : 'dimmed'}>
          {sentence(message)}
        </Text>
      ))}
    </>
  );
}
