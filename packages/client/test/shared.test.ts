import { createHub } from '@headwater/express';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  connectShared,
  type SharedOptions,
  type SharedScope,
  type TabChannel,
  type TabMessage,
} from '../src/shared/index.js';
import { earliest, isPast } from '../src/shared/places.js';
import { FakeServer, hubEvent, openFrame } from './kit/fake-server.js';
import { FRAMEWORKS } from './kit/servers.js';

/** Locks and channels as browsers have them: a lock has a queue, and a message comes later and not to its sender. */
function fakeScope(): SharedScope {
  const channels = new Set<TabChannel>();
  const queue: (() => void)[] = [];
  let isHeld = false;
  const next = () => {
    isHeld = false;
    queue.shift()?.();
  };
  return {
    locks: {
      request: (_name, { signal }, held) =>
        new Promise((resolve, reject) => {
          const take = () => {
            if (signal.aborted) return next();
            isHeld = true;
            held().then(resolve).finally(next);
          };
          signal.addEventListener('abort', () => reject(signal.reason));
          if (isHeld) queue.push(take);
          else take();
        }),
    },
    open: () => {
      const own: TabChannel = {
        onmessage: null,
        postMessage(message: TabMessage) {
          const data = structuredClone(message);
          for (const channel of channels) if (channel !== own) setImmediate(() => channel.onmessage?.({ data }));
        },
        close() {
          channels.delete(own);
          own.onmessage = null;
        },
      };
      channels.add(own);
      return own;
    },
  };
}

function tab(server: FakeServer, scope: SharedScope, options: SharedOptions = {}) {
  const stream = connectShared('http://server.test/news', { ...server.options, scope, ...options });
  onTestFinished(() => stream.close());
  const seen: unknown[] = [];
  stream.on('message', ({ data }) => seen.push(data));
  return { stream, seen };
}

async function settle(server: FakeServer): Promise<void> {
  for (let turn = 0; turn < 8; turn++) await server.settle();
}

/** Time for the tab that got the lock to hear where the others are. */
async function elect(server: FakeServer): Promise<void> {
  await settle(server);
  await server.pass(200);
  await settle(server);
}

describe('tabs', () => {
  it('share one connection: ten tabs, one request, the same events and status', async () => {
    const server = new FakeServer();
    const scope = fakeScope();
    const tabs = Array.from({ length: 10 }, () => tab(server, scope));
    await elect(server);
    expect(server.requests).toHaveLength(1);
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1) + hubEvent(2, 2));
    await settle(server);
    for (const { stream, seen } of tabs) {
      expect(seen).toEqual([1, 2]);
      expect(stream.status.state).toBe('live');
      expect(stream.position).toEqual({ id: 'e.2', channels: ['news'] });
    }
  });

  it('go on without a hole when the tab that has the connection is closed, from where the last of them is', async () => {
    const server = new FakeServer();
    const scope = fakeScope();
    const first = tab(server, scope);
    await elect(server);
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1));
    const second = tab(server, scope);
    const third = tab(server, scope);
    await settle(server);
    await server.last.write(hubEvent(2, 2));
    await settle(server);
    first.stream.close();
    expect(server.last.isAborted).toBe(true);
    await elect(server);
    expect(server.requests).toHaveLength(2);
    expect(server.last.headers.get('last-event-id')).toBe('e.2');
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.2') + hubEvent(2, 2) + hubEvent(3, 3));
    await settle(server);
    expect([first.seen, second.seen, third.seen]).toEqual([
      [1, 2],
      [2, 3],
      [2, 3],
    ]);
  });

  it('that have missed a word of the old one get it from the new one', async () => {
    const server = new FakeServer();
    const scope = fakeScope();
    let isDeaf = false;
    const open = (name: string): TabChannel => {
      const channel = scope.open(name);
      return {
        get onmessage() {
          return channel.onmessage;
        },
        set onmessage(listener) {
          channel.onmessage = listener && ((event) => (isDeaf && event.data.kind === 'event') || listener(event));
        },
        postMessage: (message) => channel.postMessage(message),
        close: () => channel.close(),
      };
    };
    const first = tab(server, scope);
    await elect(server);
    await server.last.open(openFrame({}, 'e.0') + hubEvent(1, 1));
    const second = tab(server, scope);
    const third = tab(server, { ...scope, open });
    await settle(server);
    isDeaf = true;
    await server.last.write(hubEvent(2, 2));
    await settle(server);
    isDeaf = false;
    first.stream.close();
    await elect(server);
    expect(server.last.headers.get('last-event-id')).toBe('e.1');
    await server.last.open(openFrame({ resume: 'resumed' }, 'e.1') + hubEvent(2, 2) + hubEvent(3, 3));
    await settle(server);
    expect([second.seen, third.seen]).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  it('that begin at an id catch up by themselves, and then follow', async () => {
    const server = new FakeServer();
    const scope = fakeScope();
    const first = tab(server, scope);
    await elect(server);
    const leading = server.last;
    await leading.open(openFrame({}, 'e.5') + hubEvent(6, 6) + hubEvent(7, 7));
    const late = tab(server, scope, { lastEventId: 'e.2' });
    await settle(server);
    expect(server.requests).toHaveLength(2);
    const own = server.last;
    expect(own.headers.get('last-event-id')).toBe('e.2');
    await own.open(openFrame({ resume: 'resumed' }, 'e.2') + [3, 4, 5, 6].map((n) => hubEvent(n, n)).join(''));
    await leading.write(hubEvent(8, 8));
    await settle(server);
    await own.write(hubEvent(7, 7) + hubEvent(8, 8));
    await settle(server);
    expect(own.isAborted).toBe(true);
    await leading.write(hubEvent(9, 9));
    await settle(server);
    expect(late.seen).toEqual([3, 4, 5, 6, 7, 8, 9]);
    expect(first.seen).toEqual([6, 7, 8, 9]);
  });

  it('all end when the server says that there is nothing to come back for', async () => {
    const server = new FakeServer();
    const scope = fakeScope();
    const tabs = [tab(server, scope), tab(server, scope)];
    await elect(server);
    await server.last.answer(404);
    await settle(server);
    for (const { stream } of tabs) {
      expect(await stream.closed).toMatchObject({ reason: 'error', error: { code: 'ERR_CLIENT_STATUS', status: 404 } });
    }
    expect(server.clock.timers).toBe(0);
  });

  it('without locks have a connection each', async () => {
    // Node has had them since 24.
    vi.stubGlobal('navigator', {});
    onTestFinished(() => void vi.unstubAllGlobals());
    const server = new FakeServer();
    const alone = () => connectShared('http://server.test/news', { ...server.options, scope: undefined });
    const streams = [alone(), alone()];
    await settle(server);
    expect(server.requests).toHaveLength(2);
    for (const stream of streams) stream.close();
  });

  it('lose nothing and get nothing twice while one after the other is closed, with a real server', async () => {
    const hub = createHub({ retryMs: 250 });
    onTestFinished(() => hub.close());
    const [, express] = FRAMEWORKS[0]!;
    let connections = 0;
    const server = await express.serve(hub, (stream) => {
      connections++;
      return stream.subscribe('numbers');
    });
    const scope = fakeScope();
    const open = () => {
      const stream = connectShared(`${server.url}/n`, { scope, backoffMs: 1 });
      onTestFinished(() => stream.close());
      const seen: unknown[] = [];
      stream.on('message', ({ data }) => seen.push(data));
      return { stream, seen };
    };
    const tabs = Array.from({ length: 5 }, open);
    await vi.waitUntil(() => tabs.every(({ stream }) => stream.status.state === 'live'), { timeout: 10_000 });
    let last = 0;
    for (let closed = 0; closed < 4; closed++) {
      for (let n = 0; n < 50; n++) await hub.publish('numbers', { data: ++last });
      tabs[closed]?.stream.close();
      for (let n = 0; n < 50; n++) await hub.publish('numbers', { data: ++last });
      await vi.waitUntil(() => tabs[4]?.seen.at(-1) === last, { timeout: 10_000 });
    }
    expect(tabs[4]?.seen).toEqual(Array.from({ length: last }, (_, n) => n + 1));
    expect(connections).toBe(5);
  });
});

describe('places', () => {
  it('are compared within an epoch', () => {
    expect(isPast('e.5', 'e.5')).toBe(true);
    expect(isPast('e.5', 'e.6')).toBe(true);
    expect(isPast('e.7', 'e.6')).toBe(false);
    expect(isPast('f.5', 'e.6')).toBe(false);
    expect(isPast('5', '6')).toBe(false);
    expect(isPast('', '')).toBe(true);
  });

  it('the earliest is the one from which nobody misses anything', () => {
    expect(earliest(['', 'e.5', 'e.3', 'e.a', ''])).toBe('e.3');
    expect(earliest([])).toBe('');
  });
});
