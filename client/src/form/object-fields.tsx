// The properties of an object: important ones first, rarely needed ones folded away, and those that the schema does not know.

import { Badge, Button, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import { useId, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { fieldOf } from './field-kind.ts';
import classes from './form.module.css';
import { InnerField, useForm } from './form-context.tsx';
import { isObject, type JsonObject, type JsonSchema, propertiesOf, requiredOf, resolveSchema } from './json-schema.ts';
import { afterLanguage, languageOf } from './language-switch.ts';
import { useLatest, useStableTexts } from './stable.ts';
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
  const latest = useLatest({ value, onChange });
  const place = useStableTexts(texts);
  // Handlers and paths of texts stay the same while one types, so that the other fields are not drawn again.
  const properties = useMemo(
    () =>
      propertiesOf(schema).map(([name, property]) => ({
        name,
        schema: property,
        path: joinPath(path, name),
        texts: [...place, 'fields', name],
        kind: fieldOf(property, root, name).kind.kind,
        isAdvanced: resolveSchema(property, root).advanced === true || matchesPath(joinPath(path, name), advanced),
        onChange: (next: unknown): void => {
          const { current } = latest;
          const changed = withConstants(setProperty(current.value, name, next), schema, root);
          current.onChange(afterLanguage(name, current.value, changed, { schema, root, path, remembered }));
        },
      })),
    [schema, root, path, place, advanced, remembered, latest],
  );
  const shown = properties.filter(({ name, kind }) => !skip.includes(name) && kind !== 'constant' && kind !== 'nothing');
  const some = shown.filter(({ isAdvanced }) => !isAdvanced);
  // Where everything is rarely needed, nothing is.
  const main = some.length === 0 ? shown : some;
  const more = some.length === 0 ? [] : shown.filter(({ isAdvanced }) => isAdvanced);
  const draw = (property: (typeof properties)[number]) => (
    <InnerField
      key={property.name}
      name={property.name}
      schema={property.schema}
      path={property.path}
      texts={property.texts}
      value={Object.hasOwn(value, property.name) ? value[property.name] : undefined}
      onChange={property.onChange}
      isRequired={required.has(property.name)}
      source={value.source}
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
  const [chosen, setOpen] = useState<boolean | undefined>(undefined);
  const places = properties.map(({ name }) => joinPath(path, name));
  const hasProblem = [...problems.keys()].some((place) => places.some((start) => place.startsWith(start)));
  // What a problem opened stays open when the problem is solved: the one who solved it is still typing there.
  if (chosen === undefined && hasProblem) setOpen(true);
  const isOpen = chosen ?? false;
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
