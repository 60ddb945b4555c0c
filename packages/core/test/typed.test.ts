/** The types of a hub's events. The compiler is the test: every `@ts-expect-error` must be one. */
import { expect, expectTypeOf, test } from 'vitest';
import { type Channel, createHub } from '../src/index.js';

interface Story {
  title: string;
}

interface Events {
  news: { story: Story; message: string };
  [user: `user:${string}`]: { mail: { from: string } };
}

test('a typed hub takes its own channels, events and data, and refuses others', async () => {
  const hub = createHub<Events>();
  await hub.publish('news', { event: 'story', data: { title: 'x' } });
  await hub.publish('news', { data: 'text' });
  await hub.publish('news', 'text');
  await hub.publish('user:42', { event: 'mail', data: { from: 'ann' } }, { key: 'k' });
  const wrong = () => [
    // @ts-expect-error an event that the channel does not have
    hub.publish('news', { event: 'storey', data: { title: 'x' } }),
    // @ts-expect-error data of another shape
    hub.publish('news', { event: 'story', data: { titel: 'x' } }),
    // @ts-expect-error a channel that the hub does not have
    hub.publish('olds', { event: 'story', data: { title: 'x' } }),
    // @ts-expect-error an id of the publisher's own
    hub.publish('news', { event: 'story', data: { title: 'x' }, id: '1' }),
  ];
  expect(wrong).toBeTypeOf('function');
  const news = hub.channel('news');
  expectTypeOf(news.publish).toEqualTypeOf<Channel<Events['news']>['publish']>();
  await news.publish({ event: 'story', data: { title: 'y' } });
  // @ts-expect-error a channel object carries its event types
  const alsoWrong = () => news.publish({ event: 'mail', data: { from: 'ann' } });
  expect(alsoWrong).toBeTypeOf('function');
  await hub.close();
});

test('a hub without types takes any channel and any message', async () => {
  const hub = createHub();
  await hub.publish('anything', { event: 'any', data: { n: 1 } });
  await hub.publish('anything', 'text');
  await hub.channel('anything').publish({ data: [1, 2] });
  await hub.close();
});
