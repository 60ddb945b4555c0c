/** Tracing that fails, or is wrong, or is not there, costs no client an event. */
import { createHub } from '@headwater/core';
import { INVALID_SPAN_CONTEXT, type Span, type TracerProvider, trace } from '@opentelemetry/api';
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace-node';
import { expect, onTestFinished, test } from 'vitest';
import { type TracingOptions, traceHub } from '../src/index.js';
import { ask, FRAMEWORKS, readUntil, serve, tracedHub, useSdk } from './kit.js';

const broken = () => {
  throw new Error('broken tracer');
};

/** A span of which everything fails but what a tracer hands out. */
const brokenSpan = new Proxy({} as Span, { get: (_span, name) => (name === 'then' ? undefined : broken) });

const PROVIDERS: Readonly<Record<string, TracerProvider>> = {
  'that makes no spans': { getTracer: () => ({ startSpan: broken, startActiveSpan: broken }) },
  'whose spans fail': { getTracer: () => ({ startSpan: () => brokenSpan, startActiveSpan: broken }) },
  'whose spans cannot end': {
    getTracer: () => ({
      startSpan: () => Object.assign(trace.wrapSpanContext(INVALID_SPAN_CONTEXT), { end: broken }),
      startActiveSpan: broken,
    }),
  },
  'with contexts that would break the stream': {
    getTracer: () => ({
      startSpan: () => {
        const span = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
        const forged = { traceId: `${'a'.repeat(32)}\n\ndata: forged\n\n`, spanId: 'b'.repeat(16), traceFlags: 1 };
        return Object.assign(span, { spanContext: () => forged });
      },
      startActiveSpan: broken,
    }),
  },
};

for (const framework of FRAMEWORKS) {
  test.each(Object.entries(PROVIDERS))(`a provider %s, with ${framework}`, async (_name, tracerProvider) => {
    const errors: unknown[] = [];
    const hub = createHub({ observers: [{ error: (error) => errors.push(error) }] });
    onTestFinished(() => hub.close());
    traceHub(hub, { tracerProvider });
    const url = await serve(framework, hub);
    await readUntil(await ask(`${url}/plain`), 'hello');
    const { id } = await hub.publish('news', 'before');
    await hub.publish('news', 'replayed');
    const text = readUntil(await ask(`${url}/events?channel=news`, { 'last-event-id': id }), 'data: live\n');
    await expect.poll(() => hub.stats().live).toBe(1);
    await hub.publish('news', 'live');
    expect(await text).toContain('data: replayed\n');
    expect(await text).not.toMatch(/forged|broken/);
    for (const error of errors) expect(String(error)).toMatch(/broken tracer|traceparent/);
  });
}

test('without an SDK there is nothing in the head, and nothing is stored', async () => {
  trace.disable();
  const hub = createHub();
  onTestFinished(() => hub.close());
  const seen: unknown[] = [];
  traceHub(hub);
  hub.observe({ flushed: ({ traces }) => void seen.push(traces) });
  const response = await ask(`${await serve('express', hub)}/events?channel=news`);
  expect(response.headers.get('traceparent')).toBeNull();
  await expect.poll(() => hub.stats().live).toBe(1);
  await hub.publish('news', 'x');
  await readUntil(response, 'data: x\n');
  await expect.poll(() => seen).toEqual([undefined]);
});

test('what is not sampled is not stored, and makes no delivery', async () => {
  const spans = useSdk({ sampler: new AlwaysOffSampler() });
  const hub = tracedHub(spans);
  const seen: unknown[] = [];
  hub.observe({ flushed: ({ traces }) => void seen.push(traces) });
  const response = await ask(`${await serve('express', hub)}/events?channel=news`);
  // Whoever is asked for its trace is told of it: that it is not kept is what the flag says.
  expect(response.headers.get('traceparent')).toMatch(/-00$/);
  await expect.poll(() => hub.stats().live).toBe(1);
  await hub.publish('news', 'x');
  await readUntil(response, 'data: x\n');
  await expect.poll(() => seen).toEqual([undefined]);
  expect(spans.named('sse deliver')).toEqual([]);
});

test('what ends it ends the spans that are open, and makes no more', async () => {
  const spans = useSdk();
  const hub = createHub();
  onTestFinished(() => hub.close());
  const stop = traceHub(hub, { tracerProvider: spans.provider });
  const asked = new Promise<void>((resolve) => hub.observe({ connecting: () => resolve() }));
  const url = await serve('express', hub);
  void ask(`${url}/gone?channel=news`).catch(() => {});
  await asked;
  stop();
  expect(spans.named('sse attach')).toHaveLength(1);
  await hub.publish('news', 'x');
  expect(spans.named('sse publish')).toEqual([]);
});

test.each<[string, object]>([
  ['an unknown option', { chanels: true }],
  ['a switch that is none', { query: 'yes' }],
  ['a provider that is none', { tracerProvider: {} }],
  ['too many links', { maxLinks: 129 }],
  ['half a link', { maxLinks: 0.5 }],
])('%s is an error at once', (_name, options) => {
  expect(() => traceHub(createHub(), options as TracingOptions)).toThrow(
    'maxLinks' in options ? RangeError : TypeError,
  );
});

test('a hub that is none is an error at once', () => {
  expect(() => traceHub({} as never)).toThrow(TypeError);
});
