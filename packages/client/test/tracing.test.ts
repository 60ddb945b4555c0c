/** Traces are read on the way: the bytes are the same for whoever comes after. */
import { describe, expect, it } from 'vitest';
import { readTraces } from '../src/tracing/index.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const HEADERS = { 'content-type': 'text/event-stream', traceparent: TRACEPARENT };

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** What comes of a stream that arrives in pieces of this size. */
async function read(text: string, size = text.length) {
  const bytes = bytesOf(text);
  const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
    bytes.slice(n * size, (n + 1) * size),
  );
  const traces = readTraces(async () => new Response(ReadableStream.from(pieces), { headers: HEADERS }));
  const response = await traces.fetch('http://localhost/');
  return { traces, text: await response.text() };
}

const event = (id: string, data = 'x') => `data: ${data}\nid: ${id}\n\n`;
const traced = (id: string, data = 'x') => `: traceparent ${TRACEPARENT}\n${event(id, data)}`;

describe('readTraces', () => {
  it.each([1, 7, 1_000])('finds the trace of each event, in pieces of %i bytes', async (size) => {
    const stream = `retry: 250\n:\n${event('e.1')}: news 0\n${traced('e.2', 'ä€😀')}${event('e.3')}${traced('e.4')}`;
    const { traces, text } = await read(stream, size);
    expect(text).toBe(stream);
    expect(traces.stream).toBe(TRACEPARENT);
    expect(['e.1', 'e.2', 'e.3', 'e.4'].map((id) => traces.of(id))).toEqual([
      undefined,
      TRACEPARENT,
      undefined,
      TRACEPARENT,
    ]);
  });

  it('is not misled by data, and keeps no trace for another event', async () => {
    const { traces } = await read(
      `data: : traceparent ${TRACEPARENT}\n${event('e.1')}: traceparent ${TRACEPARENT}\ndata: no id\n\n${event('e.2')}`,
    );
    expect([traces.of('e.1'), traces.of('e.2')]).toEqual([undefined, undefined]);
  });

  it('keeps the newest 1000, and little of an endless line', async () => {
    const many = Array.from({ length: 1_001 }, (_, n) => traced(`e.${n}`)).join('');
    const { traces, text } = await read(`data: ${'x'.repeat(3_000_000)}\n\n${many}`, 65_536);
    expect(text).toHaveLength(3_000_008 + many.length);
    expect([traces.of('e.0'), traces.of('e.1'), traces.of('e.1000')]).toEqual([undefined, TRACEPARENT, TRACEPARENT]);
  });

  it('leaves every other answer alone', async () => {
    for (const answer of [new Response(null, { status: 204 }), Response.json({ a: 1 }), new Response('x')]) {
      const traces = readTraces(async () => answer);
      expect(await traces.fetch('http://localhost/')).toBe(answer);
      expect(traces.stream).toBeUndefined();
    }
  });
});
