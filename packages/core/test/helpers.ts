/** What the core's own tests share: a hub whose time and turns are in the test's hand, and connections without a network. */
import {
  type FakeClock,
  type FakeTransport,
  type FakeTransportOptions,
  fakeClock,
  fakeTransport,
} from '@headwater/testing';
import type { Connection } from '../src/connection.js';
import { createHub, type Hub, type HubOptions, type Store } from '../src/index.js';
import { connect } from '../src/node/accept-request.js';

/** `store` with some of its members replaced. */
export function changed<Of extends Store>(store: Of, changes: Partial<Store>): Of {
  return new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(name in changes ? changes : target, name);
      return typeof value === 'function' && !(name in changes) ? value.bind(target) : value;
    },
  });
}

interface World {
  readonly clock: FakeClock;
  readonly hub: Hub;
  client(options?: FakeTransportOptions): Client;
  /** Runs promises and turns until nothing is left to do. Time stands still. */
  settle(): Promise<void>;
  /** Lets time pass in steps, settling after each. */
  pass(ms: number, step?: number): Promise<void>;
}

interface Client {
  readonly connection: Connection;
  readonly transport: FakeTransport;
  /** Data of the events that are not control events. */
  data(): string[];
  /** Names of the control events, without the prefix. */
  control(): string[];
}

export function world(options: HubOptions & { clock?: FakeClock } = {}): World {
  const clock = options.clock ?? fakeClock({ now: 1_000_000 });
  const hub = createHub({ clock, random: () => 0.5, ...options });
  const settle = async () => {
    for (let idle = 0; idle < 3; ) {
      // A turn of the real event loop runs every promise that is ready.
      await new Promise((resolve) => setImmediate(resolve));
      idle = clock.runTurns() > 0 ? 0 : idle + 1;
    }
  };
  return {
    clock,
    hub,
    client: (transportOptions) => {
      const transport = fakeTransport(transportOptions);
      const connection = connect(hub, transport, {});
      return {
        connection,
        transport,
        data: () => transport.events.filter(({ event }) => !event.startsWith('sse.')).map(({ data }) => data),
        control: () =>
          transport.events.filter(({ event }) => event.startsWith('sse.')).map(({ event }) => event.slice(4)),
      };
    },
    settle,
    pass: async (ms, step = 1_000) => {
      for (let left = ms; left > 0; left -= step) {
        clock.advance(Math.min(step, left));
        await settle();
      }
    },
  };
}
