// Opens a connection to an address that was looked up, judged and then connected to, each exactly once.

import { lookup as systemLookup } from 'node:dns/promises';
import { isIP, connect as netConnect, type Socket } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import { HooklineError } from '../../errors.ts';
import { type Destination, isAddressAllowed, isPortAllowed, type TargetRules } from './targets.ts';

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

/**
 * All addresses of a destination; one that is forbidden forbids the name (DNS may answer differently a moment later).
 * @throws HooklineError `address_not_allowed`; whatever `lookup` throws; the signal's reason
 */
export async function vetAddresses(
  destination: Destination,
  rules: TargetRules,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { host, port } = destination;
  if (!isPortAllowed(rules, port)) {
    throw new HooklineError('address_not_allowed', `The port ${port} is not allowed for outgoing requests.`);
  }
  const addresses = isIP(host) === 0 ? await orAborted(lookup(host), signal) : [host];
  if (!addresses.every((address) => isAddressAllowed(rules, destination, address))) throw notAllowed(host);
  return addresses.slice(0, MAX_ADDRESSES);
}

function notAllowed(host: string): HooklineError {
  return new HooklineError('address_not_allowed', `The address of ${host} is not allowed.`);
}

export interface Connected {
  readonly socket: Socket;
  /** Of the vetted ones, the one that answered. */
  readonly address: string;
}

/**
 * Connects to the first vetted address that answers, over TLS with the host's name where wanted.
 * @throws the system's error; the signal's reason; HooklineError `address_not_allowed` when the other end is somewhere else
 */
export async function openConnection(
  destination: Destination & { readonly isSecure: boolean },
  addresses: readonly string[],
  options: { readonly rules: TargetRules; readonly ca?: string | undefined },
  signal: AbortSignal,
): Promise<Connected> {
  const { host, port } = destination;
  const { socket, address } = await connectFirst(addresses, port, signal);
  // Whatever the system made of the address: what counts is where the connection has ended up.
  if (!isAddressAllowed(options.rules, destination, socket.remoteAddress ?? '')) {
    socket.destroy();
    throw notAllowed(host);
  }
  socket.setNoDelay(true);
  return { socket: destination.isSecure ? await secure(socket, host, options.ca, signal) : socket, address };
}

function connectFirst(addresses: readonly string[], port: number, signal: AbortSignal): Promise<Connected> {
  return new Promise((resolve, reject) => {
    const attempts = new Set<Socket>();
    let next = 0;
    let firstError: unknown;
    let timer: NodeJS.Timeout | undefined;
    const settle = (winner?: Socket): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      next = addresses.length;
      for (const socket of attempts) if (socket !== winner) socket.destroy();
    };
    const onAbort = (): void => {
      settle();
      reject(signal.reason);
    };
    const tryNext = (): void => {
      clearTimeout(timer);
      const address = addresses[next];
      if (address === undefined) return;
      next += 1;
      const socket = netConnect({ host: address, port });
      attempts.add(socket);
      socket.on('error', (error) => {
        if (!attempts.delete(socket)) return;
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
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    tryNext();
  });
}

function secure(socket: Socket, host: string, ca: string | undefined, signal: AbortSignal): Promise<Socket> {
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
      signal.removeEventListener('abort', onAbort);
      secured.destroy();
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    secured.on('error', fail);
    secured.once('close', () => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' })));
    secured.once('secureConnect', () => {
      signal.removeEventListener('abort', onAbort);
      resolve(secured);
    });
  });
}

/** A promise that nothing can stop, or the signal's reason if that comes first. */
function orAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
