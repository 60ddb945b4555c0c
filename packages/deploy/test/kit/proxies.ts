/** Proxies: each with the settings of docs/deploy, in which only addresses, certificates and the idle limit are the test's own. */
import { type ProxyServer, startApache, startCaddy, startHaproxy, startNginx, startVarnish } from '@headwater/services';
import type { Protocol } from './clients.js';
import { fill, pathOf } from './files.js';

/** A key and its certificate for 127.0.0.1, in one file. */
export const CERTIFICATE: string = new URL('../../../core/test/fixtures/localhost.pem', import.meta.url).pathname;

interface Placing {
  /** Where the server listens. */
  readonly origin: number;
  /** How long the server may be silent. Default 60, as documented. */
  readonly idleSeconds?: number;
}

export interface Proxy {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly protocols: readonly Protocol[];
  /** What a client gets while no server is there: the empty stream of the settings, or the proxy's own error. */
  readonly away: 200 | 503;
  start(placing: Placing): Promise<ProxyServer>;
}

const BOTH = ['http/1.1', 'h2'] as const;

export const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    scheme: 'https',
    protocols: BOTH,
    away: 200,
    start: ({ origin, idleSeconds = 60 }) =>
      startNginx({
        config: (port) =>
          fill('nginx.conf', {
            '127.0.0.1:3000': `127.0.0.1:${origin}`,
            'listen 443': `listen 127.0.0.1:${port}`,
            '/etc/nginx/tls/site.crt': CERTIFICATE,
            '/etc/nginx/tls/site.key': CERTIFICATE,
            'proxy_read_timeout 60s': `proxy_read_timeout ${idleSeconds}s`,
            'send_timeout 60s': `send_timeout ${idleSeconds}s`,
          }),
      }),
  },
  {
    name: 'HAProxy',
    scheme: 'https',
    protocols: BOTH,
    away: 200,
    start: ({ origin, idleSeconds = 60 }) =>
      startHaproxy({
        config: (port) =>
          fill('haproxy.cfg', {
            '127.0.0.1:3000': `127.0.0.1:${origin}`,
            'bind :443': `bind 127.0.0.1:${port}`,
            '/etc/haproxy/site.pem': CERTIFICATE,
            '/etc/haproxy/later.http': pathOf('later.http'),
            'timeout server 60s': `timeout server ${idleSeconds}s`,
            'timeout client 60s': `timeout client ${idleSeconds}s`,
          }),
      }),
  },
  {
    name: 'Caddy',
    scheme: 'https',
    protocols: BOTH,
    away: 200,
    start: ({ origin, idleSeconds = 60 }) =>
      startCaddy({
        config: (port) =>
          fill('Caddyfile', {
            '127.0.0.1:3000': `127.0.0.1:${origin}`,
            'example.com': `https://127.0.0.1:${port}`,
            '/etc/caddy/site.crt': CERTIFICATE,
            '/etc/caddy/site.key': CERTIFICATE,
            'read_timeout 60s': `read_timeout ${idleSeconds}s`,
          }),
      }),
  },
  {
    name: 'Varnish',
    scheme: 'http',
    protocols: BOTH,
    away: 200,
    start: ({ origin, idleSeconds = 60 }) =>
      startVarnish({
        config: () =>
          fill('varnish.vcl', {
            '.port = "3000"': `.port = "${origin}"`,
            '.between_bytes_timeout = 60s': `.between_bytes_timeout = ${idleSeconds}s`,
          }),
        args: ['-p', 'feature=+http2'],
      }),
  },
  {
    name: 'Apache',
    scheme: 'https',
    protocols: BOTH,
    away: 503,
    start: ({ origin, idleSeconds = 60 }) =>
      startApache({
        config: (port) =>
          fill('apache.conf', {
            '127.0.0.1:3000': `127.0.0.1:${origin}`,
            '*:443': `*:${port}`,
            '/etc/apache2/tls/site.crt': CERTIFICATE,
            '/etc/apache2/tls/site.key': CERTIFICATE,
            'timeout=60': `timeout=${idleSeconds}`,
          }),
      }),
  },
];
