import { fakeClock, fakeTransport } from '@headwater/testing';
import { describe, expect, test } from 'vitest';
import { decodeCommand, encodeCommand } from '../src/commands.js';
import { CONTROL_CHANNEL, createHub, type Hub } from '../src/index.js';
import { MemoryLog } from '../src/memory/log.js';
import { LogStore } from '../src/memory/store.js';
import { connect } from '../src/node/accept-request.js';
import { changed } from './helpers.js';

/** Two processes over one log, whose connection to it can be broken. */
function pair() {
  const clock = fakeClock({ now: 1_000_000 });
  const log = new MemoryLog({ retention: { count: 5 } });
  const make = () => {
    const inner = new LogStore(log, clock);
    const store = changed(inner, { supports: { ...inner.supports, shared: true } });
    return { store, hub: createHub({ store, clock, random: () => 0.5, headCheckMs: 1_000 }) };
  };
  const settle = async () => {
    for (let idle = 0; idle < 3; ) {
      await new Promise((resolve) => setImmediate(resolve));
      idle = clock.runTurns() > 0 ? 0 : idle + 1;
    }
  };
  const join = async (hub: Hub, principal: string) => {
    const connection = connect(hub, fakeTransport(), {});
    connection.principal = principal;
    connection.subscribe('news');
    await settle();
    return connection;
  };
  return { clock, log, a: make(), b: make(), settle, join };
}

describe('hub.revoke', () => {
  test('ends every matching connection here at once, and only those', async () => {
    const { a, join } = pair();
    const [ada, bob] = [await join(a.hub, 'ada'), await join(a.hub, 'bob')];
    const stored = a.hub.revoke({ principal: 'ada' }, { detail: 'left the company' });
    expect(await ada.closed).toEqual({ reason: 'revoked', detail: 'left the company' });
    await stored;
    expect(bob.isOpen).toBe(true);
  });

  test('reaches the other process through the log, in the place at which it was said', async () => {
    const clock = fakeClock({ now: 1_000_000 });
    const log = new MemoryLog();
    const server = new LogStore(log, clock);
    const hubs = [0, 1].map(() => createHub({ store: server, clock, random: () => 0.5 }));
    const [here, there] = hubs as [Hub, Hub];
    const transport = fakeTransport();
    const connection = connect(there, transport, {});
    connection.principal = 'ada';
    connection.subscribe('news');
    const turns = async () => {
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => setImmediate(resolve));
        clock.runTurns();
      }
    };
    await turns();
    await here.publish('news', 'before');
    await turns();
    await here.revoke({ principal: 'ada', channel: 'news' });
    await here.publish('news', 'after');
    await turns();
    expect(await connection.closed).toMatchObject({ reason: 'revoked' });
    expect(transport.events.map(({ data }) => data)).toContain('before');
    expect(transport.events.map(({ data }) => data)).not.toContain('after');
  });

  test('reaches a connection that has not opened yet', async () => {
    const { a, settle } = pair();
    const connection = connect(a.hub, fakeTransport(), {});
    connection.principal = 'ada';
    connection.subscribe('news', { onReset: 'reject' });
    await a.hub.revoke({ principal: 'ada' });
    await settle();
    expect(await connection.closed).toMatchObject({ reason: 'revoked' });
  });

  test('reaches a process that was away when it was said, also where the log has gone back meanwhile', async () => {
    const { clock, log, a, settle, join } = pair();
    for (let n = 0; n < 4; n++) await a.hub.publish('news', String(n));
    const [ada, bob] = [await join(a.hub, 'ada'), await join(a.hub, 'bob')];
    // An older copy takes over, and another process speaks before this one is back.
    log.rollback(2);
    log.startEpoch('other');
    const where = { op: 'revoke', where: { principal: 'ada' }, detail: undefined } as const;
    const at = { epoch: log.state().epochs[0]?.epoch ?? '', seq: 2 };
    log.append([{ channel: CONTROL_CHANNEL, body: encodeCommand(where), time: 0 }], at, 0);
    a.store.loseTails(new Error('gone'));
    await settle();
    clock.advance(2_000);
    await settle();
    expect(ada.isOpen).toBe(false);
    expect(bob.isOpen).toBe(true);
  });

  test('makes everybody come back where a process cannot know what it has missed', async () => {
    const { clock, log, a, settle, join } = pair();
    await a.hub.publish('news', 'x');
    const bob = await join(a.hub, 'bob');
    const where = { op: 'revoke', where: { principal: 'eve' }, detail: undefined } as const;
    const entry = { channel: CONTROL_CHANNEL, body: encodeCommand(where), time: 0 };
    a.store.loseTails(new Error('gone'));
    // More than retention keeps, while this process is away.
    for (let n = 0; n < 8; n++) {
      const { head, epochs } = log.state();
      log.append([entry], { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? '', seq: head }, 0);
    }
    await settle();
    clock.advance(2_000);
    await settle();
    expect(await bob.closed).toMatchObject({ reason: 'server', detail: 'revocations may have been missed' });
  });

  test.each([[{}], [{ principal: 5 }], [undefined]])('refuses %j: everybody is never meant', (where) => {
    const { a } = pair();
    expect(() => a.hub.revoke(where as never)).toThrow(TypeError);
  });
});

describe('commands', () => {
  test('that are not known, or not commands, are passed over', () => {
    const body = (text: string) => Buffer.from(`data: ${text}\n`);
    for (const text of [
      '',
      '{',
      'null',
      '5',
      '{"op":"dance"}',
      '{"op":"revoke"}',
      '{"op":"revoke","where":{"id":4}}',
    ]) {
      expect(decodeCommand(body(text))).toBeUndefined();
    }
  });
});

test('no client can follow the control channel', () => {
  const { a } = pair();
  const connection = connect(a.hub, fakeTransport(), {});
  expect(() => connection.subscribe(CONTROL_CHANNEL)).toThrow(TypeError);
  expect(() => a.hub.publish(CONTROL_CHANNEL, 'x')).toThrow(TypeError);
});
