import type { Batch, Sink } from '@headwater/core';
import { describe, expect, it } from 'vitest';
import { type FakeTransport, type FakeTransportOptions, fakeTransport } from '../src/index.js';

function batch(text: string): Batch {
  const plain = Buffer.from(text);
  return { plain, chunk: plain, size: plain.length };
}

interface Opened {
  readonly transport: FakeTransport;
  readonly sink: Sink;
  /** What the connection was told, in order. */
  readonly told: string[];
}

function opened(options?: FakeTransportOptions, paused = false): Opened {
  const transport = fakeTransport(options);
  const told: string[] = [];
  if (paused) transport.pause();
  const events = { drained: () => void told.push('drained'), gone: () => void told.push('gone') };
  const sink = transport.open({ prelude: batch('retry: 2000\n:\n'), status: 200 }, events);
  return { transport, sink, told };
}

describe('fakeTransport before open', () => {
  it('stands for a request', () => {
    const options = { lastEventId: 'a.7', wishes: { prev: true }, clientKey: 'me', isHead: true, request: 'request' };
    expect(fakeTransport(options)).toMatchObject({ ...options, isAlive: true, cursor: 'a.7', init: undefined });
    expect(fakeTransport()).toMatchObject({
      wishes: {},
      isHead: false,
      lastEventId: undefined,
      cursor: '',
      events: [],
    });
  });

  it('tells once that the client has gone', () => {
    const transport = fakeTransport();
    let gone = 0;
    transport.watch(() => {
      gone += 1;
    });
    transport.cut();
    transport.cut();
    expect(gone).toBe(1);
    expect(transport.isAlive).toBe(false);
    expect(() => transport.open({ prelude: batch(':\n') }, { drained() {}, gone() {} })).toThrow(
      expect.objectContaining({ code: 'ERR_SSE_CLOSED' }),
    );
  });

  it('records refusals and failures', () => {
    const refused = fakeTransport();
    refused.refuse(30);
    expect(refused).toMatchObject({ refusedAfterSeconds: 30, isAlive: false });
    const failed = fakeTransport();
    failed.fail('why');
    expect(failed).toMatchObject({ failures: ['why'], isAlive: false });
  });

  it('throws from open what it was told to, and for a second open', () => {
    expect(() => opened({ openError: new Error('no') })).toThrow('no');
    const { transport } = opened();
    expect(() => transport.open({ prelude: batch(':\n') }, { drained() {}, gone() {} })).toThrow(
      expect.objectContaining({ code: 'ERR_SSE_HEADERS_SENT' }),
    );
  });
});

describe('fakeTransport', () => {
  it('shows what the client has seen', () => {
    const { transport, sink, told } = opened({ lastEventId: 'a.7' });
    expect(transport.init).toMatchObject({ status: 200 });
    expect(transport.cursor).toBe('a.7');
    expect(sink.write(batch('data: {"n":1}\nid: a.8\n\n'))).toBe(true);
    expect(transport).toMatchObject({ comments: [''], retry: 2000, cursor: 'a.8', pendingBytes: 0 });
    expect(transport.events.map((event) => event.json())).toEqual([{ n: 1 }]);
    expect(transport.text).toBe('retry: 2000\n:\ndata: {"n":1}\nid: a.8\n\n');
    expect(transport.batches).toHaveLength(2);
    expect(told).toEqual([]);
  });

  it('holds writes back while paused, and lets them leave in order', () => {
    const { transport, sink, told } = opened({}, true);
    expect(sink.pendingBytes).toBe(14);
    sink.write(batch('data: a\n\n'));
    expect(transport).toMatchObject({ text: '', pendingBytes: 23 });
    transport.drain(16);
    expect(transport).toMatchObject({ text: 'retry: 2000\n:\nda', pendingBytes: 7, retry: 2000 });
    sink.write(batch('data: b\n\n'));
    expect(told).toEqual([]);
    transport.drain(16);
    expect(told).toEqual(['drained']);
    sink.write(batch('data: c\n\n'));
    expect(transport.pendingBytes).toBe(9);
    transport.drain();
    sink.write(batch('data: d\n\n'));
    expect(transport.events.map(({ data }) => data)).toEqual(['a', 'b', 'c', 'd']);
    expect(told).toEqual(['drained', 'drained']);
  });

  it('does not report drained where nothing was pending', () => {
    const { transport, told } = opened();
    transport.pause();
    transport.drain();
    expect(told).toEqual([]);
  });

  it('loses what is pending when the client goes', () => {
    const { transport, sink, told } = opened();
    transport.pause();
    sink.write(batch('data: a\n\n'));
    transport.drain(8);
    transport.cut();
    expect(transport).toMatchObject({ ending: 'cut', isAlive: false, events: [], pendingBytes: 0 });
    expect(told).toEqual(['gone']);
    expect(sink.write(batch('data: b\n\n'))).toBe(false);
    transport.drain();
    transport.cut();
    sink.destroy();
    expect(told).toEqual(['gone']);
    expect(transport.batches).toHaveLength(2);
  });

  it('tells of an unnoticed cut in the next write', () => {
    const { transport, sink, told } = opened();
    transport.cut('unnoticed');
    expect(transport).toMatchObject({ isAlive: true, ending: undefined });
    expect(told).toEqual([]);
    expect(sink.write(batch('data: a\n\n'))).toBe(false);
    expect(told).toEqual(['gone']);
    expect(transport).toMatchObject({ isAlive: false, ending: 'cut', events: [] });

    const pending = opened();
    pending.transport.pause();
    pending.sink.write(batch('data: a\n\n'));
    pending.transport.cut('unnoticed');
    pending.transport.drain();
    expect(pending.transport.events).toEqual([]);
    expect(pending.told).toEqual(['drained']);
  });

  it('ends after what was written', () => {
    const { transport, sink, told } = opened();
    transport.pause();
    sink.write(batch('data: a\n\n'));
    sink.end(true);
    expect(sink.write(batch('data: b\n\n'))).toBe(false);
    expect(transport.ending).toBeUndefined();
    transport.drain();
    expect(transport.ending).toBe('disconnect');
    expect(transport.events).toHaveLength(1);
    expect(told).toEqual(['gone']);
  });

  it.each([
    ['end', (sink: Sink) => sink.end(false)],
    ['disconnect', (sink: Sink) => sink.end(true)],
    ['destroy', (sink: Sink) => sink.destroy()],
  ] as const)('reports the ending %s', (ending, act) => {
    const { transport, sink, told } = opened();
    act(sink);
    expect(transport).toMatchObject({ ending, isAlive: false });
    expect(told).toEqual(['gone']);
  });

  it('sends no body for HEAD', () => {
    const { transport, sink } = opened({ isHead: true });
    sink.end(false);
    expect(transport).toMatchObject({ text: '', ending: 'end' });
  });
});
