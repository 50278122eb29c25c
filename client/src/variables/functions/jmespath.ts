// The functions of JMESPath in its community edition.

import { functionList } from './function-list.ts';

export const JMESPATH_FUNCTIONS = functionList(`
  abs(number) Without its sign.
  avg(numbers) The mean of a list of numbers.
  ceil(number) Rounded up.
  contains(listOrText, part) Whether a list has an element, or a text a part.
  ends_with(text, ending) Whether a text ends so.
  find_first(text, part, start?, end?) The position of the first occurrence, or null.
  find_last(text, part, start?, end?) The position of the last occurrence, or null.
  floor(number) Rounded down.
  from_items(pairs) An object from a list of [name, value].
  group_by(list, &expression) The elements by what an expression gives for each.
  items(object) The members of an object as a list of [name, value].
  join(separator, texts) The texts of a list in one.
  keys(object) The names in an object.
  length(value) How long a text, a list or an object is.
  lower(text) The text in small letters.
  map(&expression, list) What an expression gives for each element.
  max(list) The largest number or the last text.
  max_by(list, &expression) The element for which an expression gives the largest value.
  merge(objects) The members of several objects in one; later ones win.
  min(list) The smallest number or the first text.
  min_by(list, &expression) The element for which an expression gives the smallest value.
  not_null(values) The first value that is not null.
  pad_left(text, width, filler?) The text filled up on the left.
  pad_right(text, width, filler?) The text filled up on the right.
  replace(text, old, new, count?) The text with occurrences replaced.
  reverse(listOrText) From the end.
  sort(list) The list in order.
  sort_by(list, &expression) The list in the order of what an expression gives for each.
  split(text, separator, count?) The parts of a text as a list.
  starts_with(text, beginning) Whether a text begins so.
  sum(numbers) The sum of a list of numbers.
  to_array(value) A list; a single value as a list of one.
  to_number(value) A number, or null when it is none.
  to_string(value) The value as text; objects and lists as JSON.
  trim(text, characters?) The text without spaces, or these characters, at its ends.
  trim_left(text, characters?) The same at its start only.
  trim_right(text, characters?) The same at its end only.
  type(value) The name of a value's type.
  upper(text) The text in capital letters.
  values(object) The values in an object.
  zip(lists) The first elements of all lists together, then the second, and so on.
`);
