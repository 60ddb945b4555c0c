/** What `authorize` may answer, what may happen while it is being asked, and what may change when it is asked again. */
import { fakeClock, fakeTransport } from '@headwater/testing';
import { describe, expect, test } from 'vitest';
import { createHub, type Denial } from '../../src/index.js';
import { type Authorize, connect, type Grant, openStream } from '../../src/node/index.js';

function opening(authorize: Authorize<unknown>) {
  const clock = fakeClock({ now: 1_000_000, autoTurns: true });
  const errors: unknown[] = [];
  const denials: Denial[] = [];
  const observer = { error: (error: unknown) => errors.push(error), denied: (denial: Denial) => denials.push(denial) };
  const hub = createHub({ clock, random: () => 0.5, observers: [observer] });
  const transport = fakeTransport();
  const connection = connect(hub, transport, {});
  const open = () => openStream(connection, {}, '/?channels=news', { authorize });
  const events = () => transport.events.map(({ event, data }) => (event.startsWith('sse.') ? event : data));
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) {
      clock.advance(1_000);
      await turn();
    }
  };
  return { clock, hub, connection, transport, open, events, errors, denials, pass };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('a grant', () => {
  test.each([
    ['principal', 7],
    ['expiresAt', Number.NaN],
    ['expiresAt', '2030-01-01'],
    ['expiresAt', new Date(2_000_000)],
    ['filter', 'all'],
    ['region', 'a|b'],
    ['clientIds', 'phone'],
  ])('with the %s %j grants nothing, and the error is told', async (name, value) => {
    const { open, errors, transport } = opening(() => ({ [name]: value }) as Grant);
    await expect(open()).rejects.toMatchObject({ code: 'ERR_SSE_DENIED' });
    expect(errors).toMatchObject([{ message: `authorize has granted a wrong ${name}` }]);
    expect(transport.init).toBeUndefined();
  });

  test('that is over already, or in seconds, grants nothing', async () => {
    for (const expiresAt of [1_000_000, 1_000]) {
      const { open, denials } = opening(() => ({ expiresAt }));
      await expect(open()).rejects.toMatchObject({ code: 'ERR_SSE_DENIED' });
      expect(denials).toMatchObject([{ why: 'authorize' }]);
    }
  });
});

describe('a revocation while authorize is being asked', () => {
  const revokedDuring = async (where: object) => {
    let answer: (grant: Grant) => void = () => {};
    const asked = new Promise<Grant>((resolve) => {
      answer = resolve;
    });
    const made = opening(() => asked);
    const opened = made.open();
    await turn();
    await made.hub.revoke(where);
    answer({ principal: 'ann' });
    return { ...made, opened };
  };

  test.each([{ principal: 'ann' }, { channel: 'news' }])('%j counts: the answer is of before', async (where) => {
    const { opened, transport } = await revokedDuring(where);
    await expect(opened).rejects.toMatchObject({ code: 'ERR_SSE_DENIED' });
    expect(transport.init).toBeUndefined();
  });

  test('of somebody else changes nothing', async () => {
    const { opened, connection } = await revokedDuring({ principal: 'bob' });
    expect(await opened).toMatchObject({ resume: 'fresh' });
    expect(connection.isOpen).toBe(true);
  });
});

describe('a grant that is asked for again', () => {
  const renewing = async (grants: readonly (Grant | false)[]) => {
    let asked = 0;
    const made = opening(() => grants[asked++] as Grant);
    await made.open();
    await made.pass(31);
    await made.hub.publish('news', 'secret');
    await made.hub.publish('news', 'plain');
    await turn();
    return made;
  };
  const first = { principal: 'ann', expiresAt: 1_060_000 };
  const later = { principal: 'ann', expiresAt: 1_900_000 };

  test('brings its own filter', async () => {
    const { events } = await renewing([
      { ...first, filter: () => true },
      { ...later, filter: ({ data }) => data !== 'secret' },
    ]);
    expect(events()).toEqual(['sse.open', 'plain']);
  });

  test('may be without one', async () => {
    const { events } = await renewing([{ ...first, filter: () => false }, later]);
    expect(events()).toEqual(['sse.open', 'secret', 'plain']);
  });

  test.each<[string, Grant | false]>([
    ['a filter where there was none', { ...later, filter: () => true }],
    ['another region', { ...later, region: 'eu' }],
    ['another principal', { ...later, principal: 'bob' }],
    ['nothing', false],
  ])('and brings %s is not renewed in place: the client is told, and has to come back', async (_name, again) => {
    const { events, connection, pass } = await renewing([first, again]);
    expect(events().slice(0, 2)).toEqual(['sse.open', 'sse.expiring']);
    await pass(30);
    expect(await connection.closed).toMatchObject({ reason: 'expired' });
  });
});
