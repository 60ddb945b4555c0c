/** What proxies do to streams without the settings of docs/deploy: what our headers cure, and what they cannot. */
import { request } from 'node:https';
import { createGunzip } from 'node:zlib';
import { startApache, startCaddy, startHaproxy, startNginx, startVarnish } from '@headwater/services';
import { collect } from '@headwater/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { open } from './kit/clients.js';
import { useProject } from './kit/project.js';
import { CERTIFICATE } from './kit/proxies.js';
import { beats, Site } from './kit/site.js';

const project = useProject();

type Start = Parameters<typeof Site.start>[3];

async function siteBehind(scheme: string, start: Start): Promise<Site> {
  const site = await Site.start(project, {}, scheme, start);
  onTestFinished(() => site.stop());
  return site;
}

const nginx =
  (settings: string): Start =>
  (origin) =>
    startNginx({
      config: (port) => `server {
        listen 127.0.0.1:${port} ssl;
        ssl_certificate ${CERTIFICATE};
        ssl_certificate_key ${CERTIFICATE};
        location / { proxy_pass http://127.0.0.1:${origin}; ${settings} }
      }`,
    });

const haproxy =
  (settings: string): Start =>
  (origin) =>
    startHaproxy({
      config: (port) => `
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  ${settings}
frontend site
  bind 127.0.0.1:${port} ssl crt ${CERTIFICATE}
  default_backend app
backend app
  server app 127.0.0.1:${origin}
`,
    });

const varnish =
  (program: string): Start =>
  (origin) =>
    startVarnish({
      config: () => `vcl 4.1;\nbackend app { .host = "127.0.0.1"; .port = "${origin}"; }\n${program}`,
    });

/** Its head, and its events as a client that undoes gzip gets them. */
async function openCompressed(url: string) {
  const asked = request(url, { rejectUnauthorized: false, headers: { 'accept-encoding': 'gzip' }, agent: false }).end();
  onTestFinished(() => void asked.destroy());
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject);
  });
  const { headers } = response;
  const isCompressed = headers['content-encoding'] === 'gzip';
  const body = isCompressed ? response.pipe(createGunzip({ finishFlush: 2 })) : response;
  return { headers, stream: await collect(body, { timeoutMs: 20_000 }) };
}

/** Publishes, and expects the event within two heartbeats of the direct way, on which it is at once. */
async function expectPrompt(site: Site, stream: { next(): Promise<{ data: string }> }): Promise<void> {
  const witness = await site.direct();
  const before = witness.comments.length;
  await site.app.publish('news', 'now');
  expect(await stream.next()).toMatchObject({ data: 'now' });
  expect(witness.comments.length - before).toBeLessThanOrEqual(1);
}

describe('nginx', () => {
  it('passes events on at once by default, since X-Accel-Buffering asks for it', async () => {
    const site = await siteBehind('https', nginx(''));
    const stream = await open(site.url, 'http/1.1');
    await stream.until('sse.open');
    await expectPrompt(site, stream);
  });

  it('holds everything back, the head too, where it does not look at that header', async () => {
    const site = await siteBehind('https', nginx('proxy_ignore_headers X-Accel-Buffering;'));
    const witness = await site.direct();
    let isAnswered = false;
    const stream = open(site.url, 'http/1.1').finally(() => {
      isAnswered = true;
    });
    await site.hasStreams(2);
    await site.app.publish('news', 'late');
    await witness.until(({ data }) => data === 'late');
    await beats(witness, 4);
    expect(isAnswered).toBe(false);
    // What is held back comes at the end.
    await site.app.kill();
    await stream.then((late) => late.until(({ data }) => data === 'late'));
  });

  it('compresses with gzip on for the type, in spite of no-transform, and yet passes each event on at once', async () => {
    const site = await siteBehind('https', nginx('gzip on; gzip_types text/event-stream; gzip_min_length 0;'));
    const { headers, stream } = await openCompressed(site.url);
    expect(headers['content-encoding']).toBe('gzip');
    await stream.until('sse.open');
    await expectPrompt(site, stream);
  });
});

describe('HAProxy', () => {
  it('does not compress what says no-transform', async () => {
    const site = await siteBehind('https', haproxy('compression algo gzip\n  compression type text/event-stream'));
    const { headers, stream } = await openCompressed(site.url);
    expect(headers).not.toHaveProperty('content-encoding');
    await stream.until('sse.open');
    await expectPrompt(site, stream);
  });
});

describe('Varnish', () => {
  const connOf = async (site: Site, user: string) => {
    const stream = await open(site.url, 'http/1.1', { 'x-user': user });
    const opened = await stream.until('sse.open');
    return opened.json<{ conn: string }>().conn;
  };

  it('gives each client its own stream by default, since no-cache asks for it', async () => {
    const site = await siteBehind('http', varnish(''));
    expect(await connOf(site, 'ann')).not.toBe(await connOf(site, 'bob'));
  });

  it('gives two clients one stream where Cache-Control is taken away', async () => {
    const program = 'sub vcl_backend_response { unset beresp.http.Cache-Control; set beresp.ttl = 60s; }';
    const site = await siteBehind('http', varnish(program));
    expect(await connOf(site, 'ann')).toBe(await connOf(site, 'bob'));
  });

  it('passes streams on with return (pipe), where a client who leaves is noticed at once', async () => {
    const program = 'sub vcl_recv { return (pipe); }\nsub vcl_pipe { set bereq.http.Connection = "close"; }';
    const site = await siteBehind('http', varnish(program));
    const stream = await open(site.url, 'http/1.1');
    await stream.until('sse.open');
    await expectPrompt(site, stream);
    await stream.close();
    await site.hasStreams(1);
  });
});

describe('Caddy', () => {
  it('passes each event on at once below encode, too', async () => {
    const site = await siteBehind('https', (origin) =>
      startCaddy({
        config: (port) => `https://127.0.0.1:${port} {
          tls ${CERTIFICATE} ${CERTIFICATE}
          encode gzip
          reverse_proxy 127.0.0.1:${origin}
        }`,
      }),
    );
    const { stream } = await openCompressed(site.url);
    await stream.until('sse.open');
    await expectPrompt(site, stream);
  });
});

describe('Apache', () => {
  it('compresses with a filter on the type, in spite of no-transform, and yet passes each event on at once', async () => {
    const site = await siteBehind('https', (origin) =>
      startApache({
        config: (port) => `<VirtualHost *:${port}>
          SSLEngine on
          SSLCertificateFile ${CERTIFICATE}
          SSLCertificateKeyFile ${CERTIFICATE}
          ProxyPass / http://127.0.0.1:${origin}/
          AddOutputFilterByType DEFLATE text/event-stream
        </VirtualHost>`,
      }),
    );
    const { headers, stream } = await openCompressed(site.url);
    expect(headers['content-encoding']).toBe('gzip');
    await stream.until('sse.open');
    await expectPrompt(site, stream);
  });
});
