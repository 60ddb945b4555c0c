/** The endpoint that a Prometheus server scrapes. */
import type { ServerResponse } from 'node:http';
import { register as defaultRegistry, type Registry } from 'prom-client';

/**
 * Answers with every metric of the registry, in node:http and Express as it is; with Fastify write
 * `reply.type(register.contentType).send(await register.metrics())`.
 * @example
 * app.get('/metrics', metricsHandler());
 */
export function metricsHandler(
  register: Registry = defaultRegistry,
): (req: unknown, res: ServerResponse) => Promise<void> {
  return async (_req, res) => {
    try {
      const text = await register.metrics();
      res.setHeader('content-type', register.contentType);
      res.setHeader('cache-control', 'no-store');
      res.end(text);
    } catch {
      // A collector of the application's own has failed. What it says is not for whoever asks.
      res.statusCode = 500;
      res.end('The metrics cannot be collected.\n');
    }
  };
}
