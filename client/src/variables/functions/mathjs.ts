// The functions of Math.js that workflows use; it has more, for matrices, units and physics.

import { functionList } from './function-list.ts';

export const MATHJS_FUNCTIONS = functionList(`
  abs(x) Without its sign.
  add(x, y) The sum; the same as x + y.
  subtract(x, y) The difference; the same as x - y.
  multiply(x, y) The product; the same as x * y.
  divide(x, y) The quotient; the same as x / y.
  mod(x, y) What is left over by a division.
  pow(x, y) x raised to the power y; the same as x ^ y.
  sqrt(x) The square root.
  cbrt(x) The cube root.
  nthRoot(x, root?) A root of any degree.
  square(x) x times x.
  cube(x) x times x times x.
  exp(x) e raised to the power x.
  log(x, base?) The logarithm, natural without a base.
  log10(x) The logarithm to the base 10.
  log2(x) The logarithm to the base 2.
  round(x, digits?) Rounded to a number of digits.
  floor(x, digits?) Rounded down.
  ceil(x, digits?) Rounded up.
  fix(x, digits?) Rounded towards zero.
  sign(x) -1, 0 or 1.
  gcd(a, b) The greatest common divisor.
  lcm(a, b) The least common multiple.
  hypot(a, b) The length of the longest side of a right triangle.
  sum(list) The sum of a list.
  prod(list) The product of a list.
  mean(list) The mean of a list.
  median(list) The value in the middle.
  mode(list) The value that is there most often.
  max(list) The largest.
  min(list) The smallest.
  std(list) The standard deviation.
  variance(list) The variance.
  quantileSeq(list, part) The value below which a part of the list lies.
  mad(list) The median absolute deviation.
  cumsum(list) The running sums of a list.
  count(list) How many elements a list or a text has.
  size(list) The dimensions of a list.
  sort(list, order?) The list in order, 'asc' or 'desc'.
  filter(list, test) The elements that pass, such as filter(list, f(x) = x > 3).
  map(list, function) What a function gives for each element.
  forEach(list, function) Calls a function for each element.
  flatten(list) A list of lists as one list.
  concat(a, b) Texts or lists joined.
  subset(value, index) A part of a list or a text, such as subset(list, index(1)).
  index(position) A position for subset; the first is 1.
  range(start, end, step?) The numbers from start to end.
  reshape(list, sizes) The elements in other dimensions.
  transpose(list) Rows become columns.
  column(list, index) One column of a table.
  row(list, index) One row of a table.
  setUnion(a, b) What is in one list or the other.
  setIntersect(a, b) What is in both lists.
  setDifference(a, b) What is in the first list only.
  setDistinct(list) The list without repetitions.
  setSize(list) How many different elements a list has.
  setIsSubset(a, b) Whether everything in the first list is in the second.
  equal(x, y) Whether two numbers are equal; the same as x == y.
  unequal(x, y) Whether they differ; the same as x != y.
  equalText(a, b) Whether two texts are equal.
  compareText(a, b) -1, 0 or 1: the order of two texts.
  compareNatural(a, b) -1, 0 or 1: the order of values of any kind.
  deepEqual(a, b) Whether two lists are equal, element by element.
  larger(x, y) Whether x is greater; the same as x > y.
  largerEq(x, y) The same as x >= y.
  smaller(x, y) Whether x is less; the same as x < y.
  smallerEq(x, y) The same as x <= y.
  and(a, b) Whether both are true; the same as a and b.
  or(a, b) Whether one is true; the same as a or b.
  not(a) The opposite; the same as not a.
  xor(a, b) Whether exactly one is true.
  isInteger(x) Whether it is a whole number.
  isNaN(x) Whether it is not a number.
  isNumeric(x) Whether it is of a number type.
  hasNumericValue(x) Whether it is a number, or a text that writes one.
  isPositive(x) Whether it is greater than 0.
  isNegative(x) Whether it is less than 0.
  isZero(x) Whether it is 0.
  isPrime(x) Whether it is a prime number.
  number(value) Text as a number.
  string(value) A value as text.
  boolean(value) A value as true or false.
  format(value, precision?) A value as text, with a number of digits.
  print(template, values, precision?) Text with $names replaced by values.
  hex(x) A whole number in base 16.
  bin(x) A whole number in base 2.
  oct(x) A whole number in base 8.
  random(min?, max?) A number of chance.
  randomInt(min?, max?) A whole number of chance.
  pickRandom(list) An element of chance.
  factorial(n) n! = 1 * 2 * … * n.
  combinations(n, k) How many ways there are to choose k of n.
  permutations(n, k?) How many ways there are to arrange k of n.
  sin(x) The sine of an angle in radians.
  cos(x) The cosine of an angle in radians.
  tan(x) The tangent of an angle in radians.
  asin(x) The angle with this sine.
  acos(x) The angle with this cosine.
  atan(x) The angle with this tangent.
  atan2(y, x) The angle of a point.
  bitAnd(x, y) The bits that both have.
  bitOr(x, y) The bits that one has.
  bitXor(x, y) The bits that exactly one has.
  unit(value, name) A number with a unit, such as unit(5, 'cm').
  to(value, unit) A value in another unit.
  typeOf(value) The name of a value's type.
`);
