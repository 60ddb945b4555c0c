/** How many may be here, how large a message may be, and what happens to who is refused. */
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { serve } from './kit/served.js';
import { until } from './kit/wait.js';

const subscribes: Handler = (connection) => connection.subscribe('news');

onEach(LEGS, (leg) => {
  it.each(['maxConnections', 'maxConnectionsPerClient'])(
    'a place that %s counts is free again when its client has gone',
    async (limit) => {
      const own = await serve(leg, { hub: { [limit]: 1, refusalRetrySeconds: [5, 5] } });
      const path = own.route(subscribes);
      const first = await own.open(path);
      await first.until('sse.open');
      const refused = await own.open(path);
      expect(await refused.closed).toEqual({ reason: 'end' });
      expect(refused).toMatchObject({ status: 200, retry: 5_000, events: [{ event: 'sse.busy' }] });
      expect(first.isOpen).toBe(true);
      await first.close();
      await until(() => own.hub.connections.size === 0);
      const second = await own.open(path);
      expect(await second.next()).toMatchObject({ event: 'sse.open' });
      expect(own.record.refusals).toHaveLength(1);
    },
  );

  it('a refused client that can take a status gets one, and EventSource never does', async () => {
    const own = await serve(leg, { hub: { maxConnections: 1, refusalRetrySeconds: [9, 9] } });
    const first = await own.open(subscribes);
    await first.until('sse.open');
    const byStatus = await own.open(subscribes, { query: 'refusal=status' });
    await byStatus.closed;
    expect(byStatus).toMatchObject({ status: 503, headers: { 'retry-after': '9', 'cache-control': 'no-store' } });
    expect(byStatus.headers['content-type']).toMatch('text/plain');
    expect(own.failures).toEqual([]);
  });

  it('A16 a message of exactly maxEventBytes reaches a client that reads, and one byte more is refused', async () => {
    const overhead = 'data: \n\n'.length;
    const size = 1024 * 1024;
    const own = await serve(leg);
    const stream = await own.open(async (connection) => {
      expect(() => connection.send('x'.repeat(size - overhead + 1))).toThrow(/maxEventBytes/);
      expect(await connection.send('x'.repeat(size - overhead))).toBe(true);
      expect(await connection.send('y'.repeat(size - overhead))).toBe(true);
      await connection.send('end');
    });
    await stream.until(({ data }) => data === 'end');
    expect(stream.events.map(({ data }) => [data[0], data.length])).toEqual([
      ['x', size - overhead],
      ['y', size - overhead],
      ['e', 3],
    ]);
    expect(own.record.closes).toEqual([]);
  });

  it('A16 a published message of exactly maxEventBytes reaches who is live and who resumes', async () => {
    const overhead = 'data: \n'.length;
    const data = 'x'.repeat(1024 * 1024 - overhead);
    const own = await serve(leg);
    const live = await own.open(subscribes);
    const { id } = await live.until('sse.open');
    expect(() => own.hub.publish('news', `${data}x`)).toThrow(/maxEventBytes/);
    await own.hub.publish('news', data);
    const resumed = await own.open(subscribes, { lastEventId: id });
    await resumed.until('sse.open');
    for (const stream of [live, resumed]) expect((await stream.next()).data === data).toBe(true);
    expect(own.record.closes).toEqual([]);
  });
});
