import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { connect } from '../src/index.js';
import { hubEvent, openFrame } from './kit/fake-server.js';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** A stream of so many events, in chunks of a thousand, as fast as they are taken. */
function streamOf(count: number): Response {
  let next = 1;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (next === 1) controller.enqueue(Buffer.from(openFrame({ heartbeatMs: 0 }, 'e.0')));
      let text = '';
      for (let n = 0; n < 1_000 && next <= count; n++, next++)
        text += hubEvent(next, { n: next, text: 'x'.repeat(50) });
      if (text === '') controller.close();
      else controller.enqueue(Buffer.from(text));
    },
  });
  return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
}

it('a million events leave nothing behind', async () => {
  const count = 1_000_000;
  let asked = 0;
  const answer = async () => (asked++ === 0 ? streamOf(count) : new Response(null, { status: 204 }));
  const stream = connect('http://server.test/', { fetch: answer as typeof fetch, backoffMs: 1 });
  let seen = 0;
  let early = 0;
  stream.on('message', () => {
    seen++;
    if (seen !== 50_000) return;
    collect();
    early = process.memoryUsage().heapUsed;
  });
  const iterated = (async () => {
    let last = 0;
    for await (const event of stream) last = event.type === 'message' ? (event.data as { n: number }).n : last;
    return last;
  })();
  await stream.closed;
  expect(await iterated).toBe(count);
  expect(seen).toBe(count);
  collect();
  const grown = process.memoryUsage().heapUsed - early;
  expect(grown).toBeLessThan(4 * 2 ** 20);
}, 60_000);
