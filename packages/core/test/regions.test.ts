import { describe, expect, test } from 'vitest';
import { type Denial, hasCode, memoryStore } from '../src/index.js';
import { label, unlabel } from '../src/labels.js';
import { changed, world } from './helpers.js';

const regionOf = (channel: string) => (channel.includes('.') ? channel.split('.')[0] : undefined);

function regionWorld() {
  const denials: Denial[] = [];
  const made = world({ regionOf, observers: [{ denied: (denial) => denials.push(denial) }] });
  const clientIn = (region: string | undefined, lastEventId?: string) => {
    const client = made.client(lastEventId ? { lastEventId } : {});
    client.connection.region = region;
    return client;
  };
  return { ...made, denials, clientIn };
}

describe('a channel of a region', () => {
  test('is refused to connections of other regions with 451, and the denial is told', async () => {
    const { clientIn, denials, settle } = regionWorld();
    for (const region of ['us', undefined]) {
      const { connection, transport } = clientIn(region);
      let refused: unknown;
      try {
        connection.subscribe('eu.orders');
      } catch (error) {
        refused = error;
      }
      expect(hasCode(refused, 'ERR_SSE_REGION')).toBe(true);
      expect(refused).toMatchObject({ statusCode: 451 });
      expect(transport.text).toBe('');
    }
    expect(denials).toMatchObject([{ why: 'region' }, { why: 'region' }]);
    expect(denials[0]?.detail).toContain('eu.orders');
    const { connection } = clientIn('eu');
    const subscribed = connection.subscribe(['eu.orders', 'weather']);
    await settle();
    expect((await subscribed).resume).toBe('fresh');
  });

  test('sends its events without a trace of the label, live and replayed', async () => {
    const { clientIn, hub, settle } = regionWorld();
    const { id } = await hub.publish('eu.orders', 'first');
    await hub.publish('eu.orders', 'second');
    const { connection, transport, data } = clientIn('eu', id);
    connection.subscribe('eu.orders');
    await settle();
    await hub.publish('eu.orders', 'third');
    await settle();
    expect(data()).toEqual(['second', 'third']);
    expect(transport.text).not.toContain('@eu');
  });

  test('is refused to a sync of another region as well', async () => {
    const { hub } = regionWorld();
    await hub.publish('eu.orders', 'x');
    const asked = { channels: ['eu.orders'], after: 'old.1' };
    await expect(hub.sync({ ...asked, region: 'us' })).rejects.toMatchObject({ code: 'ERR_SSE_REGION' });
    expect((await hub.sync({ ...asked, region: 'eu' })).events).toMatchObject([{ data: 'x' }]);
  });

  test('keeps its events from other regions where a process was not told that it belongs to one', async () => {
    const store = memoryStore();
    const shared = changed(store, { supports: { ...store.supports, shared: true } });
    const told = world({ store: shared, regionOf });
    const untold = world({ store: shared });
    const { id } = await told.hub.publish('plain', 'for everybody');
    await told.hub.publish('eu.orders', 'for Europe');
    await untold.settle();
    for (const [region, expected] of [
      ['us', ['and live']],
      ['eu', ['for Europe', 'and live', 'live for Europe', 'and live']],
    ] as const) {
      const { connection, data } = untold.client({ lastEventId: id });
      connection.region = region;
      connection.subscribe(['eu.orders', 'plain']);
      await untold.settle();
      if (region === 'eu') await told.hub.publish('eu.orders', 'live for Europe');
      await told.hub.publish('plain', 'and live');
      await untold.settle();
      expect(data()).toEqual(expected);
      connection.close();
    }
  });

  test('shares a flush with connections of other regions, each of which gets only its own', async () => {
    const store = memoryStore();
    const told = world({ store, regionOf });
    const untold = world({ store });
    const clients = ['eu', 'us', undefined].map((region) => {
      const client = untold.client();
      client.connection.region = region;
      client.connection.subscribe(['eu.a', 'us.a', 'plain']);
      return client;
    });
    await untold.settle();
    for (const channel of ['eu.a', 'us.a', 'plain', 'eu.a']) await told.hub.publish(channel, channel);
    await untold.settle();
    expect(clients.map(({ data }) => data())).toEqual([['eu.a', 'plain', 'eu.a'], ['us.a', 'plain'], ['plain']]);
    const lags = clients.map(({ connection }) => connection.lag);
    expect(lags).toEqual([0, 0, 0]);
  });

  test.each([['with space'], [''], [5], ['x'.repeat(33)], ['a\nb']])('refuses %j as a region', (region) => {
    const { hub } = world({ regionOf: () => region as string });
    expect(() => hub.publish('a', 'x')).toThrow(/1 to 32/);
  });

  test('refuses to publish where regionOf throws', () => {
    const { hub } = world({
      regionOf: () => {
        throw new Error('boom');
      },
    });
    expect(() => hub.publish('a', 'x')).toThrow(expect.objectContaining({ code: 'ERR_SSE_CALLBACK' }));
  });
});

describe('a label', () => {
  test('goes on and comes off again, and is not taken for an application’s comment', () => {
    const body = Buffer.from('event: a\ndata: :@eu\n');
    expect(unlabel(label(body, { region: 'eu' }))).toEqual({ region: 'eu', body });
    expect(unlabel(label(body, {}))).toEqual({ region: undefined, body });
  });

  test('cannot be forged by a comment of the application', async () => {
    const { client, hub, settle } = world();
    const { connection, data } = client();
    connection.subscribe('a');
    await settle();
    await hub.publish('a', { comment: '@eu', data: '1' });
    await hub.publish('a', { comment: ':@eu', data: '2' });
    await settle();
    expect(data()).toEqual(['1', '2']);
  });
});
