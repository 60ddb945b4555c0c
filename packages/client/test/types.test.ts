import { createHub } from '@headwater/express';
import { describe, expectTypeOf, it } from 'vitest';
import type { ClientError, EventStream, Gap, Incoming, Reset, Status } from '../src/index.js';

type Map = { news: { story: { title: string }; message: string }; alerts: { story: number } };

describe('types', () => {
  it('an event has the data of its name, whichever channel brings it', () => {
    const on = (_stream: EventStream<Map>) => {
      _stream.on('story', (event) => expectTypeOf(event.data).toEqualTypeOf<{ title: string } | number>());
      _stream.on('message', (event) => expectTypeOf(event.data).toEqualTypeOf<string>());
      _stream.on('sse.reset', (event) => expectTypeOf(event.data).toEqualTypeOf<Reset>());
      _stream.on('sse.gap', (event) => expectTypeOf(event.data).toEqualTypeOf<Gap>());
      _stream.on('sse.error', (error) => expectTypeOf(error).toEqualTypeOf<ClientError>());
      _stream.on('sse.status', (status) => expectTypeOf(status).toEqualTypeOf<Status>());
      // @ts-expect-error No channel has it.
      _stream.on('other', () => {});
    };
    expectTypeOf(on).toBeFunction();
  });

  it('a stream of one channel has its events alone', () => {
    const on = (_stream: EventStream<Pick<Map, 'alerts'>>) => {
      _stream.on('story', (event) => expectTypeOf(event.data).toEqualTypeOf<number>());
      // @ts-expect-error Another channel's.
      _stream.on('message', () => {});
    };
    expectTypeOf(on).toBeFunction();
  });

  it('without a map every name is there, with unknown data', () => {
    const on = (_stream: EventStream) => {
      _stream.on('anything', (event) => expectTypeOf(event).toEqualTypeOf<Incoming<'anything', unknown>>());
      _stream.on('sse.reset', (event) => expectTypeOf(event.data).toEqualTypeOf<Reset>());
    };
    expectTypeOf(on).toBeFunction();
  });

  it('the map is the hub’s', () => {
    const hub = createHub<Map>();
    expectTypeOf(hub.publish<'news'>).toBeFunction();
    void hub.close();
  });

  it('an iteration tells the events apart by their type', () => {
    const read = async (stream: EventStream<Map>) => {
      for await (const event of stream) {
        if (event.type === 'message') expectTypeOf(event.data).toEqualTypeOf<string>();
        if (event.type === 'sse.snapshot') expectTypeOf(event.data.channel).toEqualTypeOf<string>();
      }
    };
    expectTypeOf(read).toBeFunction();
  });
});
