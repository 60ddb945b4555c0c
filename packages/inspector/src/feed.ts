/**
 * Feed: the overview as a stream, once a second while somebody looks. It has a hub of its own, so that a visitor is no connection of
 * the hub that is looked at.
 */
import { createHub } from '@headwater/core';
import { accept, type NodeRequest, type NodeResponse } from '@headwater/core/node';
import { overview, type Subject } from './answers.js';

const INTERVAL_MS = 1_000;
/** Visitors. Each costs an overview a second. */
const MAX_VISITORS = 50;

export class Feed {
  readonly #subject: Subject;
  readonly #hub = createHub({ retryMs: 1_000, ringEvents: 1, maxConnections: MAX_VISITORS });
  #timer: NodeJS.Timeout | undefined;
  #isTelling = false;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** Answers with the stream. */
  open(req: NodeRequest, res: NodeResponse): void {
    accept(req, res, this.#hub, { clientKey: () => undefined }).open();
    // A visitor alone keeps no process running.
    this.#timer ??= setInterval(() => void this.#tell(), INTERVAL_MS).unref();
    void this.#tell();
  }

  close(): Promise<void> {
    this.#stop();
    return this.#hub.close();
  }

  async #tell(): Promise<void> {
    if (this.#hub.connections.size === 0) return this.#stop();
    // A store that takes longer to answer than that has time until it does.
    if (this.#isTelling) return;
    this.#isTelling = true;
    // A store that fails otherwise than it should must not end the process: the next look may do better.
    const data = await overview(this.#subject).catch(() => undefined);
    this.#isTelling = false;
    for (const visitor of this.#hub.connections) {
      // Who is slow gets a newer one later.
      if (data && visitor.pendingBytes === 0) void visitor.send({ event: 'overview', data });
    }
    if (!this.#subject.hub.health().live) await this.close();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
