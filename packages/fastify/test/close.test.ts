import { collect, slowClient } from '@headwater/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Connection, createHub } from '../src/index.js';
import { gate, listen, sseApp, until } from './kit.js';

async function connect(url: string, count: number) {
  const streams = await Promise.all(Array.from({ length: count }, () => collect(url)));
  await Promise.all(streams.map((stream) => stream.until('sse.open')));
  return streams;
}

describe('app.close()', () => {
  it("ends 100 streams with a last retry, and closes the plugin's own hub", { timeout: 30_000 }, async () => {
    const app = await sseApp();
    app.get('/', (_request, reply) => reply.sse.subscribe('news'));
    const streams = await connect(`${await listen(app)}/`, 100);
    const { sse: hub } = app;
    // Where closing waited for the clients it would never be done: they do not leave.
    await app.close();
    const ends = await Promise.all(streams.map((stream) => stream.closed));
    expect(new Set(ends.map(({ reason }) => reason))).toEqual(new Set(['end']));
    const retries = streams.map(({ retry }) => retry ?? 0);
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...retries)).toBeLessThanOrEqual(3_000);
    // Spread, so that they do not come back together.
    expect(new Set(retries).size).toBeGreaterThan(10);
    await expect(hub.publish('news', 'x')).rejects.toMatchObject({ code: 'ERR_SSE_CLOSED' });
  });

  it("ends this application's streams only where several share a hub, and leaves the hub open", async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const apps = [await sseApp({}, { hub }), await sseApp({}, { hub })] as const;
    const urls: string[] = [];
    for (const app of apps) {
      app.get('/', (_request, reply) => reply.sse.subscribe('news'));
      urls.push(`${await listen(app)}/`);
    }
    const [ending] = await connect(urls[0] as string, 1);
    const [staying] = await connect(urls[1] as string, 1);
    await apps[0].close();
    expect(await ending?.closed).toEqual({ reason: 'end' });
    expect(ending?.retry).toBeGreaterThan(0);
    expect(hub.connections.size).toBe(1);
    await hub.publish('news', 'still here');
    expect((await staying?.next())?.data).toBe('still here');
    expect(hub.health()).toMatchObject({ live: true, ready: true });
  });

  it('ends what another scope streams from a hub of its own', async () => {
    const inner = createHub();
    onTestFinished(() => inner.close());
    const app = await sseApp();
    app.register(async (scope) => {
      const { ssePlugin } = await import('../src/index.js');
      await scope.register(ssePlugin, { hub: inner });
      scope.get('/', (_request, reply) => reply.sse.subscribe('news'));
    });
    const [stream] = await connect(`${await listen(app)}/`, 1);
    await app.close();
    expect(await stream?.closed).toEqual({ reason: 'end' });
    expect(inner.connections.size).toBe(0);
  });

  it('ends a stream whose handler opens it while the application closes', async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const app = await sseApp({}, { hub });
    const arrived = gate();
    const proceed = gate();
    let connection: Connection | undefined;
    app.get('/', async (_request, reply) => {
      arrived.open();
      await proceed.promise;
      connection = reply.sse;
      await reply.sse.subscribe('news');
    });
    app.addHook('preClose', async () => proceed.open());
    const collecting = collect(`${await listen(app)}/`);
    await arrived.promise;
    const closing = app.close();
    const stream = await collecting;
    expect(await stream.closed).toEqual({ reason: 'end' });
    expect(await connection?.closed).toMatchObject({ reason: 'shutdown' });
    await closing;
  });

  it.each([
    ['more than fits, on a hub of its own', 500_000, undefined],
    ['more than fits, on a hub that others share', 500_000, createHub()],
    ['a little, on a hub of its own', 16_000, undefined],
    ['a little, on a hub that others share', 16_000, createHub()],
  ])('gives up on clients that do not read: %s', async (_what, size, shared) => {
    onTestFinished(async () => shared?.close());
    const app = await sseApp({}, { hub: shared });
    const { sse: hub } = app;
    let connection: Connection | undefined;
    app.get('/', (_request, reply) => {
      connection = reply.sse.open();
    });
    const client = await slowClient(`${await listen(app)}/`);
    // Until the kernel takes no more.
    let idle = 0;
    await until(() => {
      if (connection?.pendingBytes === 0) void connection.send('x'.repeat(size));
      idle = connection?.pendingBytes === 0 ? 0 : idle + 1;
      return idle > 100;
    });
    await app.close();
    expect(await connection?.closed).toMatchObject({ reason: 'shutdown' });
    expect(hub.connections.size).toBe(0);
    client.destroy();
  });

  it('leaves no observer on a hub that it does not own', async () => {
    const hub = createHub();
    onTestFinished(() => hub.close());
    const app = await sseApp({}, { hub });
    await app.close();
    const warned = gate<Error>();
    process.once('warning', warned.open);
    hub.observe({
      published() {
        throw new Error('nobody listens');
      },
    });
    await hub.publish('news', 'x');
    expect((await warned.promise).message).toContain('nobody listens');
  });
});
