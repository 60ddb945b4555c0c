/** From publish to the client, by both frameworks, with the SDK's own exporter. */
import { connect } from '@headwater/client';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ask, eventsOf, FRAMEWORKS, idsOf, linksOf, readUntil, serve, tracedHub, useSdk } from './kit.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;

const spans = useSdk();

describe.each(FRAMEWORKS)('with %s', (framework) => {
  test('a publish is a producer span, its delivery links to it, and the client hears of its own', async () => {
    const before = spans.named('sse attach').length;
    const delivered = spans.named('sse deliver').length;
    const hub = tracedHub(spans);
    const url = await serve(framework, hub);
    const stream = connect(`${url}/events?channel=news`, { traceparent: PARENT });
    onTestFinished(() => stream.close());
    const heard = new Promise((resolve) => stream.on('story', ({ data }) => resolve(data)));
    const attach = await spans.nth('sse attach', before + 1);
    const request = spans.provider.getTracer('app').startSpan('POST /news');
    const { id } = await context.with(trace.setSpan(context.active(), request), () =>
      hub.publish('news', { event: 'story', data: { title: 'Hello' } }),
    );
    request.end();
    expect(await heard).toEqual({ title: 'Hello' });
    const publish = spans.named('sse publish').find(({ attributes }) => attributes['messaging.message.id'] === id);
    expect(publish).toMatchObject({
      kind: SpanKind.PRODUCER,
      parentSpanContext: { spanId: request.spanContext().spanId },
      attributes: {
        'messaging.system': 'sse',
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'publish',
        'messaging.destination.name': 'news',
        'messaging.message.body.size': 'event: story\ndata: {"title":"Hello"}\n'.length,
        'sse.duplicate': false,
      },
    });
    const deliver = await spans.nth('sse deliver', delivered + 1);
    expect(deliver).toMatchObject({
      kind: SpanKind.CONSUMER,
      parentSpanContext: undefined,
      attributes: { 'messaging.operation.name': 'deliver', 'messaging.batch.message_count': 1, 'sse.deliveries': 1 },
    });
    expect(linksOf(deliver)).toEqual([publish && idsOf(publish)]);
    expect(attach).toMatchObject({
      kind: SpanKind.SERVER,
      parentSpanContext: { traceId: TRACE, spanId: 'b7ad6b7169203331', isRemote: true },
      attributes: { 'sse.channels': 1, 'messaging.destination.name': 'news', 'sse.links.dropped': 0 },
      status: { code: SpanStatusCode.UNSET },
    });
    expect(eventsOf(attach)).toEqual(['sse.authorize', 'sse.open', 'sse.resume', 'sse.live']);
    expect(attach.links).toEqual([]);
  });

  test('who comes back gets links to what was published meanwhile, and how much of it', async () => {
    const before = spans.named('sse attach').length;
    const hub = tracedHub(spans);
    const url = await serve(framework, hub);
    const { id } = await hub.publish('news', 'before');
    const missed = [await hub.publish('news', 'one'), await hub.publish('news', 'two')];
    const response = await ask(`${url}/events?channel=news`, { 'last-event-id': id });
    await readUntil(response, 'two');
    const attach = await spans.nth('sse attach', before + 1);
    expect(attach.parentSpanContext).toBeUndefined();
    expect(eventsOf(attach)).toEqual(['sse.authorize', 'sse.open', 'sse.resume', 'sse.replay', 'sse.live']);
    const replay = attach.events.find(({ name }) => name === 'sse.replay');
    expect(replay?.attributes).toMatchObject({ 'sse.replay.messages': 2, 'sse.replay.bytes': expect.any(Number) });
    const publishes = missed.map((published) =>
      spans.named('sse publish').find(({ attributes }) => attributes['messaging.message.id'] === published.id),
    );
    expect(linksOf(attach)).toEqual(publishes.map((span) => span && idsOf(span)));
  });

  test('the head of the response names the span, for whoever reads headers and for browsers', async () => {
    const before = spans.named('sse attach').length;
    const url = await serve(framework, tracedHub(spans));
    const response = await ask(`${url}/plain`, { traceparent: PARENT, tracestate: 'vendor=1' });
    const attach = await spans.nth('sse attach', before + 1);
    const [traceId, spanId] = idsOf(attach);
    expect(traceId).toBe(TRACE);
    expect(attach.spanContext().traceState?.get('vendor')).toBe('1');
    expect(response.headers.get('traceparent')).toBe(`00-${traceId}-${spanId}-01`);
    expect(response.headers.get('server-timing')).toBe(`db;dur=5, traceparent;desc="00-${traceId}-${spanId}-01"`);
    // Nobody subscribes: it is where it wanted to be, and the span does not last as long as the stream.
    expect(eventsOf(attach)).toEqual(['sse.open']);
    expect(attach.attributes).toMatchObject({ 'sse.channels': 0 });
  });

  test('an EventSource names its trace in the query; a header counts for more', async () => {
    const before = spans.named('sse attach').length;
    const url = await serve(framework, tracedHub(spans));
    await ask(`${url}/events?channel=news&traceparent=${PARENT}`);
    expect((await spans.nth('sse attach', before + 1)).spanContext().traceId).toBe(TRACE);
    const other = `00-${'1'.repeat(32)}-b7ad6b7169203331-01`;
    await ask(`${url}/events?channel=news&traceparent=${PARENT}`, { traceparent: other });
    expect((await spans.nth('sse attach', before + 2)).spanContext().traceId).toBe('1'.repeat(32));
    const asked = await serve(framework, tracedHub(spans, {}, { query: false }));
    await ask(`${asked}/events?channel=news&traceparent=${PARENT}`);
    expect((await spans.nth('sse attach', before + 3)).spanContext().traceId).not.toBe(TRACE);
  });

  test('who is denied, refused, or leaves before the stream opens has a span that says so', async () => {
    const before = spans.named('sse attach').length;
    const hub = tracedHub(spans, { maxConnections: 1 });
    const url = await serve(framework, hub);
    expect((await ask(`${url}/events?channel=secret`)).status).toBe(403);
    const denied = await spans.nth('sse attach', before + 1);
    expect(eventsOf(denied)).toEqual(['sse.denied']);
    await ask(`${url}/events?channel=news`);
    await spans.nth('sse attach', before + 2);
    await readUntil(await ask(`${url}/events?channel=news`), 'sse.busy');
    const refused = await spans.nth('sse attach', before + 3);
    expect(refused.attributes).toMatchObject({ 'sse.close.reason': 'limit' });
    expect(eventsOf(refused)).toEqual(['sse.authorize', 'sse.refused']);
    const abort = new AbortController();
    const asked = new Promise<void>((resolve) => hub.observe({ connecting: () => resolve() }));
    const gone = fetch(`${url}/gone?channel=news`, { signal: abort.signal }).catch(() => {});
    await asked;
    abort.abort();
    await gone;
    expect((await spans.nth('sse attach', before + 4)).attributes).toMatchObject({ 'sse.close.reason': 'client' });
  });
});

test('a publish that fails is an error, and one that is repeated says so', async () => {
  const errors: unknown[] = [];
  const hub = tracedHub(spans, { observers: [{ error: (error) => errors.push(error) }] });
  const first = await hub.publish('orders', 'x', { key: 'k' });
  await hub.publish('orders', 'x', { key: 'k' });
  const both = spans.named('sse publish').filter(({ attributes }) => attributes['messaging.message.id'] === first.id);
  expect(both.map(({ attributes }) => attributes['sse.duplicate'])).toEqual([false, true]);
  await hub.close();
  const before = spans.named('sse publish').length;
  await expect(hub.publish('orders', 'late')).rejects.toThrow();
  expect(await spans.nth('sse publish', before + 1)).toMatchObject({
    status: { code: SpanStatusCode.ERROR, message: 'Cannot publish to channel "orders": the hub is closed' },
    attributes: { 'error.type': 'ERR_SSE_CLOSED' },
  });
  expect(errors).toHaveLength(1);
});

test('a client that is not trusted is linked to, and decides nothing', async () => {
  const before = spans.named('sse attach').length;
  const url = await serve('express', tracedHub(spans, {}, { trust: false, head: false, channels: false }));
  const response = await ask(`${url}/events?channel=private`, { traceparent: PARENT });
  const attach = await spans.nth('sse attach', before + 1);
  expect(attach.parentSpanContext).toBeUndefined();
  expect(linksOf(attach)).toEqual([[TRACE, 'b7ad6b7169203331']]);
  expect(attach.attributes).not.toHaveProperty('messaging.destination.name');
  expect([response.headers.get('traceparent'), response.headers.get('server-timing')]).toEqual([null, null]);
});

test('links are bounded: the newest stay, the others are counted', async () => {
  const before = spans.named('sse attach').length;
  const hub = tracedHub(spans, {}, { maxLinks: 3 });
  const url = await serve('express', hub);
  const { id } = await hub.publish('news', '0');
  for (let n = 1; n <= 10; n++) await hub.publish('news', `${n}`);
  await readUntil(await ask(`${url}/events?channel=news`, { 'last-event-id': id }), 'data: 10\n');
  const attach = await spans.nth('sse attach', before + 1);
  expect(linksOf(attach)).toEqual(spans.named('sse publish').slice(-3).map(idsOf));
  expect(attach.attributes['sse.links.dropped']).toBe(7);
});

test.each(FRAMEWORKS)(
  'what is no trace context begins a trace of its own and is given on to nobody, with %s',
  async (framework) => {
    const url = await serve(framework, tracedHub(spans));
    const hostile = [
      '%00',
      '%0d%0aset-cookie:a=b',
      `${PARENT}%0a%0adata:x`,
      PARENT.toUpperCase(),
      'x'.repeat(8_000),
      '%',
    ];
    const requests = [
      ...hostile.map((value) => [`?channel=news&traceparent=${value}`, {}] as const),
      ...['x', `${PARENT}, ${PARENT}`, PARENT.replace('00-', 'ff-')].map(
        (traceparent) => ['?channel=news', { traceparent, tracestate: 'a=1' }] as const,
      ),
    ];
    for (const [query, headers] of requests) {
      const before = spans.named('sse attach').length;
      const response = await ask(`${url}/events${query}`, headers);
      const attach = await spans.nth('sse attach', before + 1);
      expect([response.status, attach.parentSpanContext, attach.links]).toEqual([200, undefined, []]);
      expect(attach.spanContext().traceId).not.toBe(TRACE);
      expect(response.headers.get('traceparent')).toBe(`00-${idsOf(attach).join('-')}-01`);
    }
  },
);
