/** What both servers are given and what they give back. */
import type { Hub, Store } from '@headwater/core';
import type { Registry } from 'prom-client';
import type { DemoEvents } from './channels.js';
import type { Keeper } from './keeper.js';
import type { Lines } from './lines.js';
import type { RequestLog } from './request-log.js';

export interface ServerContext {
  readonly hub: Hub<DemoEvents>;
  readonly store: Store;
  readonly lines: Lines;
  /** Undefined where nobody would start the process again. */
  readonly keeper: Keeper | undefined;
  /** Undefined where somebody else's log is shown. */
  readonly requests: RequestLog | undefined;
  /** What the hub counts. */
  readonly metrics: Registry;
  readonly host: string;
  /** The path of the log that is shown. */
  readonly log: string;
  /** Filled in by each server when it listens: the page needs both. */
  readonly ports: { express: number; fastify: number };
}

export interface RunningServer {
  readonly url: string;
  /** After the hub was drained: cuts what is left. */
  close(): Promise<void>;
}
