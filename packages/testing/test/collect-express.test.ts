import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import express, { type Express } from 'express';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { collect } from '../src/index.js';
import { stream } from './serve.js';

function news(): Express {
  const app = express();
  const clients = new Set<express.Response>();
  app.get('/news', (req, res) => {
    stream(res, `data: ${req.get('last-event-id') ?? 'none'}\n\n`);
    clients.add(res);
    res.on('close', () => clients.delete(res));
  });
  app.post('/news', express.text(), (req, res) => {
    for (const client of clients) client.write(`data: ${req.body}\n\n`);
    res.json(clients.size);
  });
  app.get('/short', (_req, res) => void stream(res).end('data: a\n\n'));
  app.get('/broken', (_req, res) => void stream(res).write('data: a\n\n', () => res.destroy()));
  app.get('/gzip', (_req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
    res.end(gzipSync('data: zipped\n\n'));
  });
  return app;
}

describe('collect with a supertest Test', () => {
  it('collects a stream that stays open, and hangs up', async () => {
    const test = request(news()).get('/news').set('last-event-id', 'a.7');
    const events = await collect(test);
    expect(events).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(await events.next()).toMatchObject({ data: 'a.7' });
    await events.close();
    expect(await events.closed).toEqual({ reason: 'close' });
  });

  it('lets other requests reach the same server meanwhile, and takes it down at the end', async () => {
    const server = createServer(news());
    const events = await collect(request(server).get('/news'));
    await request(server).post('/news').type('text').send('hello').expect(200, '1');
    expect(await events.take(2)).toMatchObject([{ data: 'none' }, { data: 'hello' }]);
    await events.close();
    expect(server.listening).toBe(false);
  });

  it('collects a stream that ends', async () => {
    const events = await collect(request(news()).get('/short'));
    expect(await events.take(1)).toMatchObject([{ data: 'a' }]);
    expect(await events.closed).toEqual({ reason: 'end' });
    await events.close();
  });

  it('undoes gzip as superagent does', async () => {
    const events = await collect(request(news()).get('/gzip'));
    expect(await events.next()).toMatchObject({ data: 'zipped' });
    await events.close();
  });

  it('tells a cut from an end', async () => {
    const events = await collect(request(news()).get('/broken'));
    expect(await events.closed).toMatchObject({ reason: 'cut', error: { code: 'ECONNRESET' } });
    await events.close();
  });

  it('shows a bad status', async () => {
    const events = await collect(request(news()).get('/missing'));
    expect(events.status).toBe(404);
    await events.close();
  });

  it('answers HEAD', async () => {
    const events = await collect(request(news()).head('/short'));
    expect(events).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(await events.closed).toEqual({ reason: 'end' });
    await events.close();
  });

  it('checks the expectations of the Test in close()', async () => {
    const met = await collect(
      request(news())
        .get('/news')
        .expect(200)
        .expect('content-type', /event-stream/),
    );
    await met.close();
    const failed = await collect(request(news()).get('/news').expect(503));
    expect(failed.status).toBe(200);
    await expect(failed.close()).rejects.toThrow('expected 503 "Service Unavailable", got 200 "OK"');
    const body = await collect(request(news()).get('/short').expect('data: b\n\n'));
    await body.closed;
    await expect(body.close()).rejects.toThrow("expected 'data: b\\n\\n' response body, got 'data: a\\n\\n'");
  });

  it('says why it cannot connect', async () => {
    await expect(collect(request('http://127.0.0.1:1').get('/'))).rejects.toThrow('ECONNREFUSED');
  });
});
