/** A Chromium with the client in its pages, and a hub to connect to. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createHub, type Hub, type HubOptions, sse } from '@headwater/express';
import { build } from 'esbuild';
import express from 'express';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';

const SOURCES = `${import.meta.dirname}/../../src`;
const ENTRY = ['index', 'shared/index', 'storage/index', 'event-source/index']
  .map((name) => `export * from '${SOURCES}/${name}.ts';`)
  .join('\n');

/** To be called once, at the top of a file. The answer makes a profile, in which all pages share locks and storage. */
export function launchChromium(): () => Promise<BrowserContext> {
  let browser: Browser;
  beforeAll(async () => {
    const { CHROMIUM_PATH: executablePath } = process.env;
    if (!executablePath) throw new Error('CHROMIUM_PATH is not set: run the tests with `vitest --project browser`');
    // Playwright switches the back/forward cache off.
    const ignoreDefaultArgs = ['--disable-back-forward-cache'];
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'], ignoreDefaultArgs });
  });
  afterAll(() => browser?.close());
  return async () => {
    const context = await browser.newContext();
    onTestFinished(() => context.close());
    return context;
  };
}

export interface Site {
  readonly url: string;
  readonly hub: Hub;
  /** Streams that are open. */
  streams(): number;
  /** Streams so far. */
  requests(): number;
  cut(): void;
}

/** A site with the client at `/client.js` as `headwater`, blank pages everywhere, and a stream of the channel `numbers` at `/stream`. */
export async function serve(options: HubOptions = {}): Promise<Site> {
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: SOURCES, loader: 'ts' },
    bundle: true,
    format: 'iife',
    globalName: 'headwater',
    write: false,
  });
  const script = outputFiles[0]?.text ?? '';
  const hub = createHub({ retryMs: 250, ...options });
  const app = express();
  let requests = 0;
  app.use(sse({ hub }));
  app.get('/client.js', (_req, res) => void res.type('text/javascript').send(script));
  app.get('/stream', (_req, res) => {
    requests++;
    void res.sse.subscribe('numbers');
  });
  app.use((_req, res) => {
    res.type('html').send('<!doctype html><link rel="icon" href="data:,"><script src="/client.js"></script>');
  });
  const server = createServer(app);
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  onTestFinished(async () => {
    await hub.close();
    server.close();
    cut();
  });
  const { port } = server.address() as AddressInfo;
  const streams = () => hub.connections.size;
  return { url: `http://127.0.0.1:${port}`, hub, streams, requests: () => requests, cut };
}

/** Begins `stream` in the page by `expression`, and records what comes. Text, because the tests are compiled without the types of the DOM. */
export async function record(page: Page, expression: string): Promise<void> {
  await page.evaluate(`{
    const { connect, connectShared, storedIn, EventSource } = headwater;
    globalThis.stream = ${expression};
    globalThis.seen = [];
    globalThis.states = [stream.status.state];
    stream.on('message', ({ data }) => seen.push(data));
    stream.on('sse.status', ({ state }) => states.push(state));
  }`);
}

export async function until(page: Page, expression: string): Promise<void> {
  await page.waitForFunction(expression, undefined, { polling: 20 });
}
