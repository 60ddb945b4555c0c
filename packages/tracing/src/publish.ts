/** The span of a publish: a producer, from the call to the store's answer. Its context is stored with the message. */
import type { Observer } from '@headwater/core';
import { isSpanContextValid, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { Settings } from './options.js';
import { isSampled, toTraceContext } from './trace-context.js';

export function tracePublish({ tracer, channels }: Settings): Pick<Observer, 'publishing'> {
  return {
    publishing({ channel, bytes }) {
      const span = tracer.startSpan('sse publish', {
        kind: SpanKind.PRODUCER,
        attributes: {
          'messaging.system': 'sse',
          'messaging.operation.type': 'send',
          'messaging.operation.name': 'publish',
          'messaging.message.body.size': bytes,
          ...(channels && { 'messaging.destination.name': channel }),
        },
      });
      const context = span.spanContext();
      // A link to a span that nobody keeps says nothing: the store is spared it.
      const isKept = isSpanContextValid(context) && isSampled(context);
      return {
        trace: isKept ? toTraceContext(context) : undefined,
        stored({ id, duplicate }) {
          span.setAttributes({ 'messaging.message.id': id, 'sse.duplicate': duplicate });
          span.end();
        },
        failed(error) {
          const { name = 'Error', message = '', code = name } = Object(error) as Partial<Error & { code: string }>;
          span.setAttribute('error.type', code);
          span.setStatus({ code: SpanStatusCode.ERROR, message });
          span.end();
        },
      };
    },
  };
}
