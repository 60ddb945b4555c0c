import { describe, expect, it } from 'vitest';
import type { Gap, Incoming } from '../src/index.js';
import { control, FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

async function opened(first: string) {
  const server = new FakeServer();
  const stream = server.connect();
  const seen: unknown[] = [];
  const gaps: Gap[] = [];
  const errors: string[] = [];
  stream.on('message', ({ data }) => seen.push(data));
  stream.on('sse.gap', ({ data }) => gaps.push(data));
  stream.on('sse.error', ({ code }) => errors.push(code));
  await server.settle();
  await server.last.open(first);
  return { server, stream, seen, gaps, errors };
}

describe('order', () => {
  it('an event that has been here before is left out', async () => {
    const { server, seen } = await opened(openFrame({}, 'e.0'));
    await server.last.write(hubEvent(1, 1) + hubEvent(2, 2) + hubEvent(1, 1) + hubEvent(2, 2) + hubEvent(3, 3));
    expect(seen).toEqual([1, 2, 3]);
  });

  it('an event that has been here before is left out on the next stream as well', async () => {
    const { server, seen } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1) + hubEvent(2, 2));
    await server.last.cut();
    await server.pass(1);
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.2') + hubEvent(2, 2) + hubEvent(3, 3));
    expect(seen).toEqual([1, 2, 3]);
  });

  it('a new epoch goes on with the log, and only with the log', async () => {
    const { server, seen } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1));
    await server.last.write(
      hubEvent(2, 2, { epoch: 'f' }) + hubEvent(2, 2, { epoch: 'f' }) + hubEvent(3, 3, { epoch: 'f' }),
    );
    expect(seen).toEqual([1, 2, 3]);
  });

  it('ids of another server mean nothing', async () => {
    const { server, seen, stream } = await opened('data: 1\nid: a.9\n\ndata: 2\nid: a.1\n\ndata: 3\nid: a.1\n\n');
    expect(seen).toEqual([1, 2, 3]);
    await server.last.write('data: 4\nid: ü✓\n\n');
    await server.last.end();
    await server.pass(1);
    expect(stream.position.id).toBe('ü✓');
    const header = server.last.headers.get('last-event-id') ?? '';
    expect(Buffer.from(header, 'latin1').toString('utf8')).toBe('ü✓');
  });

  it('an event whose forerunner is missing is not delivered, but asked for again with it', async () => {
    const { server, seen, gaps, errors, stream } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1));
    await server.last.write(hubEvent(3, 3, { prev: 2 }));
    expect(seen).toEqual([1]);
    expect(gaps).toEqual([{ channel: 'news', known: 1, missing: 2, isLost: false }]);
    expect(errors).toEqual(['ERR_CLIENT_GAP']);
    expect(stream.position.id).toBe('e.1');
    await server.pass(1);
    expect(server.last.headers.get('last-event-id')).toBe('e.1');
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.1') + hubEvent(2, 2) + hubEvent(3, 3));
    expect(seen).toEqual([1, 2, 3]);
  });

  it('a gap that is there a second time is lost, and the stream goes on', async () => {
    const { server, seen, gaps } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1));
    await server.last.write(hubEvent(3, 3));
    await server.pass(1);
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.1') + hubEvent(3, 3) + hubEvent(4, 4));
    expect(seen).toEqual([1, 3, 4]);
    expect(gaps.map(({ isLost }) => isLost)).toEqual([false, true]);
    expect(server.requests).toHaveLength(2);
  });

  it('a channel’s first event on a fresh stream says nothing about gaps', async () => {
    const { server, seen, gaps } = await opened(openFrame({ channels: ['a', 'b'] }, 'e.a'));
    await server.last.write(hubEvent(20, 1, { channel: 'a', prev: 17 }) + hubEvent(21, 2, { channel: 'b', prev: 3 }));
    await server.last.write(hubEvent(22, 3, { channel: 'a', prev: 20 }));
    expect([seen, gaps]).toEqual([[1, 2, 3], []]);
  });

  it('a channel’s first event on a resumed stream must follow from the place', async () => {
    const { server, seen, gaps } = await opened(openFrame({ resume: 'resumed' }, 'e.a'));
    await server.last.write(hubEvent(20, 1, { prev: 10 }));
    expect([seen, gaps]).toEqual([[1], []]);
    const other = await opened(openFrame({ resume: 'resumed' }, 'e.a'));
    await other.server.last.write(hubEvent(20, 1, { prev: 11 }));
    expect(other.seen).toEqual([]);
    expect(other.gaps).toHaveLength(1);
  });

  it('without links nothing is checked', async () => {
    const { server, seen, gaps } = await opened(openFrame({ prev: undefined }, 'e.0'));
    await server.last.write(hubEvent(1, 1) + hubEvent(9, 2) + hubEvent(11, 3));
    expect([seen, gaps]).toEqual([[1, 2, 3], []]);
  });

  it('comments that look like links of other channels do no harm', async () => {
    const { server, seen, gaps } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1));
    await server.last.write(`: other 99\n\n: \n:\n${hubEvent(2, 2)}: other 7\ndata: 3\nid: e.3\n\n`);
    expect([seen, gaps]).toEqual([[1, 2, 3], []]);
  });

  it('a ping moves the position, and makes no event a duplicate that comes after it', async () => {
    const { server, stream, seen } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1));
    await server.last.write(control('ping', { time: 1 }, 'e.5') + hubEvent(6, 6, { prev: 1 }));
    expect(seen).toEqual([1, 6]);
    expect(stream.position.id).toBe('e.6');
  });

  it('events carry their id, their channel and their text', async () => {
    const { server, stream } = await opened(openFrame({ channels: ['a', 'b'] }, 'e.0'));
    const events: Incoming[] = [];
    stream.on('note', (event) => events.push(event));
    await server.last.write(': a 0\nevent: note\ndata: {"x":\ndata: 1}\nid: e.1\n\nevent: note\ndata: plain\n\n');
    expect(events).toEqual([
      { type: 'note', data: { x: 1 }, text: '{"x":\n1}', id: 'e.1', channel: 'a' },
      { type: 'note', data: 'plain', text: 'plain', id: 'e.1', channel: undefined },
    ]);
  });

  it('every event comes once, wherever the stream is cut', async () => {
    const events = Array.from({ length: 4 }, (_, n) => hubEvent(n + 1, `ü${n + 1}`));
    const bytes = new TextEncoder().encode(openFrame({}, 'e.0') + events.join(''));
    for (let cut = 1; cut <= bytes.length; cut++) {
      const { server, seen, stream } = await opened('');
      await server.last.write(bytes.subarray(0, cut));
      await server.last.cut();
      await server.pass(1);
      const from = Number.parseInt(server.last.headers.get('last-event-id')?.slice(2) || '0', 36);
      const rest = events.slice(from).join('');
      await server.last.open(openFrame({ resume: 'resumed' }, `e.${from}`) + rest);
      expect(seen).toEqual(['ü1', 'ü2', 'ü3', 'ü4']);
      stream.close();
    }
  });
});
