import { describe, expect, it } from 'vitest';
import { parseEvents } from '../src/index.js';

describe('parseEvents', () => {
  it('gives type, data, own id and sticky id of each event', () => {
    const events = parseEvents('data: a\n\nid: 1\nevent: story\ndata: b\ndata: c\n\ndata: d\n\nid\ndata: e\n\n');
    expect(events).toEqual([
      { event: 'message', data: 'a', id: '', lastEventId: '' },
      { event: 'story', data: 'b\nc', id: '1', lastEventId: '1' },
      { event: 'message', data: 'd', id: '', lastEventId: '1' },
      { event: 'message', data: 'e', id: '', lastEventId: '' },
    ]);
  });

  it('takes bytes as well, and strips one byte order mark', () => {
    expect(parseEvents(Buffer.from('\uFEFFdata: grün\n\n'))).toMatchObject([{ data: 'grün' }]);
  });

  it.each([
    ['LF', 'data: a\n\n'],
    ['CR', 'data: a\r\r'],
    ['CRLF', 'data: a\r\n\r\n'],
  ])('dispatches the last event of a body with %s', (_name, body) => {
    expect(parseEvents(body)).toMatchObject([{ data: 'a' }]);
  });

  it('drops a last block without its blank line', () => {
    expect(parseEvents('data: a\n\ndata: b\n')).toMatchObject([{ data: 'a' }]);
    expect(parseEvents('data: a\n\ndata: b\r')).toHaveLength(1);
  });

  it('makes no event of comments, retry and blocks without data', () => {
    expect(parseEvents('retry: 250\n:\n: hello\n\nid: 7\n\nevent: x\n\n')).toEqual([]);
  });
});

describe('ReceivedEvent.json', () => {
  it('parses the data', () => {
    const [event] = parseEvents('data: {"n":1}\n\n');
    expect(event!.json<{ n: number }>().n).toBe(1);
  });

  it('shows the data that is no JSON', () => {
    const [event] = parseEvents('event: story\ndata: {half\n\n');
    expect(() => event!.json()).toThrow(new SyntaxError('Cannot parse the data of event "story" as JSON: "{half"'));
  });
});
