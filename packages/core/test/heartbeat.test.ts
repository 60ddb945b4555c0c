import { describe, expect, test } from 'vitest';
import { world } from './helpers.js';

describe('heartbeat', () => {
  test('is a comment without a blank line, and only for who is idle', async () => {
    const { client, pass, hub } = world({ heartbeatMs: 10_000 });
    const [idle, busy] = [client(), client()];
    idle.connection.open();
    busy.connection.subscribe('news');
    for (let i = 0; i < 5; i++) {
      await pass(6_000);
      await hub.publish('news', 'x');
    }
    expect(idle.transport.text).toBe(`retry: 2000\n:\n${':\n'.repeat(3)}`);
    expect(busy.transport.comments.length).toBe(1);
    await hub.close();
  });

  test('comes within 1.2 intervals', async () => {
    const { client, pass, hub } = world({ heartbeatMs: 5_000 });
    const { connection, transport } = client();
    connection.open();
    let silent = 0;
    let worst = 0;
    for (let seen = 1, t = 0; t < 60_000; t += 100) {
      await pass(100, 100);
      silent += 100;
      if (transport.comments.length === seen) continue;
      seen = transport.comments.length;
      worst = Math.max(worst, silent);
      silent = 0;
    }
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThanOrEqual(6_000);
    await hub.close();
  });

  test('false is off, also for who asks for one', async () => {
    const { client, pass, hub } = world({ heartbeatMs: false });
    const { connection, transport } = client({ wishes: { heartbeatSeconds: 1 } });
    connection.open();
    await pass(120_000);
    expect(transport.text).toBe('retry: 2000\n:\n');
    await hub.close();
  });

  test('follows the wish of the client within bounds', async () => {
    const { client, pass, hub } = world({ heartbeatMs: 15_000, heartbeatBoundsMs: [5_000, 60_000] });
    const wishes = [1, 30, 1_000, Number.NaN].map((heartbeatSeconds) => client({ wishes: { heartbeatSeconds } }));
    for (const { connection } of wishes) connection.open();
    await pass(120_000);
    expect(wishes.map(({ transport }) => transport.comments.length - 1)).toEqual([24, 4, 2, 8]);
    await hub.close();
  });

  test('is an sse.ping with the own id where the client asks for an event', async () => {
    const { client, pass, hub, settle } = world();
    const { connection, transport } = client({ wishes: { heartbeatEvent: true } });
    connection.subscribe('news');
    await settle();
    const { id } = await hub.publish('other', 'x');
    await pass(16_000);
    const ping = transport.events.at(-1);
    expect([ping?.event, ping?.id]).toEqual(['sse.ping', id]);
    await hub.close();
  });

  test('runs on one timer for a thousand connections, and on none without connections', async () => {
    const { client, clock, hub, settle } = world();
    await settle();
    expect(clock.timers).toBe(0);
    const clients = Array.from({ length: 1_000 }, () => client());
    const before = clock.timers;
    for (const { connection } of clients) connection.subscribe('news');
    await settle();
    expect(clock.timers - before).toBeLessThanOrEqual(1);
    for (const { connection } of clients) connection.close();
    clock.advance(2_000);
    expect(clock.timers).toBe(before);
    await hub.close();
  });

  test('writes nothing to who takes nothing, and ends it after the stall time', async () => {
    const { client, pass, hub, settle } = world({ stallMs: 30_000 });
    const { connection, transport, data } = client();
    const dripping = client();
    connection.subscribe('news');
    dripping.connection.subscribe('news');
    await settle();
    for (const each of [transport, dripping.transport]) each.pause();
    await hub.publish('news', 'x'.repeat(50_000));
    await settle();
    const written = transport.batches.length;
    for (let i = 0; i < 29; i++) {
      await pass(1_000);
      dripping.transport.drain(100);
    }
    expect([transport.batches.length, connection.isOpen, data()]).toEqual([written, true, []]);
    await pass(3_000);
    expect(await connection.closed).toMatchObject({ reason: 'slow' });
    expect([transport.ending, dripping.connection.isOpen]).toEqual(['destroy', true]);
    dripping.transport.cut();
    await hub.close();
  });

  test('ends a connection at its age, with retry, spread between 80 and 100 percent', async () => {
    const random = [0, 0.999];
    const { client, pass, hub } = world({ maxAgeMs: 100_000, random: () => random.shift() ?? 0.5 });
    // The first numbers go to the hub's own ids.
    const clients = Array.from({ length: 10 }, () => client());
    for (const { connection } of clients) connection.open();
    await pass(79_000);
    expect(clients.every(({ connection }) => connection.isOpen)).toBe(true);
    await pass(22_000);
    expect(clients.map(({ transport }) => transport.ending)).toEqual(clients.map(() => 'end'));
    expect((await clients[0]!.connection.closed).reason).toBe('age');
    expect(clients[0]!.transport.text).toContain('retry: 2000\n');
    await hub.close();
  });

  test('warns before the permission ends and closes then', async () => {
    const { client, pass, hub, clock, settle } = world();
    const { connection, control } = client();
    connection.subscribe('news');
    connection.expiresAt = clock.now() + 60_000;
    await settle();
    await pass(29_000);
    expect(control()).toEqual(['open']);
    await pass(2_000);
    expect(control()).toEqual(['open', 'expiring']);
    await pass(30_000);
    expect(await connection.closed).toMatchObject({ reason: 'expired' });
    await hub.close();
  });
});
