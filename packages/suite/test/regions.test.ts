/** Data residency over HTTP: what belongs to a region is refused to others with 451, by the framework's own error handling. */
import { createHub, type Denial } from '@headwater/core';
import { answerSync, type EndpointOptions, openStream } from '@headwater/core/node';
import { expect, it } from 'vitest';
import type { Handler } from './kit/app.js';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { type Served, serve } from './kit/served.js';

const regionOf = (channel: string) => (channel.startsWith('eu.') ? 'eu' : undefined);

/** Each client says where it belongs; an application would look it up. */
const authorize: EndpointOptions<unknown>['authorize'] = (request) => ({
  region: (request as { headers: { region?: string } }).headers.region,
});

const streams: Handler = (connection, { request, url }) => openStream(connection, request, url, { authorize });

const syncs =
  (server: Served): Handler =>
  async (_connection, { request, url, answer }) =>
    answer(200, await answerSync(server.hub, request, url, { authorize }));

onEach(LEGS, (leg) => {
  it.each(['us', undefined])(
    'a channel of another region is refused with 451 to region %s, as a stream and as JSON',
    async (region) => {
      const denials: Denial[] = [];
      const hub = createHub({ regionOf, observers: [{ denied: (denial) => void denials.push(denial) }] });
      const server = await serve(leg, { hub });
      const { id } = await server.hub.publish('eu.orders', 'for Europe');
      const headers: Record<string, string> = region ? { region } : {};
      for (const handler of [streams, syncs(server)]) {
        const refused = await server.open(handler, {
          query: `channels=plain,eu.orders&after=${id}`,
          headers,
          lastEventId: id,
        });
        await refused.closed;
        expect(refused.status).toBe(451);
        expect(JSON.parse(refused.text)).toMatchObject({ handledBy: 'the application', code: 'ERR_SSE_REGION' });
        expect(refused.text).not.toContain('for Europe');
      }
      expect(server.record.opens).toEqual([]);
      expect(denials).toMatchObject([
        { why: 'region', detail: expect.stringContaining('eu.orders') },
        { why: 'region', detail: expect.stringContaining('eu.orders') },
      ]);
    },
  );

  it('a client of the region gets its events live, replayed and as JSON, without the label', async () => {
    const server = await serve(leg, { hub: { regionOf } });
    const headers = { region: 'eu' };
    const { id } = await server.hub.publish('eu.orders', 'first');
    await server.hub.publish('eu.orders', 'second');
    const stream = await server.open(streams, { query: 'channels=eu.orders', headers, lastEventId: id });
    await stream.until('sse.open');
    expect(await stream.next()).toMatchObject({ data: 'second' });
    await server.hub.publish('eu.orders', 'third');
    expect(await stream.next()).toMatchObject({ data: 'third' });
    const answer = await server.open(syncs(server), { query: `channels=eu.orders&after=${id}`, headers });
    await answer.closed;
    expect(JSON.parse(answer.text)).toMatchObject({ events: [{ data: 'second' }, { data: 'third' }] });
    for (const { text } of [stream, answer]) expect(text).not.toContain(':@');
  });
});
