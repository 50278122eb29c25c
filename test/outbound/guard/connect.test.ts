import { afterEach, describe, expect, it } from 'vitest';
import { HooklineError } from '../../../src/errors.ts';
import { createAddressGuard, openConnection, shareLookups, vetAddresses } from '../../../src/outbound/guard/connect.ts';
import { Stop } from '../../../src/outbound/guard/stop.ts';
import { type AllowedTarget, parsePorts, parseTarget } from '../../../src/outbound/guard/targets.ts';
import { createTrace, Stopwatch } from '../../../src/outbound/guard/trace.ts';
import { startServer, type TestServer, until } from './servers.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const thing of open.splice(0)) await thing.close();
});

async function started(): Promise<TestServer> {
  const server = await startServer((_, response) => response.end());
  open.push(server);
  return server;
}

function guardOf(targets: readonly string[], plainHttp = false) {
  const read = targets.map(parseTarget).filter((target): target is AllowedTarget => target !== undefined);
  return createAddressGuard({ targets: read, ports: parsePorts('80,443,1024-65535') ?? [] }, plainHttp);
}

const stopwatch = new Stopwatch(undefined);

describe('openConnection', () => {
  it('looks at where the connection has ended up, and closes it when that is forbidden', async () => {
    const server = await started();
    const route = { host: 'shop.example', port: server.port, isSecure: false };
    // As if the system had led a vetted address somewhere else.
    const opening = openConnection(route, ['127.0.0.1'], { guard: guardOf([]) }, new Stop(), stopwatch);
    await expect(opening).rejects.toMatchObject({
      code: 'address_not_allowed',
      message: 'The address of shop.example is not allowed.',
    });
    await until(() => server.sockets.length === 1 && server.sockets[0]?.destroyed === true);
  });

  it('ends with the reason of the stop, before and meanwhile', async () => {
    const server = await started();
    const route = { host: 'shop.example', port: server.port, isSecure: true };
    const guard = guardOf(['127.0.0.1']);
    const early = new Stop();
    early.end('early');
    await expect(openConnection(route, ['127.0.0.1'], { guard }, early, stopwatch)).rejects.toBe('early');
    const stop = new Stop();
    const opening = openConnection(route, ['127.0.0.1'], { guard }, stop, stopwatch);
    stop.end('late');
    stop.end('later');
    await expect(opening).rejects.toBe('late');
    await until(() => server.sockets.every((socket) => socket.destroyed));
  });
});

describe('vetAddresses', () => {
  const vet = (host: string, addresses: readonly string[], guard = guardOf([]), isSecure = true) => {
    const trace = createTrace();
    const route = { host, port: isSecure ? 443 : 80, isSecure };
    return vetAddresses(route, guard, async () => addresses, new Stop(), new Stopwatch(trace));
  };

  it.each([
    ['A public, AAAA private', ['93.184.215.14', 'fd00::1']],
    ['AAAA public, A private', ['2606:4700::1111', '192.168.0.1']],
    ['A public, AAAA this machine', ['93.184.215.14', '::1']],
    ['A public, AAAA an IPv4 of this machine', ['93.184.215.14', '::ffff:127.0.0.1']],
    ['A public, AAAA this machine by NAT64', ['93.184.215.14', '64:ff9b::7f00:1']],
    ['A public, another A the metadata service', ['93.184.215.14', '169.254.169.254']],
    ['the seventh alone private', [...Array(6).fill('93.184.215.14'), '10.0.0.1']],
    ['a zone', ['93.184.215.14', 'fe80::1%eth0']],
    ['no address but a name', ['localhost']],
  ])('refuses a name with %s, all of them in the same words', async (_, addresses) => {
    await expect(vet('mixed.example', addresses)).rejects.toMatchObject({
      code: 'address_not_allowed',
      message: 'The address of mixed.example is not allowed.',
      details: undefined,
    });
  });

  it('lets public ones pass, over https', async () => {
    expect(await vet('shop.example', ['93.184.215.14', '2606:4700::1111'])).toEqual(['93.184.215.14', '2606:4700::1111']);
    expect(await vet('93.184.215.14', [])).toEqual(['93.184.215.14']);
  });

  it('keeps plain http for allowed targets, unless it is allowed to all', async () => {
    const plain = (host: string, addresses: readonly string[], guard: ReturnType<typeof guardOf>) =>
      vet(host, addresses, guard, false);
    const refused = { code: 'address_not_allowed', message: expect.stringMatching(/must begin with https:\/\//) };
    await expect(plain('shop.example', ['93.184.215.14'], guardOf([]))).rejects.toMatchObject(refused);
    await expect(plain('93.184.215.14', [], guardOf(['10.0.0.0/8']))).rejects.toMatchObject(refused);
    await expect(plain('shop.example', ['10.0.0.1', '93.184.215.14'], guardOf(['10.0.0.0/8']))).rejects.toMatchObject(refused);
    expect(await plain('erp.example', ['10.0.0.1'], guardOf(['10.0.0.0/8']))).toEqual(['10.0.0.1']);
    expect(await plain('shop.example', ['93.184.215.14'], guardOf(['shop.example']))).toEqual(['93.184.215.14']);
    expect(await plain('shop.example', ['93.184.215.14'], guardOf(['93.184.215.0/24']))).toEqual(['93.184.215.14']);
    expect(await plain('shop.example', ['93.184.215.14'], guardOf([], true))).toEqual(['93.184.215.14']);
    // What is forbidden stays so.
    await expect(plain('shop.example', ['10.0.0.1'], guardOf([], true))).rejects.toMatchObject({
      message: 'The address of shop.example is not allowed.',
    });
  });

  it('remembers a verdict for its own host and port alone', () => {
    const guard = guardOf(['erp.example', '127.0.0.1:9000']);
    const check = (host: string, port: number, address: string) => () =>
      guard.checkAddress({ host, port, isSecure: true }, address);
    expect(check('erp.example', 443, '10.0.0.1')).not.toThrow();
    expect(check('other.example', 443, '10.0.0.1')).toThrow(HooklineError);
    expect(check('a.example', 9000, '127.0.0.1')).not.toThrow();
    expect(check('a.example', 9001, '127.0.0.1')).toThrow(HooklineError);
    expect(check('erp.example', 443, '10.0.0.1')).not.toThrow();
    expect(check('other.example', 443, '10.0.0.1')).toThrow(HooklineError);
  });
});

describe('shareLookups', () => {
  it('asks once for those who ask at the same time, and anew for those who come later', async () => {
    const asked: string[] = [];
    const lookup = shareLookups(async (host) => {
      asked.push(host);
      if (host === 'bad.example') throw new Error('no such name');
      return [`answer ${asked.length}`];
    });
    expect(await Promise.all([lookup('a.example'), lookup('a.example'), lookup('b.example')])).toEqual([
      ['answer 1'],
      ['answer 1'],
      ['answer 2'],
    ]);
    expect(await lookup('a.example')).toEqual(['answer 3']);
    const failed = await Promise.allSettled([lookup('bad.example'), lookup('bad.example')]);
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(lookup('bad.example')).rejects.toThrow('no such name');
    expect(asked).toHaveLength(5);
  });
});
