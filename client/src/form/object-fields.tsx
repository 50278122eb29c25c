// The properties of an object: important ones first, rarely needed ones folded away, and those that the schema does not know.

import { Badge, Button, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useId, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf } from './field-kind.ts';
import classes from './form.module.css';
import { InnerField, useForm } from './form-context.tsx';
import { isObject, type JsonObject, type JsonSchema, propertiesOf, requiredOf, resolveSchema } from './json-schema.ts';
import { afterLanguage, languageOf } from './language-switch.ts';
import { removeProperty, setProperty, withConstants } from './update.ts';
import { joinPath, matchesPath } from './value-path.ts';

export interface ObjectFieldsProps {
  readonly schema: JsonSchema;
  readonly path: string;
  readonly texts: readonly string[];
  readonly value: JsonObject;
  readonly onChange: (value: Record<string, unknown>) => void;
  /** Properties that somebody else draws. */
  readonly skip?: readonly string[];
}

interface Property {
  readonly name: string;
  readonly schema: JsonSchema;
}

export function ObjectFields({ schema, path, texts, value, onChange, skip = [] }: ObjectFieldsProps) {
  const { root, advanced, remembered } = useForm();
  const required = requiredOf(schema);
  const language = languageOf(value, schema);
  const shown = propertiesOf(schema)
    .map(([name, property]) => ({ name, schema: property, field: fieldOf(property, root, name) }))
    .filter(({ name, field: { kind } }) => !skip.includes(name) && kind.kind !== 'constant' && kind.kind !== 'nothing');
  const isAdvanced = (property: Property): boolean =>
    resolveSchema(property.schema, root).advanced === true || matchesPath(joinPath(path, property.name), advanced);
  const some = shown.filter((property) => !isAdvanced(property));
  // Where everything is rarely needed, nothing is.
  const main = some.length === 0 ? shown : some;
  const more = some.length === 0 ? [] : shown.filter(isAdvanced);
  const change = (name: string, next: unknown): void => {
    const changed = withConstants(setProperty(value, name, next), schema, root);
    onChange(afterLanguage(name, value, changed, { schema, root, path, remembered }));
  };
  const draw = ({ name, schema: property }: Property) => (
    <InnerField
      key={name}
      name={name}
      schema={property}
      path={joinPath(path, name)}
      texts={[...texts, 'fields', name]}
      value={Object.hasOwn(value, name) ? value[name] : undefined}
      onChange={(next) => change(name, next)}
      isRequired={required.has(name)}
      siblings={value}
      language={language}
    />
  );
  return (
    <Stack gap="md">
      {inPairs(main).map((pair) => drawPair(pair, draw))}
      {more.length > 0 && (
        <MoreSettings path={path} properties={more} value={value}>
          {inPairs(more).map((pair) => drawPair(pair, draw))}
        </MoreSettings>
      )}
      <UnknownProperties schema={schema} value={value} onRemove={(name) => onChange(removeProperty(value, name))} />
    </Stack>
  );
}

/** An amount and its unit stand side by side. */
function inPairs<Item extends Property>(properties: readonly Item[]): Item[][] {
  const pairs: Item[][] = [];
  for (const property of properties) {
    const before = pairs.at(-1);
    const isUnit = /^unit$|Unit$/.test(property.name) && Array.isArray(property.schema.enum);
    if (isUnit && before?.length === 1 && before[0] && isAmount(before[0])) before.push(property);
    else pairs.push([property]);
  }
  return pairs;
}

function isAmount({ schema }: Property): boolean {
  const types = [schema, ...(Array.isArray(schema.anyOf) ? schema.anyOf.filter(isObject) : [])].map(({ type }) => type);
  return types.some((type) => type === 'number' || type === 'integer');
}

function drawPair<Item extends Property>(pair: readonly Item[], draw: (property: Item) => React.ReactNode): React.ReactNode {
  const [first] = pair;
  if (first === undefined) return null;
  if (pair.length === 1) return draw(first);
  return (
    <div key={first.name} className={classes.pair}>
      {pair.map(draw)}
    </div>
  );
}

interface MoreSettingsProps {
  readonly path: string;
  readonly properties: readonly Property[];
  readonly value: JsonObject;
  readonly children: React.ReactNode;
}

function MoreSettings({ path, properties, value, children }: MoreSettingsProps) {
  const { t } = useTranslation('form');
  const { problems } = useForm();
  const id = useId();
  const [isChosenOpen, setOpen] = useState<boolean | undefined>(undefined);
  const places = properties.map(({ name }) => joinPath(path, name));
  const hasProblem = [...problems.keys()].some((place) => places.some((start) => place.startsWith(start)));
  const isOpen = isChosenOpen ?? hasProblem;
  const set = properties.filter(({ name }) => Object.hasOwn(value, name)).length;
  return (
    <div>
      <UnstyledButton className={classes.more} aria-expanded={isOpen} aria-controls={id} onClick={() => setOpen(!isOpen)}>
        <IconChevronRight size={16} className={classes.chevron} data-open={isOpen || undefined} aria-hidden />
        {t('more')}
        {set > 0 && (
          <Badge className="hl-badge" size="sm" variant="light" color="gray" tt="none">
            {t('moreSet', { count: set })}
          </Badge>
        )}
      </UnstyledButton>
      {isOpen && (
        <Stack id={id} gap="md" pt="xs">
          {children}
        </Stack>
      )}
    </div>
  );
}

interface UnknownPropertiesProps {
  readonly schema: JsonSchema;
  readonly value: JsonObject;
  readonly onRemove: (name: string) => void;
}

/** What is stored and no field shows: kept until somebody removes it. */
function UnknownProperties({ schema, value, onRemove }: UnknownPropertiesProps) {
  const { t } = useTranslation('form');
  const { isReadOnly } = useForm();
  const known = new Set(propertiesOf(schema).map(([name]) => name));
  const unknown = Object.entries(value).filter(([name]) => !known.has(name));
  if (unknown.length === 0) return null;
  return (
    <Stack gap={6}>
      {unknown.map(([name, content]) => (
        <div key={name} className={classes.unknown}>
          <Text span size="xs">
            {t('unknown', { name })}
          </Text>
          <code>{JSON.stringify(content)}</code>
          {!isReadOnly && (
            <Button
              size="compact-xs"
              variant="default"
              ml="auto"
              aria-label={t('removeItem', { name })}
              onClick={() => onRemove(name)}
              className={classes.shrink}
            >
              {t('common:remove')}
            </Button>
          )}
        </div>
      ))}
    </Stack>
  );
}
