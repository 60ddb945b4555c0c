/**
 * Row 4: a message is published, or not, at each of six moments of a client's attach, from before it connects until it is live; with
 * the tail's news at once or held back: every combination, one after the other.
 */
import { type Clock, createHub, type Entry, memoryStore, type Store } from '@headwater/core';
import { connect } from '@headwater/core/node';
import { fakeClock, fakeTransport } from '@headwater/testing';
import { expect, test } from 'vitest';

const MOMENTS = 6;

/** A memory store of which reads, and the tail's news where wanted, wait for their gate. */
function gated(clock: Clock, holdsNews: boolean) {
  const inner = memoryStore({ clock });
  const reads: (() => void)[] = [];
  const news: (() => void)[] = [];
  const store: Store = new Proxy(inner, {
    get(target, name) {
      if (name === 'read' && gates.areShut) {
        return async (...args: Parameters<Store['read']>) => {
          const page = await target.read(...args);
          await new Promise<void>((answer) => reads.push(answer));
          return page;
        };
      }
      if (name === 'tail') {
        return (...[from, listener]: Parameters<Store['tail']>) =>
          target.tail(from, {
            lost: (error) => listener.lost(error),
            entries: (entries: readonly Entry[]) => {
              if (holdsNews && gates.areShut) news.push(() => listener.entries(entries));
              else listener.entries(entries);
            },
          });
      }
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  const open = (queue: (() => void)[]) => {
    for (const go of queue.splice(0)) go();
  };
  const gates = {
    areShut: false,
    answerReads: () => open(reads),
    tellNews: () => open(news),
    get waitingReads() {
      return reads.length;
    },
  };
  return { store, gates };
}

async function attach(publishesAt: (moment: number) => boolean, holdsNews: boolean): Promise<[string[], string[]]> {
  const clock = fakeClock({ now: 1_000_000 });
  const { store, gates } = gated(clock, holdsNews);
  // A ring of one: history is the store's to tell.
  const hub = createHub({ clock, store, ringEvents: 1, random: () => 0.5 });
  const sent: string[] = [];
  const publish = () => {
    sent.push(String(sent.length));
    void hub.publish('a', sent.at(-1) as string);
  };
  const promises = () => new Promise((resolve) => setImmediate(resolve));
  const settle = async () => {
    for (let idle = 0; idle < 3; ) {
      gates.answerReads();
      gates.tellNews();
      await promises();
      idle = clock.runTurns() > 0 ? 0 : idle + 1;
    }
  };
  const { id } = await hub.publish('a', 'before');
  for (let n = 0; n < 4; n++) publish();
  await settle();
  gates.areShut = true;

  if (publishesAt(0)) publish();
  const transport = fakeTransport({ lastEventId: id });
  void connect(hub, transport, {}).subscribe('a');
  if (publishesAt(1)) publish();
  await promises();
  expect(gates.waitingReads).toBeGreaterThan(0);
  if (publishesAt(2)) publish();
  gates.answerReads();
  if (publishesAt(3)) publish();
  await promises();
  gates.tellNews();
  if (publishesAt(4)) publish();
  clock.runTurns();
  gates.answerReads();
  await promises();
  if (publishesAt(5)) publish();
  await settle();
  await hub.close();
  const { events } = transport;
  expect(events.map(({ event }) => event)).not.toContain('sse.reset');
  return [events.filter(({ event }) => !event.startsWith('sse.')).map(({ data }) => data), sent];
}

test.each([
  ['at once', false],
  ['late', true],
])(
  'a client that attaches gets everything once and in order, whenever messages are published: news come %s',
  async (_, holdsNews) => {
    for (let mask = 0; mask < 2 ** MOMENTS; mask++) {
      const [received, sent] = await attach((moment) => (mask & (1 << moment)) !== 0, holdsNews);
      expect(
        received,
        `published at the moments ${mask.toString(2).padStart(MOMENTS, '0')}, the first on the right`,
      ).toEqual(sent);
      expect(sent.length).toBeGreaterThanOrEqual(4);
    }
  },
);
