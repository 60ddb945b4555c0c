/** Site: the server of docs/deploy behind a proxy, and one stream past the proxy that tells what the server does meanwhile. */
import type { ProxyServer } from '@headwater/services';
import type { Collector } from '@headwater/testing';
import { expect } from 'vitest';
import { App, type AppOptions } from './app.js';
import { open, PATIENCE_MS } from './clients.js';
import type { Project } from './project.js';

/** Of the server, unless a test says otherwise: four of them fit into {@link IDLE_SECONDS}. */
export const HEARTBEAT_MS = 500;
/** How long the proxy lets the server be silent. */
export const IDLE_SECONDS = 2;

export class Site {
  readonly app: App;
  readonly url: string;
  readonly #proxy: ProxyServer;

  private constructor(app: App, proxy: ProxyServer, scheme: string) {
    this.app = app;
    this.#proxy = proxy;
    this.url = `${scheme}://127.0.0.1:${proxy.port}/events`;
  }

  static async start(
    project: Project,
    { env, ...options }: AppOptions,
    scheme: string,
    startProxy: (origin: number) => Promise<ProxyServer>,
  ): Promise<Site> {
    const app = await App.start(project, { ...options, env: { HEARTBEAT_MS: String(HEARTBEAT_MS), ...env } });
    try {
      return new Site(app, await startProxy(app.port), scheme);
    } catch (error) {
      await app.kill();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#proxy.stop();
    await this.app.kill();
  }

  /** A stream past the proxy. */
  direct(): Promise<Collector> {
    return open(`${this.app.url}/events`, 'http/1.1');
  }

  /** Resolves once the server has this many streams. */
  async hasStreams(count: number): Promise<void> {
    await expect.poll(() => this.app.connections(), { timeout: PATIENCE_MS, interval: 10 }).toBe(count);
  }
}

/** Resolves after that many heartbeats of `witness`. */
export async function beats(witness: Collector, count: number): Promise<void> {
  const from = witness.comments.length;
  await witness.when(({ comments }) => comments.length >= from + count);
}
