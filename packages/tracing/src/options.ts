/** Every option of `traceHub`, its default and the reason for it. Checked once. */
import { type Tracer, type TracerProvider, trace } from '@opentelemetry/api';

/** Options of `traceHub`. */
export interface TracingOptions {
  /** Makes the spans. Default: the one that is registered with `@opentelemetry/api`, also if that happens later. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Names of channels as `messaging.destination.name`. False where they are secret, or name people. Default true. */
  readonly channels?: boolean | undefined;
  /** Reads `?traceparent=` where there is no header: `EventSource` cannot set one. Default true. */
  readonly query?: boolean | undefined;
  /**
   * The span of a connection becomes a child of what its client names. False for clients that anybody can be: they are linked then, and
   * do not decide what is sampled. Default true, as OpenTelemetry's own HTTP instrumentation does it.
   */
  readonly trust?: boolean | undefined;
  /** `traceparent` and `server-timing` in the head of the response. Default true. */
  readonly head?: boolean | undefined;
  /** Links of one span, 0 to 128 (what SDKs keep by default): the newest; how many more there were is an attribute. Default 32. */
  readonly maxLinks?: number | undefined;
}

export interface Settings {
  readonly tracer: Tracer;
  readonly channels: boolean;
  readonly query: boolean;
  readonly trust: boolean;
  readonly head: boolean;
  readonly maxLinks: number;
}

const SWITCHES = ['channels', 'query', 'trust', 'head'] as const;
const NAMES: readonly string[] = ['tracerProvider', 'maxLinks', ...SWITCHES];

/** @throws TypeError, RangeError for an option that is wrong or unknown. */
export function resolveOptions(options: TracingOptions): Settings {
  const unknown = Object.keys(options).find((name) => !NAMES.includes(name));
  if (unknown) throw new TypeError(`Unknown option "${unknown}" of traceHub(). Known: ${NAMES.join(', ')}`);
  for (const name of SWITCHES) {
    const value: unknown = options[name];
    if (value !== undefined && typeof value !== 'boolean') {
      throw new TypeError(`${name} must be true or false, not ${typeof value}`);
    }
  }
  const { tracerProvider = trace, channels = true, query = true, trust = true, head = true, maxLinks = 32 } = options;
  if (typeof tracerProvider?.getTracer !== 'function') throw new TypeError('tracerProvider must have getTracer()');
  if (!Number.isInteger(maxLinks) || maxLinks < 0 || maxLinks > 128) {
    throw new RangeError(`maxLinks must be an integer from 0 to 128, not ${maxLinks}`);
  }
  return { tracer: tracerProvider.getTracer('@headwater/tracing'), channels, query, trust, head, maxLinks };
}
