/** The public surface of `@headwater/tracing`. */
export { activeTraceContext } from './trace-context.js';
export { type TracingOptions, traceHub } from './tracing.js';
