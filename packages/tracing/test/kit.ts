/** What the tests share: an SDK that keeps its spans, servers of both frameworks, and a stream as text. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHub, type Hub, type HubOptions, sse, streamHandler } from '@headwater/express';
import { streamHandler as fastifyStream, ssePlugin } from '@headwater/fastify';
import type { Link } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type TracerConfig,
} from '@opentelemetry/sdk-trace-node';
import express from 'express';
import fastify from 'fastify';
import { expect, onTestFinished } from 'vitest';
import { type TracingOptions, traceHub } from '../src/index.js';

export interface Spans {
  readonly provider: NodeTracerProvider;
  /** Those that have ended. */
  named(name: string): ReadableSpan[];
  /** Waits for the n-th of a name. */
  nth(name: string, n?: number): Promise<ReadableSpan>;
}

/** An SDK of the test's own, whose contexts follow asynchronous calls as in an application. */
export function useSdk(config: TracerConfig = {}): Spans {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({ ...config, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);
  return {
    provider,
    named,
    async nth(name, n = 1) {
      await expect.poll(() => named(name).length, { timeout: 20_000, message: name }).toBeGreaterThanOrEqual(n);
      return named(name)[n - 1] as ReadableSpan;
    },
  };
}

/** A hub that is traced. */
export function tracedHub(spans: Spans, options: HubOptions = {}, tracing: TracingOptions = {}): Hub {
  const hub = createHub(options);
  traceHub(hub, { tracerProvider: spans.provider, ...tracing });
  onTestFinished(() => hub.close());
  return hub;
}

export type Framework = 'express' | 'fastify';
export const FRAMEWORKS: readonly Framework[] = ['express', 'fastify'];

/** Serves `/events?channel=` by the ready-made handler, `/plain` without a channel, and `/gone`, whose client is kept waiting for ever. */
export async function serve(framework: Framework, hub: Hub): Promise<string> {
  return framework === 'express' ? serveExpress(hub) : serveFastify(hub);
}

const authorize = (_request: unknown, channels: readonly string[]) => !channels.includes('secret');

async function serveExpress(hub: Hub): Promise<string> {
  const app = express();
  app.use(sse({ hub }));
  app.get('/events', streamHandler({ authorize }));
  app.get('/plain', (_req, res) => void res.set('server-timing', 'db;dur=5').sse.send('hello'));
  app.get('/gone', streamHandler({ authorize: () => new Promise<boolean>(() => {}) }));
  return listen(createServer(app));
}

async function serveFastify(hub: Hub): Promise<string> {
  const app = fastify({ forceCloseConnections: true });
  await app.register(ssePlugin, { hub });
  app.get('/events', fastifyStream({ authorize }));
  app.get('/plain', (_request, reply) => reply.header('server-timing', 'db;dur=5').sse.send('hello'));
  app.get('/gone', fastifyStream({ authorize: () => new Promise<boolean>(() => {}) }));
  onTestFinished(() => app.close());
  return app.listen({ port: 0, host: '127.0.0.1' });
}

export async function listen(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A stream as text, until it holds `text`. */
export async function readUntil(response: Response, text: string): Promise<string> {
  const decoder = new TextDecoder();
  let all = '';
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    all += decoder.decode(part, { stream: true });
    if (all.includes(text)) return all;
  }
  throw new Error(`The stream ended without ${JSON.stringify(text)}: ${all}`);
}

/** Asks for a stream that is given up with the test. */
export async function ask(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  return fetch(url, { headers, signal: abort.signal });
}

/** The ids of a span, as links name it. */
export function idsOf(span: ReadableSpan | Link): readonly [traceId: string, spanId: string] {
  const { traceId, spanId } = 'spanContext' in span ? span.spanContext() : span.context;
  return [traceId, spanId];
}

export const linksOf = (span: ReadableSpan) => span.links.map(idsOf);
export const eventsOf = (span: ReadableSpan) => span.events.map(({ name }) => name);
