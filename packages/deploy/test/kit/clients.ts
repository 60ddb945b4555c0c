/** Clients of a proxy, over HTTP/1.1 and HTTP/2: one stream, or one after the other with Last-Event-ID. */
import { readFileSync } from 'node:fs';
import { type Collector, collect, reconnectingClient } from '@headwater/testing';
import { onTestFinished, vi } from 'vitest';
import { type Follower, Http2Follower } from '../../../suite/test/kit/follower.js';
import { Http2Client } from '../../../suite/test/kit/http2.js';
import { CERTIFICATE } from './proxies.js';

export type Protocol = 'http/1.1' | 'h2';

/** Generous: only a test that fails takes this long, or one on a machine with much else to do. */
export const PATIENCE_MS = 60_000;

// What is borrowed from the suite brings limits that are meant for servers without a proxy.
vi.setConfig({ testTimeout: 2 * PATIENCE_MS, hookTimeout: 5 * PATIENCE_MS });

const tls = { ca: readFileSync(CERTIFICATE) };

/** One stream. It is closed when the test is done. */
export async function open(
  url: string,
  protocol: Protocol,
  headers: Readonly<Record<string, string>> = {},
): Promise<Collector> {
  const stream = await (protocol === 'h2'
    ? openHttp2(url, headers)
    : collect(url, { headers, tls, timeoutMs: PATIENCE_MS }));
  onTestFinished(() => stream.close());
  return stream;
}

/** A client that comes back with its place whenever its stream ends. It is closed when the test is done. */
export function follow(url: string, protocol: Protocol): Follower {
  const { origin, pathname, search } = new URL(url);
  const options = { timeoutMs: PATIENCE_MS };
  const client =
    protocol === 'h2'
      ? new Http2Follower(origin, pathname + search, options)
      : reconnectingClient(url, { ...options, tls });
  onTestFinished(() => client.close());
  return client;
}

async function openHttp2(url: string, headers: Readonly<Record<string, string>>): Promise<Collector> {
  const { origin, pathname, search } = new URL(url);
  const client = new Http2Client(origin);
  onTestFinished(() => client.close());
  return client.open(pathname + search, { headers, timeoutMs: PATIENCE_MS });
}
