// The load generator, a process of its own: keeps every connection busy for a while and checks each answer.
// Usage: load.ts <port> <path> <seconds> <connections> <sync|async>; prints one line of JSON.

import net from 'node:net';

const [port = '', path = '', seconds = '', connections = '', kind = ''] = process.argv.slice(2);

/** A payment callback of about 1 KB. */
function request(index: number, isPaid: boolean): Buffer {
  const body = JSON.stringify({
    payment: { id: `pay_${index}`, status: isPaid ? 'paid' : 'failed', amount: { value: '49.95', currency: 'EUR' } },
    customer: { name: 'A. Jansen', email: 'a.jansen@example.org', locale: 'nl_NL' },
    lines: Array.from({ length: 6 }, (_, line) => ({
      sku: `SKU-${1000 + line}`,
      quantity: line + 1,
      title: 'A product with a name',
    })),
    note: 'x'.repeat(320),
  });
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'User-Agent: hookline-bench/1',
    'Accept: */*',
    `X-Request-Id: request-${index}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ].join('\r\n');
  return Buffer.from(`${head}\r\n\r\n${body}`);
}

const latencies: number[] = [];
let wrong = 0;
let isOver = false;
let open = Number(connections);
const startedAt = performance.now();

function connect(index: number): void {
  const isPaid = index % 2 === 0;
  const bytes = request(index, isPaid);
  const expected = kind === 'async' || isPaid ? 'HTTP/1.1 200' : 'HTTP/1.1 422';
  const socket = net.connect(Number(port), '127.0.0.1').setNoDelay(true);
  let sentAt = 0;
  let received = '';
  const send = (): void => {
    sentAt = performance.now();
    socket.write(bytes);
  };
  socket.on('connect', send);
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    const headEnd = received.indexOf('\r\n\r\n');
    if (headEnd === -1) return;
    const length = /content-length: (\d+)/i.exec(received)?.[1];
    if (length === undefined || received.length < headEnd + 4 + Number(length)) return;
    if (!received.startsWith(expected)) wrong += 1;
    received = '';
    latencies.push(performance.now() - sentAt);
    if (isOver) socket.end();
    else send();
  });
  socket.on('error', () => {
    wrong += 1;
  });
  socket.on('close', () => {
    open -= 1;
    if (open === 0) report();
  });
}

function report(): void {
  const elapsed = (performance.now() - startedAt) / 1000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor(latencies.length * share)] ?? 0;
  console.log(
    JSON.stringify({ answered: latencies.length, wrong, seconds: elapsed, p50: at(0.5), p95: at(0.95), p99: at(0.99) }),
  );
}

for (let index = 0; index < Number(connections); index += 1) connect(index);
setTimeout(() => {
  isOver = true;
}, Number(seconds) * 1000);
