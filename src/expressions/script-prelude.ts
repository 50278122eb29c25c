// The part of the sandbox that is written in its own language: it runs before each script and keeps the functions it needs,
// so that a script that changes prototypes changes nothing here.

/** Longest text that leaves the sandbox as a message, name or line of the console, in UTF-16 units. */
const MAX_TEXT = 70_000;

/** Deepest value that leaves the sandbox: readers of JSON recurse. */
const MAX_DEPTH = 150;

/**
 * A function `(write, maxSize) => tools`. `write(text)` takes what the console is given and returns false when it wants no
 * more. The tools: `define(name, json)` makes a frozen global constant; `toJson(value)` gives `+` and the value as JSON, or `-`
 * and what is in the way; `describe(error)` gives `{ name, message, stack }` as JSON.
 */
export const SCRIPT_PRELUDE = String.raw`(function (write, maxSize) {
  'use strict';
  const uncurry = Function.prototype.bind.bind(Function.prototype.call);
  const { parse, stringify } = JSON;
  const { defineProperty, freeze, getPrototypeOf, keys } = Object;
  const { isArray } = Array;
  const { isFinite } = Number;
  const toText = String;
  const slice = uncurry(String.prototype.slice);
  const hasInstance = uncurry(Function.prototype[Symbol.hasInstance]);
  const match = uncurry(RegExp.prototype.exec);
  const toISOString = uncurry(Date.prototype.toISOString);
  const getTime = uncurry(Date.prototype.getTime);
  const root = globalThis;
  const kinds = [
    [Promise, 'a promise; write await before it'],
    [Map, 'a Map; make an object of it with Object.fromEntries'],
    [Set, 'a Set; make a list of it with [...set]'],
    [WeakMap, 'a WeakMap'],
    [WeakSet, 'a WeakSet'],
    [RegExp, 'a regular expression'],
    [ArrayBuffer, 'an ArrayBuffer'],
    [getPrototypeOf(Int8Array), 'a typed array; make a list of it with Array.from'],
    [DataView, 'a DataView'],
  ];
  const DateClass = Date;
  const ErrorClass = Error;

  function freezeDeep(value) {
    if (typeof value !== 'object' || value === null) return value;
    const names = keys(value);
    for (let i = 0; i < names.length; i++) freezeDeep(value[names[i]]);
    return freeze(value);
  }

  function fault(place, what) {
    return { isFault: true, text: (place === '' ? 'the result' : 'result' + place) + ' is ' + what };
  }

  function placeOf(place, name) {
    if (typeof name === 'number') return place + '[' + name + ']';
    return match(/^[A-Za-z_$][\w$]*$/, name) === null ? place + '[' + stringify(slice(name, 0, 100)) + ']' : place + '.' + name;
  }

  function copy(value, place, around) {
    switch (typeof value) {
      case 'string':
      case 'boolean':
      case 'undefined':
        return value;
      case 'number':
        if (!isFinite(value)) throw fault(place, value + ', which is not a number that JSON can hold');
        return value;
      case 'bigint':
        throw fault(place, 'a BigInt, which JSON cannot hold; use Number(x) or String(x)');
      case 'function':
        throw fault(place, 'a function, which JSON cannot hold; return what it gives');
      case 'symbol':
        throw fault(place, 'a symbol, which JSON cannot hold');
    }
    if (value === null) return null;
    for (let i = 0; i < around.length; i++) if (around[i] === value) throw fault(place, 'an object that contains itself');
    if (around.length >= ${MAX_DEPTH}) throw fault('', 'nested deeper than ${MAX_DEPTH} levels');
    if (hasInstance(DateClass, value)) {
      const time = getTime(value);
      if (time !== time) throw fault(place, 'an invalid date');
      return toISOString(value);
    }
    for (let i = 0; i < kinds.length; i++) {
      if (hasInstance(kinds[i][0], value)) throw fault(place, kinds[i][1] + ', which JSON cannot hold');
    }
    if (hasInstance(ErrorClass, value)) throw fault(place, 'an error (' + value.message + '); throw it, or return its message');
    around[around.length] = value;
    let result;
    if (isArray(value)) {
      result = [];
      for (let i = 0; i < value.length; i++) {
        const item = copy(value[i], placeOf(place, i), around);
        defineProperty(result, i, { value: item === undefined ? null : item, enumerable: true });
      }
    } else if (typeof value.toJSON === 'function') {
      result = copy(value.toJSON(), place, around);
    } else {
      result = { __proto__: null };
      const names = keys(value);
      for (let i = 0; i < names.length; i++) {
        const name = names[i];
        if (name === '__proto__') throw fault(place, 'an object with a member named "__proto__", which is not allowed');
        const item = copy(value[name], placeOf(place, name), around);
        if (item !== undefined) defineProperty(result, name, { value: item, enumerable: true });
      }
    }
    around.length--;
    return result;
  }

  function show(value) {
    if (typeof value === 'string') return value;
    if (typeof value === 'function') return '[function]';
    if (typeof value === 'bigint') return value + 'n';
    if (typeof value !== 'object' || value === null) return toText(value);
    if (hasInstance(ErrorClass, value)) return value.name + ': ' + value.message;
    try {
      return stringify(copy(value, '', []));
    } catch (error) {
      return error && error.isFault === true ? '[' + error.text + ']' : '[an object that cannot be shown]';
    }
  }

  let isOpen = true;
  function writer(prefix) {
    return function (...values) {
      if (!isOpen) return;
      let text = prefix;
      for (let i = 0; i < values.length && text.length < ${MAX_TEXT}; i++) text += (i === 0 ? '' : ' ') + show(values[i]);
      isOpen = write(slice(text, 0, ${MAX_TEXT}));
    };
  }
  const console = {
    log: writer(''),
    info: writer(''),
    warn: writer('[warn] '),
    error: writer('[error] '),
    debug: writer('[debug] '),
  };
  defineProperty(root, 'console', { value: freeze(console) });

  return {
    define(name, json) {
      defineProperty(root, name, { value: freezeDeep(parse(json)), enumerable: true });
    },
    toJson(value) {
      try {
        const text = value === undefined ? 'null' : stringify(copy(value, '', []));
        if (text === undefined) return '+null';
        if (text.length > maxSize) return '-the result is larger than ' + maxSize + ' characters as JSON';
        return '+' + text;
      } catch (error) {
        if (typeof error === 'object' && error !== null && error.isFault === true) return '-' + error.text;
        throw error;
      }
    },
    describe(error) {
      const isError = typeof error === 'object' && error !== null && hasInstance(ErrorClass, error);
      const text = (value) => (value === undefined ? '' : slice(toText(value), 0, 2000));
      if (isError) return stringify({ name: text(error.name), message: text(error.message), stack: text(error.stack) });
      return stringify({ name: '', message: slice(show(error), 0, 2000), stack: '' });
    },
  };
})`;
