// Objects inside of the configuration: added when they are needed, and taken away again.

import { useTranslation } from 'react-i18next';
import { AddButton, RemoveButton, Section, useFieldLook } from './field-look.tsx';
import { type FieldViewProps, useForm } from './form-context.tsx';
import { isObject } from './json-schema.ts';
import { ObjectFields } from './object-fields.tsx';
import { initialValue } from './update.ts';

export interface GroupFieldProps extends FieldViewProps {
  readonly isNullable: boolean;
}

export function GroupField(props: GroupFieldProps) {
  const { t } = useTranslation('form');
  const { root } = useForm();
  const { schema, value, onChange, isRequired, isNullable, path, texts } = props;
  const { look } = useFieldLook(props);
  const fallback = isObject(schema.default) ? schema.default : undefined;
  const isOptional = (!isRequired && fallback === undefined) || isNullable;
  const current = isObject(value) ? value : value === undefined ? fallback : undefined;
  const fields = <ObjectFields schema={schema} path={path} texts={texts} value={current ?? {}} onChange={onChange} />;
  // The member of a list has its card for a frame and a name.
  if (props.label !== undefined) return fields;
  if (!isOptional) {
    return (
      <Section look={look} isFramed>
        {fields}
      </Section>
    );
  }
  if (current === undefined) {
    return (
      <Section
        look={look}
        actions={
          !look.readOnly && (
            <AddButton
              onClick={() => onChange(initialValue({ ...schema, default: undefined }, root))}
              label={t('addTo', { label: look.label })}
            >
              {t('add')}
            </AddButton>
          )
        }
      />
    );
  }
  return (
    <Section
      look={look}
      isFramed
      actions={
        !look.readOnly && (
          <RemoveButton label={t('removeItem', { name: look.label })} onClick={() => onChange(isRequired ? null : undefined)} />
        )
      }
    >
      {fields}
    </Section>
  );
}
