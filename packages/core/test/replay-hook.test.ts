import { describe, expect, test } from 'vitest';
import type { ReplayRequest } from '../src/index.js';
import { world } from './helpers.js';

describe('the replay hook', () => {
  test('answers for an id that the hub cannot resume, and hub frames of after the call follow', async () => {
    const asked: ReplayRequest[] = [];
    const { client, hub, settle } = world({
      replay: async function* (request: ReplayRequest) {
        asked.push(request);
        await hub.publish('news', 'while it ran');
        yield { id: 'app-8', data: 'eight' };
        yield { id: 'app-9', data: 'nine' };
      } as never,
    });
    await hub.publish('news', 'before');
    await settle();
    const { connection, transport, data, control } = client({ lastEventId: 'app-7', request: { url: '/x' } });
    const { resume } = await connection.subscribe('news');
    await settle();
    expect([resume, data(), control()]).toEqual(['resumed', ['eight', 'nine', 'while it ran'], ['open']]);
    expect(asked).toEqual([{ lastEventId: 'app-7', channels: ['news'], request: { url: '/x' } }]);
    expect(transport.events.map(({ id }) => id)).toEqual(['', 'app-8', 'app-9', expect.stringMatching(/\.2$/)]);
  });

  test('is not asked where the hub can resume', async () => {
    let calls = 0;
    const { client, hub, settle } = world({
      replay: () => {
        calls++;
        return undefined;
      },
    });
    const { id } = await hub.publish('news', 'a');
    await hub.publish('news', 'b');
    const { connection, data } = client({ lastEventId: id });
    connection.subscribe('news');
    await settle();
    expect([calls, data()]).toEqual([0, ['b']]);
  });

  test('leaves it to a reset where it answers undefined', async () => {
    const { client, settle } = world({ replay: () => undefined });
    const { connection, control } = client({ lastEventId: 'app-7' });
    connection.subscribe('news');
    await settle();
    expect(control()).toEqual(['open', 'reset', 'live']);
  });

  test('that fails ends the connection, which may come back', async () => {
    const errors: unknown[] = [];
    const { client, settle } = world({
      observers: [{ error: (error) => errors.push(error) }],
      replay: function* () {
        yield { id: 'app-8', data: 'eight' };
        throw new Error('database down');
      },
    });
    const { connection, transport, data } = client({ lastEventId: 'app-7' });
    connection.subscribe('news').catch(() => {});
    await settle();
    expect([data(), transport.cursor, (await connection.closed).reason, errors.length]).toEqual([
      ['eight'],
      'app-8',
      'error',
      1,
    ]);
  });

  test('is given back when the client leaves', async () => {
    let returned = false;
    const { client, settle } = world({
      replay: async function* () {
        try {
          for (let i = 0; ; i++) yield { id: `app-${i}`, data: 'x'.repeat(50_000) };
        } finally {
          returned = true;
        }
      },
    });
    const { connection, transport } = client({ lastEventId: 'app-7' });
    transport.pause();
    connection.subscribe('news');
    await settle();
    transport.cut();
    await settle();
    expect(returned).toBe(true);
  });
});
