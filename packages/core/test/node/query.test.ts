import { describe, expect, it } from 'vitest';
import { readLastEventId, readQuery, readWishes } from '../../src/node/index.js';

describe('readQuery', () => {
  it.each([
    ['/news', undefined],
    ['/news?', undefined],
    [undefined, undefined],
    ['/news?a=1', '1'],
    ['//?a=1', '1'],
    ['//', undefined],
    ['*', undefined],
    ['http://[/news?a=1', '1'],
    ['http://example.com/news?a=1?b', '1?b'],
    ['/news?a=1#b?a=2', '1'],
    ['/news#b?a=1', undefined],
    ['/news?a=%zz', '%zz'],
    ['/news?a=%E0%A4', '\ufffd'],
    ['/news?%=%&a=1', '1'],
  ])('of %j has a = %j', (target, a) => {
    expect(readQuery(target)?.get('a') ?? undefined).toBe(a);
  });
});

describe('readWishes', () => {
  const wishes = (query: string) => JSON.parse(JSON.stringify(readWishes(readQuery(`/news?${query}`))));

  it.each([
    ['', {}],
    ['heartbeat=30', { heartbeatSeconds: 30 }],
    ['heartbeat=0.5', { heartbeatSeconds: 0.5 }],
    ['heartbeat=event', { heartbeatEvent: true }],
    ['heartbeat=30,event', { heartbeatSeconds: 30, heartbeatEvent: true }],
    ['heartbeat=event,30', { heartbeatSeconds: 30, heartbeatEvent: true }],
    ['prev=1', { prev: true }],
    ['prev=0&refusal=200', {}],
    ['refusal=status', { refusalByStatus: true }],
    ['heartbeat=-1', {}],
    ['heartbeat=1e9', {}],
    ['heartbeat=0x10', {}],
    ['heartbeat=Infinity', {}],
    ['heartbeat=%00', {}],
    [`heartbeat=${'9'.repeat(70)}`, {}],
  ])('from %j are %j', (query, expected) => {
    expect(wishes(query)).toEqual(expected);
  });
});

describe('readLastEventId', () => {
  const id = (header: string | string[] | undefined, target: string) => readLastEventId(header, readQuery(target));

  it('takes the header before the query', () => {
    expect(id('a.1', '/?lastEventId=b.2')).toBe('a.1');
    expect(id('a.1', '/')).toBe('a.1');
  });

  it.each(['lastEventId', 'last_event_id', 'Last-Event-ID'])('takes the parameter %s', (name) => {
    expect(id(undefined, `/?${name}=b.2`)).toBe('b.2');
  });

  it('takes an empty id for an absent one', () => {
    expect(id('', '/?lastEventId=&last_event_id=c.3')).toBe('c.3');
    expect(id('', '/?lastEventId=')).toBeUndefined();
    expect(id(undefined, '/')).toBeUndefined();
  });

  it('keeps what is no id as it is, up to 8 KiB', () => {
    expect(id(undefined, '/?lastEventId=..%2F%00%27%20OR%201')).toBe("../\0' OR 1");
    expect(id('x'.repeat(20_000), '/')).toHaveLength(8192);
    expect(id(undefined, `/?lastEventId=${'x'.repeat(20_000)}`)).toHaveLength(8192);
  });

  it('joins a repeated header, which makes it malformed', () => {
    expect(id(['a.1', 'b.2'], '/')).toBe('a.1, b.2');
  });
});
