/** Process: a hub with its own clock and its own connection to the shared log. */
import type { Connection } from '../../src/connection.js';
import type { Hub } from '../../src/hub.js';
import type { HubCore } from '../../src/hub-core.js';
import type { HubOptions } from '../../src/options.js';
import { Port } from './port.js';
import type { ProcessClock } from './process-clock.js';
import type { SharedLog } from './shared-log.js';
import type { Opened, Reset, Stream } from './stream.js';
import type { Subject } from './subject.js';

export class Process {
  readonly name: string;
  readonly clock: ProcessClock;
  readonly port: Port;
  readonly hub: Hub;
  readonly core: HubCore;
  readonly #shared: SharedLog;
  readonly streams = new Map<Connection, Stream>();
  /** Publishes without an answer. */
  publishing = 0;
  /** Errors that the hub reported, for the trace. */
  onError: (error: unknown) => void = () => {};

  constructor(
    subject: Subject,
    shared: SharedLog,
    parts: { name: string; clock: ProcessClock; lag: number; options: HubOptions },
  ) {
    this.name = parts.name;
    this.#shared = shared;
    this.clock = parts.clock;
    this.port = new Port(shared, parts.name, parts.lag);
    this.hub = subject.createHub({
      ...parts.options,
      store: this.port,
      clock: parts.clock,
      random: () => shared.random.next(),
      observers: [
        {
          error: (error) => this.onError(error),
          resumed: (connection, { resume }) => this.#opened(connection, resume),
          reset: (connection, reset) => this.#note(connection, reset),
          rolledBack: () => {
            for (const stream of this.streams.values()) {
              stream.sawLoss = true;
              stream.mayBeLost = true;
            }
          },
        },
      ],
    });
    this.core = subject.coreOf(this.hub);
  }

  /** The newest place that the process has seen. */
  get head(): number {
    return this.core.log.head;
  }

  /** Ends it: with farewells, or at once, so that its clients notice before it can say anything. */
  stop(): void {
    this.hub.close().catch(() => {});
    this.port.die();
  }

  #opened(connection: Connection, resume: string): void {
    const stream = this.streams.get(connection);
    if (!stream) return;
    const { log } = this.core;
    stream.isOpened = true;
    this.#note(connection, { resume, id: log.idAt(log.head - connection.lag) });
  }

  #note(connection: Connection, said: Opened | Reset): void {
    const stream = this.streams.get(connection);
    const { truth, channels } = this.#shared;
    const floors = new Map(channels.map((channel) => [channel, truth.floorOf(channel)]));
    if (!stream) return;
    if ('reason' in said) stream.mayBeLost = false;
    stream.notes.push({
      no: stream.noted++,
      at: stream.written,
      said,
      to: this.core.flusher.to,
      floors,
      made: truth.made,
    });
  }
}
