// What Hookline is compared with: the same two replies without workflow and without storage.
// Usage: baselines.ts <http|koa>; prints its port.

import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Router from '@koa/router';
import Koa from 'koa';
import bodyParser from 'koa-bodyparser';

interface Callback {
  payment: { id: string; status: string };
}

function decide({ payment }: Callback): { status: number; body: object } {
  return payment.status === 'paid'
    ? { status: 200, body: { received: payment.id } }
    : { status: 422, body: { reason: 'not paid' } };
}

function bareHttp(): http.RequestListener {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status, body } = decide(JSON.parse(Buffer.concat(chunks).toString()) as Callback);
      const text = JSON.stringify(body);
      response.writeHead(status, {
        'Content-Type': 'application/json; charset=utf-8',
        'Content-Length': Buffer.byteLength(text),
      });
      response.end(text);
    });
  };
}

function koaApp(): http.RequestListener {
  const app = new Koa();
  const router = new Router();
  router.post('/hooks/:key', (ctx) => {
    const { status, body } = decide(ctx.request.body as Callback);
    ctx.status = status;
    ctx.body = body;
  });
  app.use(bodyParser());
  app.use(router.routes());
  return app.callback();
}

const server = http.createServer(process.argv[2] === 'koa' ? koaApp() : bareHttp());
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
