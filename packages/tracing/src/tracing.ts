/** Tracing: a hub's observer that makes spans of what is published, delivered and attached. What fails in here is reported, and breaks nothing. */
import type { AnyHub } from '@headwater/core';
import { traceAttach } from './attach.js';
import { traceDelivery } from './deliver.js';
import { resolveOptions, type TracingOptions } from './options.js';
import { tracePublish } from './publish.js';

export type { TracingOptions } from './options.js';

/**
 * Traces what happens in `hub`. Returns what ends it.
 *
 * `sse publish` (producer) is stored with its message; `sse deliver` (consumer), one for each flush, and `sse attach` (server), one for
 * each connection until it is live, link to the publishes whose messages they brought. Follows OpenTelemetry's semantic conventions
 * for messaging spans where they have a word for it.
 * @throws TypeError, RangeError for wrong options.
 * @example
 * traceHub(hub);
 */
export function traceHub(hub: AnyHub, options: TracingOptions = {}): () => void {
  const settings = resolveOptions(options);
  const attach = traceAttach(settings);
  const unobserve = hub.observe({ ...attach.observer, ...tracePublish(settings), ...traceDelivery(settings) });
  return () => {
    unobserve();
    attach.stop();
  };
}
