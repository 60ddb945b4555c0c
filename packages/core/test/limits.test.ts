import { describe, expect, test } from 'vitest';
import { world } from './helpers.js';

describe('admission', () => {
  test('refuses beyond maxConnections with 200, retry, sse.busy and the end, and evicts nobody', async () => {
    const refused: string[] = [];
    const { client, hub } = world({ maxConnections: 2, observers: [{ refused: (_, why) => refused.push(why) }] });
    const [first, second, third] = [client(), client(), client()];
    for (const { connection } of [first, second, third]) connection.open();
    expect([first.connection.isOpen, second.connection.isOpen, third.connection.isOpen]).toEqual([true, true, false]);
    expect(third.transport.text).toBe(
      'retry: 10000\n:\nevent: sse.busy\ndata: {"retryMs":10000,"reason":"too many connections"}\n\n',
    );
    expect([await third.connection.closed, third.transport.ending]).toEqual([
      { reason: 'limit', detail: 'too many connections' },
      'end',
    ]);
    expect([refused, hub.connections.size]).toEqual([['too many connections'], 2]);
  });

  test('refuses by status whoever can take it', () => {
    const { client } = world({ maxConnections: 1 });
    client().connection.open();
    const { connection, transport } = client({ wishes: { refusalByStatus: true } });
    connection.open();
    expect([transport.refusedAfterSeconds, transport.init]).toEqual([10, undefined]);
  });

  test('admits again once somebody has left', () => {
    const { client } = world({ maxConnections: 1 });
    const first = client();
    first.connection.open();
    first.transport.cut();
    expect(client().connection.open().isOpen).toBe(true);
  });

  test('counts each client key on its own, and forgets those that are gone', () => {
    const { client } = world({ maxConnectionsPerClient: 2 });
    const open = (clientKey: string) => client({ clientKey }).connection.open();
    const ann = [open('ann'), open('ann'), open('ann')];
    expect([...ann, open('bob')].map(({ isOpen }) => isOpen)).toEqual([true, true, false, true]);
    ann[0]!.close();
    expect([open('ann').isOpen, open('ann').isOpen]).toEqual([true, false]);
  });

  test('a subscription of a refused connection resolves closed', async () => {
    const { client } = world({ maxConnections: 1 });
    client().connection.open();
    expect(await client().connection.subscribe('news')).toEqual({ resume: 'closed', channels: [] });
  });
});
