// The functions of formulas that workflows use, as in spreadsheets; there are more, for statistics, engineering and finance.

import { functionList } from './function-list.ts';

export const FORMULA_FUNCTIONS = functionList(`
  IF(test, then, else?) One value when the test is true, else the other.
  IFS(test1, value1, test2, value2) The value behind the first test that is true.
  IFERROR(value, instead) The value, or another one when it is an error.
  IFNA(value, instead) The value, or another one when nothing was found.
  SWITCH(value, case1, result1, otherwise?) The result behind the case that is equal.
  CHOOSE(number, value1, value2) The value with this number; the first is 1.
  AND(a, b) Whether all are true.
  OR(a, b) Whether one is true.
  NOT(a) The opposite.
  XOR(a, b) Whether an odd number of them is true.
  TRUE() True.
  FALSE() False.
  SUM(numbers) The sum.
  SUMIF(list, condition, sums?) The sum of what meets a condition, such as ">10".
  SUMIFS(sums, list1, condition1) The sum where several conditions are met.
  SUMPRODUCT(list1, list2) The sum of the products of elements at the same place.
  PRODUCT(numbers) The product.
  AVERAGE(numbers) The mean.
  AVERAGEIF(list, condition, values?) The mean of what meets a condition.
  COUNT(values) How many numbers there are.
  COUNTA(values) How many values are not empty.
  COUNTBLANK(values) How many values are empty.
  COUNTIF(list, condition) How many meet a condition, such as ">10".
  COUNTIFS(list1, condition1) How many meet several conditions.
  MAX(numbers) The largest.
  MIN(numbers) The smallest.
  MAXIFS(values, list1, condition1) The largest where conditions are met.
  MINIFS(values, list1, condition1) The smallest where conditions are met.
  MEDIAN(numbers) The value in the middle.
  LARGE(list, position) The largest, second largest and so on.
  SMALL(list, position) The smallest, second smallest and so on.
  RANK.EQ(number, list, order?) The place of a number in a list.
  STDEV.S(numbers) The standard deviation of a sample.
  STDEV.P(numbers) The standard deviation of everything.
  VAR.S(numbers) The variance of a sample.
  PERCENTILE.INC(list, part) The value below which a part of the list lies.
  ROUND(number, digits) Rounded to a number of digits.
  ROUNDUP(number, digits) Rounded away from zero.
  ROUNDDOWN(number, digits) Rounded towards zero.
  MROUND(number, multiple) Rounded to a multiple.
  INT(number) Rounded down to a whole number.
  TRUNC(number, digits?) Cut off behind a number of digits.
  CEILING(number, step) Rounded up to a multiple.
  FLOOR(number, step) Rounded down to a multiple.
  EVEN(number) Rounded up to an even number.
  ODD(number) Rounded up to an odd number.
  ABS(number) Without its sign.
  SIGN(number) -1, 0 or 1.
  MOD(number, divisor) What is left over by a division.
  QUOTIENT(number, divisor) The whole part of a division.
  POWER(base, exponent) A number raised to a power.
  SQRT(number) The square root.
  EXP(number) e raised to a power.
  LN(number) The natural logarithm.
  LOG(number, base?) The logarithm, to 10 without a base.
  LOG10(number) The logarithm to the base 10.
  PI() 3.14159…
  GCD(a, b) The greatest common divisor.
  LCM(a, b) The least common multiple.
  FACT(n) n! = 1 * 2 * … * n.
  COMBIN(n, k) How many ways there are to choose k of n.
  RAND() A number of chance from 0 to 1.
  RANDBETWEEN(low, high) A whole number of chance.
  CONCATENATE(text1, text2) Texts joined; the same as a & b.
  CONCAT(text1, text2) Texts or lists of texts joined.
  TEXTJOIN(separator, skipEmpty, texts) Texts joined with a separator.
  LEFT(text, count?) The first characters.
  RIGHT(text, count?) The last characters.
  MID(text, start, count) Characters from a position; the first is 1.
  LEN(text) How many characters a text has.
  FIND(part, text, start?) The position of a part; capitals matter.
  SEARCH(part, text, start?) The position of a part; capitals do not matter.
  SUBSTITUTE(text, old, new, which?) The text with a part replaced.
  REPLACE(text, start, count, new) The text with characters at a position replaced.
  UPPER(text) The text in capital letters.
  LOWER(text) The text in small letters.
  PROPER(text) Each Word With A Capital.
  TRIM(text) The text without spaces at its ends, and single ones inside.
  CLEAN(text) The text without characters that cannot be printed.
  REPT(text, times) The text repeated.
  EXACT(text1, text2) Whether two texts are equal, capitals included.
  TEXT(value, format) A value as text in a format.
  VALUE(text) Text as a number.
  NUMBERVALUE(text, decimal?, group?) Text as a number, with these separators.
  FIXED(number, digits?) A number as text with a number of digits.
  DOLLAR(number, digits?) A number as an amount of money.
  CHAR(code) The character with a code.
  CODE(text) The code of the first character.
  UNICODE(text) The Unicode number of the first character.
  UNICHAR(number) The character with a Unicode number.
  T(value) The value if it is a text.
  N(value) The value as a number.
  TODAY() Today.
  NOW() This moment.
  DATE(year, month, day) A date.
  TIME(hour, minute, second) A time of day as a part of a day.
  DATEVALUE(text) A date that a text writes, as a number of days.
  TIMEVALUE(text) A time that a text writes, as a part of a day.
  YEAR(date) The year.
  MONTH(date) The month, 1 to 12.
  DAY(date) The day of the month.
  HOUR(time) The hour.
  MINUTE(time) The minute.
  SECOND(time) The second.
  WEEKDAY(date, kind?) The day of the week; 1 is Sunday without a kind.
  WEEKNUM(date, kind?) The number of the week.
  ISOWEEKNUM(date) The number of the week by ISO 8601.
  DAYS(end, start) The days between two dates.
  DATEDIF(start, end, unit) The time between two dates in "D", "M" or "Y".
  EDATE(date, months) The date some months later.
  EOMONTH(date, months) The last day of the month some months later.
  NETWORKDAYS(start, end, holidays?) The working days between two dates.
  WORKDAY(start, days, holidays?) The date some working days later.
  YEARFRAC(start, end, basis?) The part of a year between two dates.
  INDEX(list, row, column?) The value at a place of a list.
  MATCH(value, list, kind?) The place of a value in a list.
  LOOKUP(value, list, results?) The result beside a value.
  VLOOKUP(value, table, column, nearest?) A value of the row that begins with this one.
  HLOOKUP(value, table, row, nearest?) A value of the column that begins with this one.
  UNIQUE(list) The list without repetitions.
  SORT(list, column?, order?) The list in order.
  TRANSPOSE(table) Rows become columns.
  ROWS(table) How many rows a table has.
  COLUMNS(table) How many columns a table has.
  ISBLANK(value) Whether it is empty.
  ISNUMBER(value) Whether it is a number.
  ISTEXT(value) Whether it is a text.
  ISLOGICAL(value) Whether it is true or false.
  ISERROR(value) Whether it is an error.
  ISEVEN(number) Whether it is even.
  ISODD(number) Whether it is odd.
  PMT(rate, periods, present, future?, type?) The payment of a loan for each period.
  PV(rate, periods, payment, future?, type?) What payments are worth now.
  FV(rate, periods, payment, present?, type?) What payments will be worth.
  NPV(rate, values) What future amounts are worth now.
  IRR(values, guess?) The rate at which amounts are worth nothing now.
`);
