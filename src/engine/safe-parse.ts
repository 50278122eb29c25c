// Pure: zod's `safeParse` for input from outside, which may throw all the same.

import { z } from 'zod';

/** What V8 says when an object is compared with a number and has no way to become one. */
const NOT_PRIMITIVE = 'Cannot convert object to primitive value';

/**
 * The length checks of zod 4 also look at what is no text and no list: an object with a field `length` is measured by it,
 * and when that field is an object such as `{ "toString": null }`, comparing it throws.
 */
export function safeParse<Output>(
  schema: z.ZodType<Output>,
  input: unknown,
  params?: Parameters<z.ZodType['safeParse']>[1],
): z.ZodSafeParseResult<Output> {
  try {
    return schema.safeParse(input, params);
  } catch (error) {
    if (!(error instanceof TypeError) || error.message !== NOT_PRIMITIVE) throw error;
    return z.custom<Output>(() => false, 'has an object with a field "length" where text or a list must be').safeParse(input);
  }
}
