import type { ServerResponse } from 'node:http';
import type { Batch } from '@headwater/core';
import { describe, expect, it } from 'vitest';
import { DeferredSink } from '../src/deferred-sink.js';
import { Client, gate, listen, portOf, settle, sseApp, until } from './kit.js';

function batch(text: string): Batch {
  const plain = Buffer.from(text);
  return { plain, chunk: Buffer.from(`${plain.length.toString(16)}\r\n${text}\r\n`), size: plain.length };
}

/** A sink that waits, and a response for it. */
async function waiting() {
  const app = await sseApp();
  const got = gate<ServerResponse>();
  app.get('/', (_request, reply) => {
    reply.hijack();
    got.open(reply.raw);
  });
  await listen(app);
  const client = new Client(portOf(app)).request('GET / HTTP/1.1');
  const events = { drains: 0, ends: 0 };
  const sink = new DeferredSink(batch('prelude;'), {
    drained() {
      events.drains += 1;
    },
    gone() {
      events.ends += 1;
    },
  });
  return { sink, client, events, res: await got.promise };
}

describe('DeferredSink', () => {
  it('keeps everything in order and counts it, then hands it over', async () => {
    const { sink, client, events, res } = await waiting();
    expect(sink.write(batch('a;'))).toBe(true);
    expect(sink.write(batch('b;'))).toBe(true);
    expect(sink.pendingBytes).toBe(12);
    expect(sink.current).toBe(sink);
    sink.takeHold(res);
    expect(sink.current).not.toBe(sink);
    expect(sink.write(batch('c;'))).toBe(true);
    await client.sees('c;');
    expect(client.body).toBe('prelude;a;b;c;');
    await until(() => events.drains > 0);
    expect(sink.pendingBytes).toBe(0);
  });

  it.each([false, true])('ends after what has waited, disconnect: %s', async (disconnect) => {
    const { sink, client, events, res } = await waiting();
    sink.write(batch('a;'));
    sink.end(disconnect);
    expect(sink.write(batch('b;'))).toBe(false);
    sink.takeHold(res);
    await client.sees('a;\r\n0\r\n\r\n');
    await until(() => events.ends === 1);
    if (disconnect) await until(() => client.isClosed);
    await settle();
    expect(client.isClosed).toBe(disconnect);
    expect(client.text).not.toContain('b;');
  });

  it('drops what waits when it is destroyed, and then the connection', async () => {
    const { sink, client, events, res } = await waiting();
    sink.write(batch('a;'));
    sink.destroy();
    expect(sink.pendingBytes).toBe(0);
    expect(sink.write(batch('b;'))).toBe(false);
    sink.takeHold(res);
    await until(() => client.isClosed && events.ends === 1);
    expect(client.text).not.toContain('a;');
  });

  it('tells of a response that is over before it comes', async () => {
    const { sink, client, events, res } = await waiting();
    sink.write(batch('a;'));
    client.socket.destroy();
    await until(() => res.destroyed);
    sink.takeHold(res);
    await until(() => events.ends === 1);
    expect(sink.write(batch('b;'))).toBe(false);
    expect(sink.pendingBytes).toBe(0);
  });
});
