// The functions of JSONata; in expressions they are written with a `$`.

import { functionList } from './function-list.ts';

export const JSONATA_FUNCTIONS = functionList(`
  sum(numbers) The sum of a list of numbers.
  count(list) How many elements a list has.
  max(numbers) The largest number of a list.
  min(numbers) The smallest number of a list.
  average(numbers) The mean of a list of numbers.
  string(value, pretty?) The value as text; objects and lists as JSON.
  substring(text, start, length?) A part of a text, from a position that counts from 0.
  substringBefore(text, mark) What stands before the first mark.
  substringAfter(text, mark) What stands behind the first mark.
  lowercase(text) The text in small letters.
  uppercase(text) The text in capital letters.
  length(text) How many characters a text has.
  trim(text) The text without spaces at its ends, and single ones inside.
  pad(text, width, filler?) The text filled up to a width; a negative width fills on the left.
  match(text, pattern, limit?) Every match of a pattern, with its groups.
  contains(text, part) Whether a text contains another, or matches a pattern.
  replace(text, pattern, replacement, limit?) The text with matches replaced.
  split(text, separator, limit?) The parts of a text as a list.
  join(texts, separator?) The texts of a list in one.
  formatNumber(number, picture, options?) A number as text, such as '#,##0.00'.
  formatBase(number, base?) A number in another base, such as 2 or 16.
  formatInteger(number, picture) A whole number in words, letters or Roman digits.
  parseInteger(text, picture) The whole number that a text writes.
  number(value) Text or yes/no as a number.
  floor(number) Rounded down.
  ceil(number) Rounded up.
  round(number, digits?) Rounded to a number of digits; halves go to the even neighbour.
  abs(number) Without its sign.
  sqrt(number) The square root.
  power(base, exponent) A number raised to a power.
  random() A number from 0 up to, not including, 1.
  boolean(value) Whether a value counts as true.
  not(value) The opposite of whether it counts as true.
  map(list, function) What a function gives for each element.
  zip(lists) The first elements of all lists together, then the second, and so on.
  filter(list, function) The elements for which a function is true.
  single(list, function?) The one element for which a function is true; an error when there are more or none.
  reduce(list, function, start?) One value from a list, element by element.
  sift(object, function) The members of an object for which a function is true.
  keys(object) The names in an object.
  lookup(object, name) The value of a name, also one that is computed.
  append(first, second) Two lists, or values, as one list.
  exists(value) Whether there is a value at all.
  spread(object) An object as a list of objects with one member each.
  merge(objects) The members of a list of objects in one; later ones win.
  reverse(list) The list from its end.
  each(object, function) What a function gives for each member of an object.
  error(message?) Ends the expression with this error.
  assert(condition, message?) Ends the expression with an error unless the condition is true.
  type(value) The name of a value's type.
  sort(list, function?) The list in order; the function says which of two comes later.
  shuffle(list) The list in an order of chance.
  distinct(list) The list without repetitions.
  base64encode(text) The text in Base64.
  base64decode(text) What a Base64 text says.
  encodeUrlComponent(text) The text as it stands in a part of a URL.
  encodeUrl(text) The text as a URL, with what is not allowed escaped.
  decodeUrlComponent(text) What an escaped part of a URL says.
  decodeUrl(text) What an escaped URL says.
  eval(text, input?) What another expression gives.
  toMillis(text, picture?) A moment in ISO 8601 as milliseconds since 1970.
  fromMillis(milliseconds, picture?, zone?) Milliseconds since 1970 as text, such as '[D]-[M]-[Y0001]'.
  clone(value) A copy of a value.
  now(picture?, zone?) This moment as text in ISO 8601.
  millis() This moment in milliseconds since 1970.
`);
