// Pure: which names the arguments of a script may have.

import { type Said, say } from './say.ts';

/** Longest name of an argument. */
const MAX_NAME_LENGTH = 100;

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Words of the language that no constant may be called, in strict code (ECMAScript 2025, 12.7.2). */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public return ' +
    'static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);

/** What a script has already: the globals of the sandbox and what every object has. */
const GLOBALS: ReadonlySet<string> = new Set(
  (
    'AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DOMException ' +
    'DataView Date DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function ' +
    'Infinity Int16Array Int32Array Int8Array InternalError Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ' +
    'ReferenceError Reflect RegExp Set SharedArrayBuffer String SuppressedError Symbol SyntaxError TypeError URIError ' +
    'Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet atob btoa console decodeURI ' +
    'decodeURIComponent encodeURI encodeURIComponent escape globalThis isFinite isNaN parseFloat parseInt performance ' +
    'queueMicrotask undefined unescape __defineGetter__ __defineSetter__ __lookupGetter__ __lookupSetter__ __proto__ ' +
    'constructor hasOwnProperty isPrototypeOf propertyIsEnumerable toLocaleString toString valueOf'
  ).split(' '),
);

/** What is wrong with the name of a script's argument, to be read behind the name; undefined when it is fine. */
export function argumentNameFault(name: string): Said | undefined {
  if (name.length > MAX_NAME_LENGTH) return say('field.argumentTooLong', { limit: MAX_NAME_LENGTH });
  if (!IDENTIFIER.test(name)) return say('field.argumentShape');
  if (RESERVED.has(name)) return say('field.argumentReserved');
  if (GLOBALS.has(name)) return say('field.argumentTaken');
  return undefined;
}
