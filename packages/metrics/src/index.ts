/** The public surface of `@headwater/metrics`. */
export { metricsHandler } from './handler.js';
export { collectMetrics, type MetricsOptions } from './metrics.js';
