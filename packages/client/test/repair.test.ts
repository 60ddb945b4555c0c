import { describe, expect, it } from 'vitest';
import { control, FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

async function opened(first: string, options = {}) {
  const server = new FakeServer();
  const stream = server.connect(options);
  const seen: unknown[] = [];
  for (const name of ['message', 'sse.reset', 'sse.snapshot', 'sse.live'] as const) {
    stream.on(name, ({ type, data }) => seen.push(type === 'message' ? data : type));
  }
  await server.settle();
  await server.last.open(first);
  return { server, stream, seen };
}

const anonymous = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`;
const RESET =
  openFrame({ resume: 'reset', channels: ['news', 'todos'] }) +
  control('reset', { channels: ['todos'], reason: 'trimmed' });
const REPAIR = [
  RESET,
  control('snapshot', { channel: 'todos', data: ['a'] }),
  anonymous(8),
  anonymous(9),
  control('live', { channels: ['todos'] }, 'e.a'),
];

describe('a repair', () => {
  it('is delivered whole, when its id has come', async () => {
    const { server, stream, seen } = await opened('');
    for (const part of REPAIR.slice(0, -1)) {
      await server.last.write(part);
      expect(seen).toEqual([]);
      expect(stream.position.id).toBe('');
    }
    await server.last.write(REPAIR.at(-1) as string);
    expect(seen).toEqual(['sse.reset', 'sse.snapshot', 8, 9, 'sse.live']);
    expect(stream.position.id).toBe('e.a');
    await server.last.write(hubEvent(11, 11, { prev: 9 }));
    expect(seen.at(-1)).toBe(11);
  });

  it('can be completed by a snapshot', async () => {
    const { stream, seen } = await opened(RESET + control('snapshot', { channel: 'todos', data: [] }, 'e.7'));
    expect(seen).toEqual(['sse.reset', 'sse.snapshot']);
    expect(stream.position.id).toBe('e.7');
  });

  it('is not delivered at all where it is cut, after whichever frame, and comes again from the old id', async () => {
    for (let cut = 1; cut < REPAIR.length; cut++) {
      const { server, seen } = await opened(openFrame({}, 'e.0') + hubEvent(1, 1));
      await server.last.end();
      await server.pass(1);
      await server.last.open(REPAIR.slice(0, cut).join(''));
      await server.last.cut();
      await server.pass(1_000);
      expect(seen).toEqual([1]);
      expect(server.last.headers.get('last-event-id')).toBe('e.1');
      await server.last.open(REPAIR.join(''));
      expect(seen).toEqual([1, 'sse.reset', 'sse.snapshot', 8, 9, 'sse.live']);
    }
  });

  it('of another reset in between keeps what healthy channels have sent, because that does not come again', async () => {
    const { server, seen } = await opened(openFrame({ channels: ['news', 'todos'] }, 'e.0'));
    await server.last.write(control('reset', { channels: ['todos'], reason: 'late' }) + anonymous('healthy'));
    await server.last.write(control('reset', { channels: ['todos', 'news'], reason: 'rollback' }));
    await server.last.write(
      control('snapshot', { channel: 'todos', data: [] }) + control('live', { channels: [] }, 'f.9'),
    );
    expect(seen).toEqual(['sse.reset', 'healthy', 'sse.reset', 'sse.snapshot', 'sse.live']);
  });

  it('by history alone is delivered event by event, each a place to go on from', async () => {
    const { server, stream, seen } = await opened(openFrame({}, 'e.0') + hubEvent(50, 50));
    await server.last.write(control('reset', { channels: ['late'], reason: 'late' }));
    await server.last.write(openFrame({ channels: ['news', 'late'], resume: 'reset' }));
    expect(seen).toEqual([50]);
    await server.last.write(hubEvent(3, 3, { channel: 'late', prev: 0 }));
    expect(seen).toEqual([50, 'sse.reset', 3]);
    expect(stream.position.id).toBe('e.3');
    await server.last.cut();
    await server.pass(1);
    expect(server.last.headers.get('last-event-id')).toBe('e.3');
    // The healthy channel's events after that place come again, and are known.
    const resumed = openFrame({ channels: ['news', 'late'], resume: 'resumed' }, 'e.3');
    await server.last.open(resumed + hubEvent(40, 40, { channel: 'late', prev: 3 }) + hubEvent(50, 50, { prev: 49 }));
    await server.last.write(hubEvent(51, 51, { prev: 50 }));
    expect(seen).toEqual([50, 'sse.reset', 3, 40, 51]);
  });

  it('larger than the bound ends the client', async () => {
    const { server, stream } = await opened(RESET, { maxEventChars: 64 });
    for (let n = 0; n < 50 && !server.last.isAborted; n++) await server.last.write(anonymous('x'.repeat(40)));
    expect(await stream.closed).toMatchObject({ reason: 'error', error: { code: 'ERR_CLIENT_TOO_LARGE' } });
  });

  it('of endlessly many empty events is bounded as well', async () => {
    const { server, stream } = await opened(RESET, { maxEventChars: 200 });
    for (let n = 0; n < 50 && !server.last.isAborted; n++) await server.last.write('data:\n\n');
    expect(await stream.closed).toMatchObject({ reason: 'error', error: { code: 'ERR_CLIENT_TOO_LARGE' } });
  });

  it('is catching up, and then live', async () => {
    const { server, stream } = await opened(REPAIR.slice(0, 3).join(''));
    await server.pass(20_000);
    expect(stream.status.state).toBe('catching-up');
    await server.last.write(`${REPAIR.slice(3).join('')}: live\n`);
    expect(stream.status.state).toBe('live');
  });
});
