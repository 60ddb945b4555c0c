/** Beside OpenTelemetry's own instrumentation of node:http: whose child the span of a connection is, and how long whose lasts. */
import { createRequire } from 'node:module';
import { SpanKind } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { ask, FRAMEWORKS, idsOf, linksOf, serve, tracedHub, useSdk } from './kit.js';

const spans = useSdk();
const instrumentation = new HttpInstrumentation();
instrumentation.setTracerProvider(spans.provider);
// What is instrumented is what `require` hands out; servers made from an import share its prototype.
createRequire(import.meta.url)('node:http');
afterAll(() => instrumentation.disable());

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const STREAM = { accept: 'text/event-stream' };

const get = () => spans.named('GET');

for (const framework of FRAMEWORKS) {
  test(`${framework}: the span of the request is the parent, and lasts as long as the stream`, async () => {
    const [attaches, requests] = [spans.named('sse attach').length, get().length];
    const hub = tracedHub(spans);
    await ask(`${await serve(framework, hub)}/events?channel=news&traceparent=${PARENT}`, STREAM);
    const attach = await spans.nth('sse attach', attaches + 1);
    expect(attach.kind).toBe(SpanKind.INTERNAL);
    // The query's context is no parent any more, but it is not lost.
    expect(linksOf(attach)).toEqual([[TRACE, 'b7ad6b7169203331']]);
    expect(get()).toHaveLength(requests);
    hub.disconnect(() => true, 'server');
    const request = await spans.nth('GET', requests + 1);
    expect(attach.parentSpanContext?.spanId).toBe(idsOf(request)[1]);
  });

  test(`${framework}: where the request's span is left out for streams, ours is in its place`, async () => {
    instrumentation.setConfig({
      ignoreIncomingRequestHook: ({ headers }) => headers.accept?.includes('text/event-stream') ?? false,
    });
    onTestFinished(() => instrumentation.setConfig({}));
    const [attaches, requests] = [spans.named('sse attach').length, get().length];
    const hub = tracedHub(spans);
    await ask(`${await serve(framework, hub)}/events?channel=news`, { ...STREAM, traceparent: PARENT });
    const attach = await spans.nth('sse attach', attaches + 1);
    expect(attach).toMatchObject({ kind: SpanKind.SERVER, parentSpanContext: { traceId: TRACE } });
    await expect.poll(() => hub.stats().live).toBe(1);
    hub.disconnect(() => true, 'server');
    await expect.poll(() => hub.connections.size).toBe(0);
    expect(get()).toHaveLength(requests);
  });
}
