/** What comes from outside is read by the grammar of W3C Trace Context, or not at all. */
import type { TraceState } from '@opentelemetry/api';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { contextOfRequest, parseTraceContext, toTraceContext } from '../src/trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const PARENT = `00-${TRACE}-${SPAN}-01`;

describe('traceparent', () => {
  test.each([
    ['sampled', PARENT, 1],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, 0],
    ['with flags of which only one is known', `00-${TRACE}-${SPAN}-ff`, 1],
    ['of a later version', `cc-${TRACE}-${SPAN}-01`, 1],
    ['of a later version with more behind it', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`, 1],
  ])('%s', (_name, traceparent, traceFlags) => {
    expect(parseTraceContext(traceparent)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags, isRemote: true });
  });

  test.each([
    ['nothing', undefined],
    ['empty', ''],
    ['a number', 1],
    ['two', [PARENT, PARENT]],
    ['two that a server has joined', `${PARENT}, ${PARENT}`],
    ['upper case', PARENT.toUpperCase()],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['version 00 with more behind it', `${PARENT}-what`],
    ['a later version with a wrong separator', `cc-${TRACE}-${SPAN}-01.what`],
    ['trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['long span id', `00-${TRACE}-${SPAN}0-01`],
    ['flags missing', `00-${TRACE}-${SPAN}`],
    ['a space before', ` ${PARENT}`],
    ['a line break behind', `${PARENT}\n`],
    ['a line break and an event behind', `${PARENT}\n\ndata: x`],
    ['endless', `cc-${TRACE}-${SPAN}-01-${'x'.repeat(1e6)}`],
  ])('%s is none', (_name, traceparent) => {
    expect(parseTraceContext(traceparent)).toBeUndefined();
  });

  test('nothing throws, and what is read is written again as one line that is the same', () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
    const near = fc
      .tuple(
        fc.constantFrom('00', '01', 'ff', '0', 'zz'),
        hex(32),
        hex(16),
        hex(2),
        fc.constantFrom('', '-', '-x', '\n', ' '),
      )
      .map(([version, traceId, spanId, flags, more]) => `${[version, traceId, spanId, flags].join('-')}${more}`);
    const state = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 600 }), fc.constant('a=1,b=2'));
    fc.assert(
      fc.property(fc.oneof(near, fc.string({ unit: 'binary' })), state, (traceparent, tracestate) => {
        const read = parseTraceContext(traceparent, tracestate);
        if (!read) return;
        const written = toTraceContext(read);
        expect(written.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-0[01]$/);
        expect(written.tracestate ?? 'none').toMatch(/^[\x20-\x7e]{1,512}$/);
        expect(toTraceContext(parseTraceContext(written.traceparent, written.tracestate) ?? read)).toEqual(written);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('tracestate', () => {
  const stateOf = (tracestate: unknown) => parseTraceContext(PARENT, tracestate)?.traceState?.serialize();

  test('is kept as it is', () => expect(stateOf('congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')).toContain('rojo=00f067'));

  test.each([
    ['absent', undefined],
    ['empty', ''],
    ['longer than 512 characters', `a=${'x'.repeat(512)}`],
    ['twice', ['a=1', 'b=2']],
  ])('%s is none, and the parent stays', (_name, tracestate) => {
    expect(stateOf(tracestate)).toBeUndefined();
    expect(parseTraceContext(PARENT, tracestate)?.traceId).toBe(TRACE);
  });

  test('has at most 32 members', () => {
    const many = Array.from({ length: 40 }, (_, n) => `k${n}=v`).join();
    expect(stateOf(many)?.split(',')).toHaveLength(32);
  });

  test('is not given on where it has grown too long', () => {
    const context = parseTraceContext(PARENT, 'a=1');
    const traceState = { ...context?.traceState, serialize: () => 'x'.repeat(513) } as TraceState;
    expect(context && toTraceContext({ ...context, traceState })).toEqual({ traceparent: PARENT });
  });
});

describe('a request', () => {
  const ask = (headers: object | undefined, url?: string) => contextOfRequest({ headers, url }, true)?.spanId;
  const other = `00-${TRACE}-${'1'.repeat(16)}-01`;

  test('names it in its header, or else in its query', () => {
    expect(ask({ traceparent: PARENT }, `/?traceparent=${other}`)).toBe(SPAN);
    expect(ask({}, `/?a=b&traceparent=${other}`)).toBe('1'.repeat(16));
    expect(contextOfRequest({ url: `/?traceparent=${other}` }, false)).toBeUndefined();
  });

  test('with a wrong header has none, whatever its query says', () => {
    expect(ask({ traceparent: 'wrong' }, `/?traceparent=${other}`)).toBeUndefined();
  });

  test.each([[undefined], [null], [{}], ['text'], [{ headers: {}, url: '/?%' }], [{ url: '/?traceparent=%00' }]])(
    'that is %j has none',
    (request) => expect(contextOfRequest(request, true)).toBeUndefined(),
  );
});
