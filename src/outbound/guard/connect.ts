// Opens a connection to an address that was looked up, judged and then connected to, each exactly once.

import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { setBounded } from '../../engine/bounded-cache.ts';
import { HooklineError } from '../../errors.ts';
import { orStopped, type Stop } from './stop.ts';
import { type Destination, isPortAllowed, judgeAddress, type TargetRules, type Verdict } from './targets.ts';
import type { Stopwatch } from './trace.ts';

/** Finds all addresses of a name. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** How long an address may take before the next one is tried beside it (RFC 8305, section 5, says 250 ms). */
const NEXT_ADDRESS_MS = 250;
/** Addresses of one name that are tried. */
const MAX_ADDRESSES = 6;

/** As the system resolves names, `/etc/hosts` included. */
export const lookupName: Lookup = async (host) => {
  const found = await systemLookup(host, { all: true });
  return found.map(({ address }) => address);
};

/** Where a request goes to, and how. */
export interface Route extends Destination {
  readonly isSecure: boolean;
}

/** Says which addresses a request may be sent to. */
export interface AddressGuard {
  /** @throws HooklineError `address_not_allowed` */
  checkPort(route: Route): void;
  /** @throws HooklineError `address_not_allowed`, in the same words for every address that is forbidden */
  checkAddress(route: Route, address: string): void;
}

/** Verdicts that are remembered: they depend on nothing but the rules, the destination and the address. */
const MAX_VERDICTS = 10_000;

/** @param plainHttp whether http:// may be used with public addresses; allowed targets may always be called so */
export function createAddressGuard(rules: TargetRules, plainHttp: boolean): AddressGuard {
  const verdicts = new Map<string, Verdict>();
  const judge = (route: Route, address: string): Verdict => {
    const key = `${address} ${route.port} ${route.host}`;
    const known = verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = judgeAddress(rules, route, address);
    setBounded(verdicts, key, verdict, MAX_VERDICTS);
    return verdict;
  };
  return {
    checkPort({ port }) {
      if (isPortAllowed(rules, port)) return;
      throw new HooklineError('address_not_allowed', `The port ${port} is not allowed for outgoing requests.`);
    },
    checkAddress(route, address) {
      const verdict = judge(route, address);
      if (verdict === 'forbidden') {
        throw new HooklineError('address_not_allowed', `The address of ${route.host} is not allowed.`);
      }
      if (verdict === 'target' || route.isSecure || plainHttp) return;
      throw new HooklineError(
        'address_not_allowed',
        `The URL of ${route.host} must begin with https://; plain http is for allowed targets alone (HOOKLINE_OUTBOUND_ALLOW).`,
      );
    },
  };
}

/**
 * All addresses of a destination; one that is forbidden forbids the name (DNS may answer differently a moment later).
 * @throws HooklineError `address_not_allowed`; whatever `lookup` throws; the reason of the stop
 */
export async function vetAddresses(
  route: Route,
  guard: AddressGuard,
  lookup: Lookup,
  stop: Stop,
  stopwatch: Stopwatch,
): Promise<readonly string[]> {
  const { host } = route;
  guard.checkPort(route);
  if (isIP(host) !== 0) {
    guard.checkAddress(route, host);
    return [host];
  }
  const addresses = await orStopped(lookup(host), stop);
  stopwatch.mark('dnsMs');
  for (const address of addresses) guard.checkAddress(route, address);
  return addresses.slice(0, MAX_ADDRESSES);
}

/**
 * Asks once for a name that several requests look up at the same time: name lookups of the whole process share a few
 * threads, and a name whose servers keep silent must not take them all.
 */
export function shareLookups(lookup: Lookup): Lookup {
  const running = new Map<string, Promise<readonly string[]>>();
  return (host) => {
    const known = running.get(host);
    if (known) return known;
    const found = lookup(host).finally(() => running.delete(host));
    running.set(host, found);
    return found;
  };
}

export interface Connected {
  readonly socket: Socket;
  /** Of the vetted ones, the one that answered. */
  readonly address: string;
}

/**
 * Connects to the first vetted address that answers, over TLS with the host's name where wanted.
 * @throws the system's error; the reason of the stop; HooklineError `address_not_allowed` when the other end is somewhere else
 */
export async function openConnection(
  route: Route,
  addresses: readonly string[],
  options: { readonly guard: AddressGuard; readonly ca?: string | undefined },
  stop: Stop,
  stopwatch: Stopwatch,
): Promise<Connected> {
  const { host, port } = route;
  stopwatch.enter('connect');
  const { socket, address } = await connectFirst(addresses, port, stop);
  stopwatch.mark('connectMs');
  try {
    // Whatever the system made of the address: what counts is where the connection has ended up.
    options.guard.checkAddress(route, socket.remoteAddress ?? '');
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setNoDelay(true);
  if (!route.isSecure) return { socket, address };
  stopwatch.enter('tls');
  const secured = await secure(socket, host, options.ca, stop);
  stopwatch.mark('tlsMs');
  return { socket: secured, address };
}

function connectFirst(addresses: readonly string[], port: number, stop: Stop): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const attempts = new Set<Socket>();
    let next = 0;
    let isSettled = false;
    let firstError: unknown;
    let timer: NodeJS.Timeout | undefined;
    const settle = (winner?: Socket): void => {
      isSettled = true;
      clearTimeout(timer);
      stop.onStop = undefined;
      next = addresses.length;
      for (const socket of attempts) if (socket !== winner) socket.destroy();
    };
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = addresses[next];
      if (address === undefined) return;
      next += 1;
      const socket = netConnect({ host: address, port });
      attempts.add(socket);
      socket.on('error', (error) => {
        // After the choice the winner's errors are its user's, and the others' nobody's.
        if (isSettled || !attempts.delete(socket)) return;
        firstError ??= error;
        if (next < addresses.length) return tryNext();
        if (attempts.size > 0) return;
        settle();
        reject(firstError);
      });
      socket.once('connect', () => {
        settle(socket);
        resolve({ socket, address });
      });
      if (next < addresses.length) timer = setTimeout(tryNext, NEXT_ADDRESS_MS);
    };
    if (stop.reason !== undefined) return reject(stop.reason);
    stop.onStop = () => {
      settle();
      reject(stop.reason);
    };
    tryNext();
  });
}

function secure(socket: Socket, host: string, ca: string | undefined, stop: Stop): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const name = host.replace(/\.$/, '');
    const secured = tlsConnect({
      socket,
      // Without a name (RFC 6066 has none for addresses) the certificate is compared with `host`.
      host: name,
      servername: isIP(name) === 0 ? name : '',
      ALPNProtocols: ['http/1.1'],
      ...(ca === undefined ? {} : { ca }),
    });
    const fail = (error: unknown): void => {
      stop.onStop = undefined;
      secured.destroy();
      socket.destroy();
      reject(error);
    };
    if (stop.reason !== undefined) return fail(stop.reason);
    stop.onStop = () => fail(stop.reason);
    let isDone = false;
    const failOnClose = (): void => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }));
    // The listener stays: an error between two requests is nobody's, and no uncaught one either.
    secured.on('error', (error) => (isDone ? undefined : fail(error)));
    secured.once('close', failOnClose);
    secured.once('secureConnect', () => {
      stop.onStop = undefined;
      secured.off('close', failOnClose);
      isDone = true;
      resolve(secured);
    });
  });
}
