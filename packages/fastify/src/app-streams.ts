/**
 * AppStreams: the streams of one Fastify application on one hub, which other servers may share. Knows whose they are, logs them,
 * and ends them with the application. Invariant: only this application's streams are ended.
 */
import { type Connection, type Hub, type Logger, MIN_RETRY_MS, type Observer } from '@headwater/core';
import { ConnectionLog, connect, coreOf, principalOf } from '@headwater/core/node';
import type { FastifyBaseLogger, FastifyInstance, FastifyReply } from 'fastify';
import { type ConnectionOptions, FastifyTransport, type Host } from './transport.js';

/** The transports of all applications' connections: a shared hub tells every application of each. */
const transports = new WeakMap<Connection, FastifyTransport>();

/** How long streams that have ended may take to hand over their last bytes. */
const FAREWELL_MS = 500;
const STEP_MS = 20;

export class AppStreams implements Host {
  readonly hub: Hub;
  readonly #core: ReturnType<typeof coreOf>;
  readonly #log: FastifyBaseLogger;
  readonly #connections = new WeakMap<FastifyReply, Connection>();
  readonly #open = new Map<Connection, FastifyTransport>();
  /** Errors that the observers have been told of, each with the last connection it was about: some applications reuse theirs. */
  readonly #heard = new WeakMap<object, Connection | undefined>();
  readonly #unobserve: () => void;
  #isClosing = false;
  #isLogging: boolean;

  /**
   * `logs` false: nothing is logged, and errors are process warnings unless the hub has an observer for them.
   * @throws TypeError for a `hub` that is none.
   */
  constructor(app: FastifyInstance, hub: Hub, logs: boolean) {
    this.hub = hub;
    this.#core = coreOf(hub);
    this.#log = app.log;
    this.#isLogging = logs && !isMute(app.log);
    const isQuiet = !this.#isLogging || app.initialConfig.disableRequestLogging === true;
    this.#unobserve = hub.observe(this.#observer(isQuiet));
  }

  /** The reply's connection, made on first touch. */
  connectionOf(reply: FastifyReply, options: ConnectionOptions): Connection {
    const known = this.#connections.get(reply);
    if (known) return known;
    const transport = new FastifyTransport(reply, this, options);
    const connection = connect(this.hub, transport, { replay: options.replay });
    transport.connection = connection;
    transports.set(connection, transport);
    this.#connections.set(reply, connection);
    return connection;
  }

  /** Ends the streams with a farewell. Resolves when their last bytes are gone, or after half a second. */
  async end(): Promise<void> {
    this.#isClosing = true;
    const { clock } = this.#core.options;
    let lingering = [...this.#open.values()];
    for (const { connection } of lingering) this.#farewell(connection);
    const hasBytes = ({ sink }: FastifyTransport) => sink !== undefined && sink.pendingBytes > 0;
    lingering = lingering.filter(hasBytes);
    for (let waited = 0; lingering.length > 0 && waited < FAREWELL_MS; waited += STEP_MS) {
      await new Promise<void>((resolve) => void clock.setTimer(resolve, STEP_MS, true));
      lingering = lingering.filter(hasBytes);
    }
    for (const { sink } of lingering) sink?.destroy();
  }

  /** Leaves the hub alone from now on. */
  release(): void {
    this.#isLogging = false;
    this.#unobserve();
  }

  opened(connection: Connection): void {
    // Of a request that was under way when the application began to close.
    if (this.#isClosing) queueMicrotask(() => this.#farewell(connection));
  }

  report(error: unknown, connection: Connection): void {
    const isKnown = isObject(error) && this.#heard.get(error) === connection;
    if (!isKnown) this.#core.observers.error(error, 'transport', connection);
  }

  #farewell(connection: Connection): void {
    const { retryMs, random } = this.#core.options;
    // Spread, so that they do not come back together.
    const spread = Math.max(MIN_RETRY_MS, Math.round(retryMs * (0.5 + random())));
    connection.close({ reason: 'shutdown', retryMs: spread });
  }

  #observer(isQuiet: boolean): Observer {
    const log = new ConnectionLog({
      streams: (connection) => (isQuiet ? undefined : this.#own(connection)?.reply.log),
      failures: (connection) => this.#failureLog(connection),
      principal: principalOf,
      route: undefined,
      clock: this.#core.options.clock,
    });
    const observer: Observer = {
      opened: (connection) => {
        const transport = this.#own(connection);
        if (!transport) return;
        this.#open.set(connection, transport);
        log.opened(connection);
      },
      closed: (connection, end) => {
        this.#open.delete(connection);
        log.closed(connection, end);
      },
      resumed: (...args) => log.resumed(...args),
      reset: (connection) => log.reset(connection),
    };
    // Without a logger the process warnings of the core stay: no error is lost.
    if (!this.#isLogging) return observer;
    return {
      ...observer,
      refused: (...args) => log.refused(...args),
      denied: (...args) => log.denied(...args),
      error: (error, source, connection) => {
        if (isObject(error)) this.#heard.set(error, connection);
        log.error(error, source, connection);
      },
    };
  }

  /** Where this application writes of a failure; undefined where another application on this hub does. */
  #failureLog(connection: Connection | undefined): Logger | undefined {
    const transport = connection && transports.get(connection);
    if (transport?.host === this) return transport.reply.log;
    const isOthers = transport?.host instanceof AppStreams && transport.host.#isLogging;
    return isOthers ? undefined : this.#log;
  }

  #own(connection: Connection): FastifyTransport | undefined {
    const transport = transports.get(connection);
    return transport?.host === this ? transport : undefined;
  }
}

/** True for Fastify's own logger while it is off, and for pino's at level `silent`: all levels are one function that does nothing. */
function isMute(log: FastifyBaseLogger): boolean {
  return log.error === log.trace;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
