/**
 * What the clients make of streams that no server of ours sends. Each of these is a reason for a rule of the wire profile: where a client
 * differs from the standard, our streams do not go.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, it, type TestContext, vi } from 'vitest';
import { CLIENTS } from '../kit/clients/index.js';
import { Follower, PATIENCE } from '../kit/follower.js';
import { head, literal } from '../kit/literal.js';

describe.concurrent.each(CLIENTS)('$name', (client) => {
  const { traits } = client;

  /** What it makes of a stream, up to an event whose data is `end`. */
  const read = async (context: TestContext, text: string) => {
    const server = await literal(context, (response) => void head(response).write(`${text}data: end\n\n`));
    const follower = new Follower(client, server.url, context);
    await follower.when(({ events }) => events.at(-1)?.data === 'end');
    return follower.events.slice(0, -1);
  };

  /** The Last-Event-ID with which it comes back after a stream. */
  const returnsWith = async (context: TestContext, text: string) => {
    const server = await literal(context, (response) => void head(response).end(`retry: 250\n\n${text}`));
    new Follower(client, server.url, context);
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(1), PATIENCE);
    return server.requests[1]?.lastEventId;
  };

  it('blocks without data: of a comment, of `retry`', async (context) => {
    const events = await read(context, ':\n\nretry: 1000\n\n:\nretry: 1000\n:\n');
    expect(events.map(({ type, data }) => [type, data])).toEqual(traits.makesEmptyMessages ? [['message', '']] : []);
  });

  it('several lines of data', async (context) => {
    const [event] = await read(context, 'data: a\ndata: b\n\n');
    expect(event?.data).toBe(traits.takesLastLineOnly ? 'b' : 'a\nb');
  });

  it('the id of an event that has none of its own', async (context) => {
    const events = await read(context, 'id: 1\ndata: a\n\ndata: b\n\n');
    expect(events.map(({ id }) => id)).toEqual(['1', traits.remembersId ? '1' : '']);
  });

  it('an id in a block without data', async (context) => {
    expect(await returnsWith(context, 'id: 1\ndata: a\n\nid: 2\n\n')).toBe(traits.takesIdWithoutData ? '2' : '1');
  });

  it('an event that is cut off after its id', async (context) => {
    expect(await returnsWith(context, 'id: 1\ndata: a\n\nid: 2\ndata: b')).toBe(traits.takesIdEarly ? '2' : '1');
  });

  it('the time that the server wants it to wait', async (context) => {
    // Waits can be too long on a busy machine, never too short; and nothing takes five seconds that should take two milliseconds.
    const retryMs = traits.obeysRetry ? 400 : 5_000;
    const server = await literal(context, (response) => {
      head(response).end(`retry: ${retryMs}\n\nid: 1\ndata: a\n\n`);
      ended ??= performance.now();
    });
    let ended: number | undefined;
    new Follower(client, server.url, context);
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(1), PATIENCE);
    const waitedMs = server.requests[1]!.at - ended!;
    expect(waitedMs >= retryMs - 2).toBe(traits.obeysRetry);
  });

  it('a content type in capitals', async (context) => {
    const server = await literal(context, (response, index) => {
      head(response, index === 0 ? 'TEXT/EVENT-STREAM' : 'text/event-stream').end(`data: ${index}\n\n`);
    });
    const follower = new Follower(client, server.url, context);
    await follower.when(({ isOver, events }) => isOver || events.length > 0);
    expect(follower.events[0]?.data === '0').toBe(traits.ignoresCaseOfType);
  });

  it('a compressed stream', async (context) => {
    const server = await literal(context, (response) => {
      response.setHeader('content-encoding', 'gzip');
      head(response).end(gzipSync('data: a\n\n'));
    });
    const follower = new Follower(client, server.url, context);
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(1), PATIENCE);
    expect(follower.events.some(({ data }) => data === 'a')).toBe(traits.decompresses);
  });
});
