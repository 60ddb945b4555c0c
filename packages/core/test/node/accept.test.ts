import { describe, expect, it } from 'vitest';
import { acceptsEventStream, refusesEventStream } from '../../src/node/index.js';

const table: [accept: string | undefined, accepts: boolean, refuses: boolean][] = [
  [undefined, true, false],
  ['', true, false],
  [' , ,', true, false],
  ['text/event-stream', true, false],
  ['TEXT/Event-Stream', true, false],
  ['*/*', true, false],
  ['*', true, false],
  ['text/*', true, false],
  ['text/html, text/event-stream', true, false],
  ['text/event-stream, text/html, application/json', true, false],
  ['application/json', false, false],
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true, false],
  ['text/html, image/gif, *; q=.2, */*; q=.2', true, false],
  ['text/event-stream;q=0', false, true],
  ['text/event-stream;q=0.000', false, true],
  ['text/event-stream ; Q = 0.0', false, true],
  ['text/event-stream;q=0.001', true, false],
  ['*/*, text/event-stream;q=0', false, true],
  ['text/event-stream;q=0, */*', false, true],
  ['text/*;q=0', false, true],
  ['text/*;q=0, */*', false, true],
  ['*/*;q=0', false, true],
  ['*/*;q=0, application/json', false, true],
  ['*/*;q=0, text/*', true, false],
  ['text/*;q=0, text/event-stream', true, false],
  ['text/event-stream;q=0, text/event-stream', true, false],
  ['text/event-stream;charset=utf-8;q=0', false, true],
  ['text/event-stream;a="x,text/event-stream;q=0";q=1', true, false],
  ['application/json;a=",";q=0, text/event-stream', true, false],
  // Malformed: passed over.
  ['garbage', true, false],
  ['text/', true, false],
  ['/;q=0', true, false],
  ['text/event-stream;q=', true, false],
  ['text/event-stream;q=high', true, false],
  ['text/event-stream;q=-1', true, false],
  ['text/event-stream;q=.', true, false],
  ['text/event-stream;q="0"', true, false],
  ['text/event-stream;a="\\', true, false],
  ['application/json;a="unclosed, text/event-stream', false, false],
];

describe('acceptsEventStream and refusesEventStream', () => {
  it.each(table)('read %j as accepted %s, refused %s', (accept, accepts, refuses) => {
    expect({ accepts: acceptsEventStream(accept), refuses: refusesEventStream(accept) }).toEqual({ accepts, refuses });
  });

  it('take no longer than the header is long', () => {
    const before = performance.now();
    for (const part of ['"', '\\', '"\\', ';', ',', 'text/event-stream;q=0,', '*/', 'q=0.']) {
      acceptsEventStream(part.repeat(16_384 / part.length));
    }
    expect(performance.now() - before).toBeLessThan(500);
  });
});
