/**
 * The span of a flush: what was published is out to everybody who is live. One for all of a flush's messages and clients, and only
 * where a sampled message is among them: one per client would be a million in a second.
 */
import type { Observer } from '@headwater/core';
import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import { Links } from './links.js';
import type { Settings } from './options.js';

export function traceDelivery({ tracer, maxLinks }: Settings): Pick<Observer, 'flushed'> {
  return {
    flushed({ frames, writes, events, bytes, durationMs, lagMs, traces }) {
      if (!traces || writes === 0) return;
      const links = new Links(maxLinks).add(traces);
      const endTime = Date.now();
      const span = tracer.startSpan(
        'sse deliver',
        {
          kind: SpanKind.CONSUMER,
          startTime: endTime - durationMs,
          links: links.toArray(),
          attributes: {
            'messaging.system': 'sse',
            'messaging.operation.type': 'process',
            'messaging.operation.name': 'deliver',
            'messaging.batch.message_count': frames,
            'sse.deliveries': events,
            'sse.writes': writes,
            'sse.bytes': bytes,
            'sse.lag_ms': lagMs,
            'sse.links.dropped': links.dropped,
          },
        },
        // A flush begins in the turn of whoever has published, and belongs to none of them.
        ROOT_CONTEXT,
      );
      span.end(endTime);
    },
  };
}
