// Finds the places of a configuration where its schema takes any value, so that a template there needs no check when it is
// rendered.

import { z } from 'zod';
import { isRecord, type Segment } from './path.ts';

/**
 * Whether `schema` takes whatever stands at a place inside `value` (at it, or at something around it, is `z.unknown()` or
 * `z.any()` without a check of its own). Refinements around it do not count: one that looks into a place that takes anything
 * sees the template as it is written. Kinds of schema that are not known here count as particular.
 */
export function isOpenPlace(schema: z.core.$ZodType, value: unknown, place: readonly Segment[]): boolean {
  if (schema instanceof z.ZodUnknown || schema instanceof z.ZodAny) return (schema.def.checks ?? []).length === 0;
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    return isOpenPlace(schema.def.innerType, value, place);
  }
  if (schema instanceof z.ZodLazy) return isOpenPlace(schema.def.getter(), value, place);
  if (schema instanceof z.ZodUnion) {
    // The member that takes the value as it is written is the one that will take it rendered.
    return schema.def.options.some((member) => z.safeParse(member, value).success && isOpenPlace(member, value, place));
  }
  if (schema instanceof z.ZodPipe && schema.def.in instanceof z.ZodTransform) {
    // A preprocessing step that only looks hands the value on as it is.
    const prepared = z.safeParse(schema.def.in, value);
    return prepared.success && prepared.data === value && isOpenPlace(schema.def.out, value, place);
  }
  const [first, ...rest] = place;
  if (schema instanceof z.ZodObject && typeof first === 'string' && isRecord(value) && Object.hasOwn(schema.shape, first)) {
    const inner: z.core.$ZodType | undefined = schema.shape[first];
    return inner !== undefined && isOpenPlace(inner, value[first], rest);
  }
  if (schema instanceof z.ZodArray && typeof first === 'number' && Array.isArray(value)) {
    return isOpenPlace(schema.def.element, value[first], rest);
  }
  return false;
}
