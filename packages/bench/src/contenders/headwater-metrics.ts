/** Headwater on bare node:http with its metrics on, and looked at more often than any Prometheus does. */
import { collectMetrics } from '@headwater/metrics';
import { Registry } from 'prom-client';
import type { Contender } from './contender.js';
import { start as startHttp } from './headwater-http.js';

const SCRAPE_MS = 1_000;

export function start(): Promise<Contender> {
  return startHttp((hub) => {
    const register = new Registry();
    collectMetrics(hub, { register });
    setInterval(() => void register.metrics(), SCRAPE_MS);
  });
}
