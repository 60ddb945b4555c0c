import { describe, expect, it, onTestFinished } from 'vitest';
import { byNetwork } from '../src/network/index.js';
import { resolveOptions } from '../src/options.js';
import { createSession } from '../src/session.js';
import type { Environment } from '../src/wake.js';
import { FakeServer, hubEvent, openFrame } from './kit/fake-server.js';

function statesOf(server: FakeServer, options = {}) {
  const stream = server.connect(options);
  const states: string[] = [stream.status.state];
  stream.on('sse.status', ({ state }) => states.push(state));
  return { stream, states };
}

describe('the status', () => {
  it('is connecting, and live once a fresh stream is open', async () => {
    const server = new FakeServer();
    const { stream, states } = statesOf(server);
    await server.settle();
    server.clock.advance(400);
    await server.last.open(openFrame());
    expect(states).toEqual(['connecting', 'live']);
    expect(stream.status).toEqual({ state: 'live', since: 1_700_000_000_400 });
  });

  it('is catching up until the server says that it is over, however long that takes', async () => {
    const server = new FakeServer();
    const { states } = statesOf(server, { lastEventId: 'e.0' });
    await server.settle();
    await server.last.open(`retry: 2000\n:\n${openFrame({ resume: 'resumed' }, 'e.0')}`);
    for (let n = 1; n <= 3; n++) {
      await server.pass(12_000);
      await server.last.write(`:\n${hubEvent(n, n)}`);
    }
    expect(states).toEqual(['connecting', 'catching-up']);
    await server.last.write(': live\n');
    expect(states).toEqual(['connecting', 'catching-up', 'live']);
  });

  it('is live again at once where nobody follows anything any more', async () => {
    const server = new FakeServer();
    const { states } = statesOf(server);
    await server.settle();
    await server.last.open(openFrame({}, 'e.0') + openFrame({ resume: 'resumed', channels: [] }, 'e.0'));
    expect(states).toEqual(['connecting', 'live']);
  });

  describe('of a server that does not say so', () => {
    const open = openFrame({ resume: 'resumed', prev: undefined }, 'e.0');

    it('is live after a short silence', async () => {
      const server = new FakeServer();
      const { states } = statesOf(server, { lastEventId: 'e.0' });
      await server.settle();
      await server.last.open(open);
      for (let n = 1; n <= 20; n++) {
        await server.pass(100);
        await server.last.write(hubEvent(n, n));
      }
      expect(states).toEqual(['connecting', 'catching-up']);
      await server.pass(500);
      expect(states).toEqual(['connecting', 'catching-up', 'live']);
    });

    it('is live at last after 10 s', async () => {
      const server = new FakeServer();
      const { states } = statesOf(server, { lastEventId: 'e.0' });
      await server.settle();
      await server.last.open(open);
      for (let n = 1; n <= 102; n++) {
        server.clock.advance(100);
        await server.last.write(hubEvent(n, n));
      }
      expect(states).toEqual(['connecting', 'catching-up', 'live']);
    });
  });

  it.each([
    ['cellular', 3],
    ['wifi', 2],
    ['ethernet', 1],
  ] as const)('is offline on %s after %i retries, and live again when one succeeds', async (network, retries) => {
    const server = new FakeServer();
    const { states } = statesOf(server, { network: byNetwork(network) });
    await server.settle();
    await server.last.open(openFrame());
    await server.pass(20_000);
    await server.last.cut();
    for (let retry = 1; retry <= retries; retry++) {
      expect(states).toEqual(['connecting', 'live', 'connecting']);
      await server.pass(1);
      await server.last.fail();
    }
    expect(states.at(-1)).toBe('offline');
    await server.pass(1);
    await server.last.open(openFrame());
    expect(states.at(-1)).toBe('live');
  });

  it('of a server of another kind is live at its first event', async () => {
    const server = new FakeServer();
    const { states } = statesOf(server);
    await server.settle();
    await server.last.open('data: hello\n\n');
    expect(states).toEqual(['connecting', 'live']);
    const plain = new FakeServer();
    const other = statesOf(plain, { plain: true });
    await plain.settle();
    await plain.last.open();
    expect(other.states).toEqual(['connecting', 'live']);
  });
});

/** A page without a browser. */
class Page extends EventTarget {
  readonly navigator = { onLine: true };
  listeners = 0;

  override addEventListener(type: string, listener: (event: Event) => void, options: { signal: AbortSignal }): void {
    this.listeners++;
    options.signal.addEventListener('abort', () => this.listeners--);
    super.addEventListener(type, listener, options);
  }

  tell(type: string): void {
    this.dispatchEvent(new Event(type));
  }
}

function open(server: FakeServer, page: Page) {
  const states: string[] = [];
  const session = createSession(
    resolveOptions('http://server.test/news', server.options),
    {
      event: () => {},
      status: ({ state }) => states.push(state),
      error: () => {},
      room: () => undefined,
      applied: () => '',
      ended: () => {},
    },
    page as unknown as Environment,
  );
  onTestFinished(() => session.close());
  return { session, states };
}

describe('a page', () => {
  it('that is online again connects within a second, however long the wait', async () => {
    const server = new FakeServer();
    server.random = 0.9;
    const page = new Page();
    open(server, page);
    for (let attempt = 0; attempt < 6; attempt++) {
      await server.settle();
      await server.last.fail();
      if (attempt < 5) await server.pass(30_000);
    }
    const { length } = server.requests;
    await server.pass(2_000);
    expect(server.requests).toHaveLength(length);
    page.tell('online');
    await server.pass(1_000);
    expect(server.requests).toHaveLength(length + 1);
  });

  it('that is online again after having been offline makes a new connection', async () => {
    const server = new FakeServer();
    const page = new Page();
    const { states } = open(server, page);
    await server.settle();
    await server.last.open(openFrame());
    page.tell('offline');
    expect(states.at(-1)).toBe('offline');
    page.tell('online');
    await server.pass(1_000);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[0]?.isAborted).toBe(true);
  });

  it('that is seen again keeps a connection that lives, and drops one that has missed a heartbeat', async () => {
    const server = new FakeServer();
    const page = new Page();
    open(server, page);
    await server.settle();
    await server.last.open(openFrame({ heartbeatMs: 10_000 }));
    await server.pass(12_000);
    page.tell('visibilitychange');
    await server.pass(1_000);
    expect(server.requests).toHaveLength(1);
    await server.pass(3_000);
    page.tell('visibilitychange');
    await server.pass(1_000);
    expect(server.requests).toHaveLength(2);
  });

  it('does not shorten a wait that the server has asked for', async () => {
    const server = new FakeServer();
    const page = new Page();
    open(server, page);
    await server.settle();
    await server.last.answer(503, { 'retry-after': '60' });
    page.tell('online');
    page.tell('visibilitychange');
    await server.pass(59_000);
    expect(server.requests).toHaveLength(1);
    await server.pass(1_500);
    expect(server.requests).toHaveLength(2);
  });

  it('gives up its connection when it enters the back/forward cache, and makes a new one when it is back', async () => {
    const server = new FakeServer();
    server.random = 0.9;
    const page = new Page();
    open(server, page);
    await server.settle();
    await server.last.open(openFrame());
    page.tell('pagehide');
    await server.settle();
    expect(server.last.isAborted).toBe(true);
    // Nothing runs while it is there.
    page.tell('pageshow');
    await server.pass(1_000);
    expect(server.requests).toHaveLength(2);
  });

  it('has no listener left after close()', async () => {
    const server = new FakeServer();
    const page = new Page();
    const { session } = open(server, page);
    await server.settle();
    expect(page.listeners).toBe(5);
    session.close();
    expect(page.listeners).toBe(0);
  });
});

describe('close()', () => {
  const moments: [string, (server: FakeServer) => Promise<void>][] = [
    ['before the request', async () => {}],
    ['while the request waits', (server) => server.settle()],
    [
      'while the stream is open',
      async (server) => {
        await server.settle();
        await server.last.open(openFrame() + hubEvent(1, 1));
      },
    ],
    [
      'while it catches up',
      async (server) => {
        await server.settle();
        await server.last.open(openFrame({ resume: 'resumed' }, 'e.0'));
      },
    ],
    [
      'while it waits for the next attempt',
      async (server) => {
        await server.settle();
        await server.last.fail();
      },
    ],
    [
      'after the end',
      async (server) => {
        await server.settle();
        await server.last.answer(204);
      },
    ],
  ];

  it.each(moments)('%s leaves no timer and no request, and can be repeated', async (_when, before) => {
    const server = new FakeServer();
    server.random = 0.5;
    const stream = server.connect();
    await before(server);
    stream.close();
    stream.close();
    await server.settle();
    expect(server.clock.timers).toBe(0);
    expect(server.requests.every(({ isAborted }) => isAborted)).toBe(true);
    expect(stream.status.state).toBe('offline');
    const { length } = server.requests;
    await server.pass(60_000);
    expect(server.requests).toHaveLength(length);
    await expect(stream.closed).resolves.toMatchObject({ reason: _when === 'after the end' ? 'server' : 'client' });
  });

  it('from within a listener ends the delivery at once', async () => {
    const server = new FakeServer();
    const stream = server.connect();
    const seen: unknown[] = [];
    stream.on('message', ({ data }) => {
      seen.push(data);
      if (data === 2) stream.close();
    });
    await server.settle();
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1) + hubEvent(2, 2) + hubEvent(3, 3));
    expect(seen).toEqual([1, 2]);
  });
});

describe('options', () => {
  it.each([
    [{ answerMs: 0 }, RangeError],
    [{ silenceMs: Number.NaN }, RangeError],
    [{ backoffMs: -1 }, RangeError],
    [{ maxEventChars: Number.POSITIVE_INFINITY }, RangeError],
    [{ maxWaiting: '10' }, RangeError],
  ])('%o are refused at creation', (options, error) => {
    const server = new FakeServer();
    expect(() => server.connect(options as never)).toThrow(error);
  });

  it('a URL that is none is refused at creation', () => {
    const server = new FakeServer();
    expect(() => server.connect({}, '/relative')).toThrow(TypeError);
  });
});
