// Takes away what the permission model of Node leaves to a process: sockets, signals, handles, and modules by name.
//
// It runs before any expression does. What is replaced here are the modules' own functions, so that an import of `node:net`
// after this finds them replaced, too; `http`, `https`, `tls`, `http2` and `fetch` all connect through `node:net`.

import dgram from 'node:dgram';
import dns from 'node:dns';
import { syncBuiltinESMExports } from 'node:module';
import net from 'node:net';
import v8 from 'node:v8';
import vm from 'node:vm';

/** Functions of `process` that a language, QuickJS or Node itself needs. */
const KEPT: ReadonlySet<string> = new Set([
  '_rawDebug',
  '_send',
  '_disconnect',
  '_tickCallback',
  'availableMemory',
  'constrainedMemory',
  'cpuUsage',
  'cwd',
  'disconnect',
  'emitWarning',
  'exit',
  'getActiveResourcesInfo',
  'hrtime',
  'memoryUsage',
  'nextTick',
  'reallyExit',
  'resourceUsage',
  'uptime',
]);

const GLOBALS = [
  'fetch',
  'WebSocket',
  'EventSource',
  'XMLHttpRequest',
  'BroadcastChannel',
  'Worker',
  'navigator',
  'localStorage',
];

/** Ways to the handles of the operating system. */
const HANDLES = ['stdin', 'mainModule', 'report'];

/** @returns the only function that still sends to the server */
export function lockDown(): (message: object) => void {
  const send = process.send?.bind(process);
  for (const module of [net, dgram, dns, dns.promises, vm]) disarm(module);
  disarmNames(v8, ['setFlagsFromString', 'writeHeapSnapshot', 'setHeapSnapshotNearHeapLimit', 'takeCoverage', 'stopCoverage']);
  syncBuiltinESMExports();
  for (const name of GLOBALS) Reflect.deleteProperty(globalThis, name);
  lockProcess();
  return (message) => void send?.(message);
}

function lockProcess(): void {
  for (const symbol of Object.getOwnPropertySymbols(process)) {
    const value: unknown = Reflect.get(process, symbol);
    // The channel to the server: of its kind there must be no second one, to a socket of another process.
    if (typeof value === 'object' && value !== null && 'readStart' in value) {
      disarmNames(Object.getPrototypeOf(value), ['bind', 'listen', 'connect', 'open', 'fchmod', 'constructor']);
    }
  }
  disarmNames(
    process,
    Object.getOwnPropertyNames(process).filter((name) => {
      const descriptor = Object.getOwnPropertyDescriptor(process, name);
      return typeof descriptor?.value === 'function' && !KEPT.has(name);
    }),
  );
  for (const name of HANDLES) Object.defineProperty(process, name, { value: undefined, configurable: false, writable: false });
}

/** Replaces every function of a module, and every method of its classes. */
function disarm(module: object): void {
  for (const name of Object.getOwnPropertyNames(module)) {
    const value: unknown = Object.getOwnPropertyDescriptor(module, name)?.value;
    if (typeof value !== 'function') continue;
    const prototype: unknown = value.prototype;
    if (typeof prototype === 'object' && prototype !== null) disarmPrototype(prototype);
    disarmNames(module, [name]);
  }
}

function disarmPrototype(prototype: object): void {
  const names = Reflect.ownKeys(prototype).filter((name) => {
    const descriptor = Object.getOwnPropertyDescriptor(prototype, name);
    return name !== 'constructor' && typeof descriptor?.value === 'function';
  });
  disarmNames(prototype, [...names, 'constructor']);
}

function disarmNames(target: object, names: readonly PropertyKey[]): void {
  for (const name of names) {
    const refuse = () => {
      throw new Error(`${String(name)} is not available to expressions`);
    };
    Reflect.defineProperty(target, name, { value: refuse, writable: false, enumerable: true, configurable: false });
  }
}
