/** A20: whatever is sent, a client gets that and nothing else. Pure first, in large numbers, then over every leg. */
import { encodeMessage, type Message } from '@headwater/core';
import { parseEvents } from '@headwater/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';
import { share } from './kit/served.js';

/** Any UTF-16, lone surrogates too, with many of the characters that mean something on the wire. */
const text = fc
  .array(fc.oneof(fc.nat(0xffff), fc.constantFrom(...[...'\n\r\r\n: \0\uFEFF'].map((c) => c.charCodeAt(0)))))
  .map((units) => String.fromCharCode(...units));
const line = text.map((value) => value.replaceAll(/[\r\n]/g, ''));
const fragment = fc.constantFrom('data: evil\n\n', '\n\nevent: admin\ndata: x\n\n', '\r\rid: 7\r\r', 'retry: 1\n');
const wild = fc.oneof({ weight: 4, arbitrary: text }, fragment);
const id = fc.oneof(fc.stringMatching(/^[A-Za-z0-9._~-]{1,128}$/), fc.nat());

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record(
    {
      data: fc.oneof(
        wild,
        fc.json().map((json) => JSON.parse(json) as unknown),
      ),
      event: line,
      id,
      retry: fc.integer({ min: 250 }),
      comment: wild,
    },
    { requiredKeys: ['data'] },
  ),
  fc.record({ comment: wild }),
  fc.record({ retry: fc.integer({ min: 250 }) }),
);

/** What WHATWG HTML 9.2 makes of the message, undefined where it dispatches nothing. */
function expected({ data, event, id: own }: Message): object | undefined {
  if (data === undefined) return undefined;
  const sent = typeof data === 'string' ? data : JSON.stringify(data);
  return {
    event: decoded(event ?? '') || 'message',
    data: decoded(sent).replaceAll(/\r\n|\r/g, '\n'),
    id: own === undefined ? '' : String(own),
  };
}

/** UTF-8 has no lone surrogates: U+FFFD stands for them. */
const decoded = (value: string): string => Buffer.from(value, 'utf8').toString('utf8');

const shown = (events: readonly { event: string; data: string; id: string }[]) =>
  events.map(({ event, data, id: own }) => ({ event, data, id: own }));

it('A20 encodeMessage gives back the message that went in, and never more events than that', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 8 }), (messages) => {
      const wire = messages.map((one) => encodeMessage(one, JSON.stringify)).join('');
      expect(wire).not.toMatch(/\r/);
      expect(shown(parseEvents(wire))).toEqual(messages.map(expected).filter(Boolean));
    }),
    { seed: 20, numRuns: 3_000 },
  );
});

onEach(LEGS, (leg) => {
  const server = share(leg);

  it('A20 a client gets what was sent, and never more events than that', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 40 }), async (messages) => {
        const stream = await server().open((connection) => {
          for (const one of messages) void connection.send(one);
          connection.close();
        });
        await stream.closed;
        expect(shown(stream.events)).toEqual(messages.map(expected).filter(Boolean));
      }),
      { seed: 21, numRuns: 25 },
    );
  });
});
