/**
 * Follower: every message of the stream from a place on, through a consumer of its own.
 * Invariant: messages come in the order of the stream and none is left out, or the follower is lost, which it says once. It is
 * lost too where the server says nothing for longer than its heartbeats are apart.
 */
import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';

const NANOS = 1_000_000;

/** How often an idle server says that it is there. */
const HEARTBEAT_MS = 500;

/** A server that says nothing for so long is frozen, or cut off. */
const SILENCE_MS = 1_500;

/** What has arrived while this process was busy must not look like silence: it gets this much longer to be read. */
const GRACE_MS = 150;

/** After which the server drops a consumer whose process has gone. */
const INACTIVE_MS = 10_000;

export interface FollowerOptions {
  readonly stream: string;
  /** The first message. */
  readonly from: number;
  /** Leaves the payloads out. */
  readonly headersOnly: boolean;
  /** Told what time it is there. */
  readonly time: (now: number) => void;
  readonly message: (msg: Msg, position: number) => void;
  readonly lost: (error: Error) => void;
}

export class Follower {
  readonly #nc: NatsConnection;
  readonly #options: FollowerOptions;
  #subscription: Subscription | undefined;
  #delivered = 0;
  #heardAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;

  private constructor(nc: NatsConnection, options: FollowerOptions) {
    this.#nc = nc;
    this.#options = options;
  }

  static async start(nc: NatsConnection, jsm: JetStreamManager, options: FollowerOptions): Promise<Follower> {
    const follower = new Follower(nc, options);
    const inbox = createInbox((nc as { options?: { inboxPrefix?: string } }).options?.inboxPrefix);
    follower.#subscription = nc.subscribe(inbox, { callback: (error, msg) => follower.#take(error, msg) });
    const config: Partial<ConsumerConfig> = {
      deliver_subject: inbox,
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: options.from,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      headers_only: options.headersOnly,
      flow_control: true,
      idle_heartbeat: HEARTBEAT_MS * NANOS,
      inactive_threshold: INACTIVE_MS * NANOS,
      mem_storage: true,
      num_replicas: 1,
    };
    try {
      const { created } = await jsm.consumers.add(options.stream, config);
      options.time(Date.parse(String(created)));
    } catch (error) {
      follower.stop();
      throw error;
    }
    follower.#heardAt = performance.now();
    follower.#watch(SILENCE_MS);
    return follower;
  }

  stop(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#subscription?.unsubscribe();
  }

  #take(error: Error | null, msg: Msg): void {
    if (this.#isOver) return;
    if (error) return this.#lose(error);
    this.#heardAt = performance.now();
    const code = msg.headers?.code ?? 0;
    if (code === 100) return this.#control(msg);
    if (code > 0) return this.#lose(new Error(`the server ended it: ${msg.headers?.status}`));
    const place = placeOf(msg.reply ?? '');
    if (!place) return this.#lose(new Error('the server sent what is not a message of a stream'));
    if (place.delivered !== ++this.#delivered) {
      return this.#lose(new Error(`the server left out ${this.#delivered} to ${place.delivered - 1}`));
    }
    this.#options.message(msg, place.position);
  }

  /** A heartbeat, or a request to say how far we are. */
  #control(msg: Msg): void {
    if (msg.reply) return void msg.respond();
    const stalled = msg.headers?.get('Nats-Consumer-Stalled');
    if (stalled) this.#nc.publish(stalled);
    const delivered = Number(msg.headers?.get('Nats-Last-Consumer') || this.#delivered);
    if (delivered !== this.#delivered) this.#lose(new Error(`the server left out what is after ${this.#delivered}`));
  }

  #watch(ms: number): void {
    this.#timer = setTimeout(() => {
      if (this.#silence() < SILENCE_MS) return this.#watch(SILENCE_MS - this.#silence());
      this.#timer = setTimeout(() => {
        if (this.#silence() < SILENCE_MS) this.#watch(SILENCE_MS - this.#silence());
        else this.#lose(new Error(`the server has said nothing for ${SILENCE_MS} ms`));
      }, GRACE_MS).unref();
    }, ms).unref();
  }

  #silence(): number {
    return performance.now() - this.#heardAt;
  }

  #lose(error: Error): void {
    if (this.#isOver) return;
    this.stop();
    this.#options.lost(error);
  }
}

/** Which message of the stream, and of this consumer, it is: `$JS.ACK.[domain.account.]stream.consumer.tries.position.delivered...`. */
function placeOf(reply: string): { position: number; delivered: number } | undefined {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const at = tokens.length === 9 ? 5 : 7;
  return { position: Number(tokens[at]), delivered: Number(tokens[at + 1]) };
}
