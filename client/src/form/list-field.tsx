// Lists: cards that can be added, removed and moved, and tables of short texts.

import { Box, Group, Stack, Text, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowUp, IconChevronRight } from '@tabler/icons-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { type Field, fieldOf, isOneInput } from './field-kind.ts';
import { AddButton, IconButton, RemoveButton, Section, useFieldLook, Warnings } from './field-look.tsx';
import { type FieldTexts, wordsOf } from './field-text.ts';
import classes from './form.module.css';
import { type FieldViewProps, InnerField, useForm } from './form-context.tsx';
import { useItemKeys } from './item-keys.ts';
import { isObject, type JsonSchema, numberAt, propertiesOf, requiredOf } from './json-schema.ts';
import { initialItem, moveItem, removeItem, setItem, setProperty } from './update.ts';
import { joinPath } from './value-path.ts';

export interface ListFieldProps extends FieldViewProps {
  readonly item: JsonSchema;
}

interface List {
  readonly items: readonly unknown[];
  readonly keys: readonly number[];
  readonly isFull: boolean;
  add(): void;
  change(index: number, value: unknown): void;
  remove(index: number): void;
  move(from: number, to: number): void;
}

function useList({ value, onChange, schema, item, isRequired }: ListFieldProps): List {
  const { root } = useForm();
  const effective = value === undefined ? schema.default : value;
  const items = Array.isArray(effective) ? effective : [];
  const itemKeys = useItemKeys(items.length);
  const hasDefault = Array.isArray(schema.default) && schema.default.length > 0;
  const set = (next: readonly unknown[]): void => onChange(next.length === 0 && !isRequired && !hasDefault ? undefined : next);
  return {
    items,
    keys: itemKeys.keys,
    isFull: items.length >= (numberAt(schema, 'maxItems') ?? Number.POSITIVE_INFINITY),
    add: () => {
      itemKeys.append();
      set([...items, initialItem(item, root)]);
    },
    change: (index, next) => set(setItem(items, index, next)),
    remove: (index) => {
      itemKeys.remove(index);
      set(removeItem(items, index));
    },
    move: (from, to) => {
      itemKeys.move(from, to);
      set(moveItem(items, from, to));
    },
  };
}

/** From this many on, cards are closed at first. */
const MANY = 3;

export function CardsField(props: ListFieldProps) {
  const { t } = useTranslation('form');
  const { root } = useForm();
  const list = useList(props);
  const { look, texts } = useFieldLook(props);
  const [firstKeys] = useState(() => new Set(list.items.length >= MANY ? list.keys : []));
  const item = fieldOf(props.item, root, props.name);
  const inner = props.texts;
  const isPlain = isOneInput(item);
  const add = texts.extra(inner, props.name, 'add');
  return (
    <Section look={look} actions={!look.readOnly && <AddMember list={list} label={look.label} member={add} />}>
      {list.items.length > 0 && (
        <Stack gap={8}>
          {list.items.map((value, index) => {
            const path = joinPath(props.path, index);
            const key = list.keys[index];
            if (isPlain) return <PlainRow key={key} props={props} list={list} index={index} label={look.label} />;
            const title = titleOf(value, item, texts, props);
            const number = t('item', { number: index + 1 });
            return (
              <Card
                key={key}
                title={title === undefined ? number : `${index + 1}. ${title}`}
                name={title ?? number}
                path={path}
                startsClosed={key !== undefined && firstKeys.has(key)}
                isFirst={index === 0}
                isLast={index === list.items.length - 1}
                onMove={(by) => list.move(index, index + by)}
                onRemove={() => list.remove(index)}
              >
                <InnerField
                  name={props.name}
                  schema={props.item}
                  path={path}
                  texts={inner}
                  value={value}
                  onChange={(next) => list.change(index, next)}
                  isRequired
                  label={number}
                />
              </Card>
            );
          })}
        </Stack>
      )}
    </Section>
  );
}

interface PlainRowProps {
  readonly props: ListFieldProps;
  readonly list: List;
  readonly index: number;
  readonly label: string;
}

/** A member that is one input needs no card around it. */
function PlainRow({ props, list, index, label }: PlainRowProps) {
  const { t } = useTranslation('form');
  const { isReadOnly } = useForm();
  const name = t('memberOf', { label, number: index + 1 });
  return (
    <div className={`${classes.plainRow} ${classes.bare}`}>
      <InnerField
        name={props.name}
        schema={props.item}
        path={joinPath(props.path, index)}
        texts={props.texts}
        value={list.items[index]}
        onChange={(next) => list.change(index, next)}
        isRequired
        label={name}
        isCell
      />
      {!isReadOnly && (
        <Group gap={0} wrap="nowrap" mt={4}>
          <IconButton label={t('moveUp', { name })} onClick={() => list.move(index, index - 1)} disabled={index === 0}>
            <IconArrowUp size={16} aria-hidden />
          </IconButton>
          <IconButton
            label={t('moveDown', { name })}
            onClick={() => list.move(index, index + 1)}
            disabled={index === list.items.length - 1}
          >
            <IconArrowDown size={16} aria-hidden />
          </IconButton>
          <RemoveButton label={t('removeItem', { name })} onClick={() => list.remove(index)} />
        </Group>
      )}
    </div>
  );
}

const TITLE_NAMES = ['label', 'title', 'name', 'key', 'path'];

/** What stands on a card: what its member is called, or what kind it is of. */
function titleOf(value: unknown, item: Field, texts: FieldTexts, props: ListFieldProps): string | undefined {
  if (!isObject(value)) return undefined;
  const { kind, schema } = item;
  if (kind.kind === 'variants' && value[kind.tag] !== undefined) {
    const variant = value[kind.tag];
    return texts.variant(props.texts, props.name, variant).label ?? wordsOf(String(variant));
  }
  const names = [...TITLE_NAMES, ...propertiesOf(schema).map(([name]) => name)];
  const found = names.map((name) => value[name]).find((text) => typeof text === 'string' && text !== '');
  return typeof found === 'string' ? found : undefined;
}

interface CardProps {
  readonly title: string;
  /** For screen readers: "Move … up". */
  readonly name: string;
  readonly path: string;
  readonly startsClosed: boolean;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  readonly onMove: (by: 1 | -1) => void;
  readonly onRemove: () => void;
  readonly children: React.ReactNode;
}

function Card({ title, name, path, startsClosed, isFirst, isLast, onMove, onRemove, children }: CardProps) {
  const { t } = useTranslation('form');
  const { isReadOnly, problems } = useForm();
  const hasProblem = [...problems.keys()].some(
    (place) => place === path || place.startsWith(`${path}.`) || place.startsWith(`${path}[`),
  );
  const [chosen, setOpen] = useState<boolean | undefined>(undefined);
  // A card that a problem opened stays open when the problem is solved: the one who solved it is still typing there.
  if (chosen === undefined && hasProblem) setOpen(true);
  const isOpen = chosen ?? !startsClosed;
  return (
    <div className={classes.card} data-problem={hasProblem || undefined}>
      <div className={classes.cardHead}>
        <UnstyledButton className={classes.cardTitle} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
          <IconChevronRight size={16} className={classes.chevron} data-open={isOpen || undefined} aria-hidden />
          <span>{title}</span>
        </UnstyledButton>
        {!isReadOnly && (
          <>
            <IconButton label={t('moveUp', { name })} onClick={() => onMove(-1)} disabled={isFirst}>
              <IconArrowUp size={16} aria-hidden />
            </IconButton>
            <IconButton label={t('moveDown', { name })} onClick={() => onMove(1)} disabled={isLast}>
              <IconArrowDown size={16} aria-hidden />
            </IconButton>
            <RemoveButton label={t('removeItem', { name })} onClick={onRemove} />
          </>
        )}
      </div>
      {isOpen && <div className={classes.cardBody}>{children}</div>}
    </div>
  );
}

export function TableField(props: ListFieldProps) {
  const { t } = useTranslation('form');
  const { root } = useForm();
  const list = useList(props);
  const { look, texts } = useFieldLook(props);
  const item = fieldOf(props.item, root).schema;
  const required = requiredOf(item);
  const columns = propertiesOf(item).map(([name, schema]) => {
    const path = [...props.texts, 'fields', name];
    return { name, schema, path, label: texts.field(path, name, schema).label };
  });
  const add = texts.extra(props.texts, props.name, 'add');
  return (
    <Section look={look} actions={!look.readOnly && <AddMember list={list} label={look.label} member={add} />}>
      {list.items.length > 0 && (
        <Box className={classes.rows} __vars={{ '--columns': String(columns.length) }}>
          <div className={classes.row} aria-hidden>
            {columns.map(({ name, label }) => (
              <Text key={name} span className={classes.columnHead}>
                {label}
              </Text>
            ))}
            <span />
          </div>
          {list.items.map((value, index) => {
            const row = isObject(value) ? value : {};
            const path = joinPath(props.path, index);
            return (
              <div key={list.keys[index]}>
                <div className={`${classes.row} ${classes.bare}`}>
                  {columns.map((column) => (
                    <InnerField
                      key={column.name}
                      name={column.name}
                      schema={column.schema}
                      path={joinPath(path, column.name)}
                      texts={column.path}
                      value={row[column.name]}
                      onChange={(next) => list.change(index, setProperty(row, column.name, next))}
                      isRequired={required.has(column.name)}
                      label={t('memberOf', { label: column.label, number: index + 1 })}
                      isCell
                    />
                  ))}
                  {look.readOnly ? (
                    <span />
                  ) : (
                    <RemoveButton
                      label={t('removeItem', { name: t('item', { number: index + 1 }) })}
                      onClick={() => list.remove(index)}
                    />
                  )}
                </div>
                <RowProblems path={path} />
              </div>
            );
          })}
        </Box>
      )}
    </Section>
  );
}

function RowProblems({ path }: { readonly path: string }) {
  const errors = (useForm().problems.get(path) ?? []).filter(({ severity }) => severity === 'error');
  return (
    <>
      {errors.map(({ message }) => (
        <Text key={message} size="xs" c="var(--mantine-color-error)">
          {message}
        </Text>
      ))}
      <Warnings path={path} />
    </>
  );
}

interface AddMemberProps {
  readonly list: Pick<ReturnType<typeof useList>, 'add' | 'isFull'>;
  /** Of the list. */
  readonly label: string;
  /** What one member is called; undefined where nobody says. */
  readonly member: string | undefined;
}

function AddMember({ list, label, member }: AddMemberProps) {
  const { t } = useTranslation('form');
  return (
    <AddButton
      onClick={list.add}
      disabled={list.isFull}
      label={member ? t('addMember', { member, label }) : t('addTo', { label })}
    >
      {member ?? t('add')}
    </AddButton>
  );
}
