/**
 * Acks: tells the server up to where this client has applied everything. One request at a time, the newest position wins, and a
 * failed one is repeated. A timer runs only while something is not acknowledged.
 */
import { discard, statusError } from '../answer.js';
import { createAlarm } from '../clock.js';
import { toClientError } from '../errors.js';
import type { Host, Keeper } from '../features.js';
import { checkNumber } from '../options.js';

/** Options of `acks`. */
export interface AckOptions {
  /** Takes `POST <url>?clientId=..&channels=a,b&id=<id>`. Relative to the stream's. */
  readonly url: string | URL;
  /** Names this client. The server resumes it from what it has acknowledged, even where it has kept no id. */
  readonly clientId: string;
  /** Longest time between an event and its acknowledgement, in milliseconds. Default 5000. */
  readonly everyMs?: number;
  /** Most events between two acknowledgements. Default: time alone decides. */
  readonly everyEvents?: number;
}

/**
 * Acknowledges what has been applied.
 * @throws TypeError without a clientId, RangeError for a wrong number.
 * @example
 * connect('/news', { ack: acks({ url: '/ack', clientId: deviceId }) });
 */
export function acks(options: AckOptions): Keeper {
  const { clientId, everyMs = 5_000, everyEvents = 2 ** 30 } = options;
  if (!clientId) throw new TypeError('acks() needs a clientId');
  checkNumber('everyMs', everyMs);
  checkNumber('everyEvents', everyEvents);
  return { clientId, start: (host) => new Acks(host, { ...options, everyMs, everyEvents }) };
}

/** Where a browser says that the page goes away. */
const page = globalThis as {
  addEventListener?(type: string, listener: () => void): void;
  removeEventListener?(type: string, listener: () => void): void;
};

class Acks {
  readonly #host: Host;
  readonly #options: Required<AckOptions>;
  readonly #alarm: ReturnType<typeof createAlarm>;
  #acked = '';
  #events = 0;
  #isSending = false;
  #isOver = false;

  /** Outlives the page. */
  readonly #last = () => {
    this.#alarm.clear();
    const id = this.#host.applied();
    if (this.#isNew(id)) this.#post(id, true).catch(() => {});
  };

  constructor(host: Host, options: Required<AckOptions>) {
    this.#host = host;
    this.#options = options;
    this.#alarm = createAlarm(host.clock);
    page.addEventListener?.('pagehide', this.#last);
  }

  moved(): void {
    if (this.#isOver || this.#host.applied() === this.#acked) return;
    this.#events++;
    const { everyEvents, everyMs } = this.#options;
    if (this.#events >= everyEvents) void this.#send();
    else if (!this.#alarm.isSet()) this.#alarm.set(everyMs, () => void this.#send());
  }

  stop(): void {
    page.removeEventListener?.('pagehide', this.#last);
    this.#last();
    this.#isOver = true;
  }

  async #send(): Promise<void> {
    const id = this.#host.applied();
    if (this.#isSending || this.#isOver || !this.#isNew(id)) return;
    this.#alarm.clear();
    this.#events = 0;
    this.#isSending = true;
    try {
      await this.#post(id, false);
      this.#acked = id;
    } catch (error) {
      this.#host.failed(toClientError(error, 'ERR_CLIENT_ACK', 'The position could not be acknowledged'));
    }
    this.#isSending = false;
    this.moved();
  }

  #isNew(id: string): boolean {
    return id !== '' && id !== this.#acked && this.#host.position.channels.length > 0;
  }

  async #post(id: string, keepalive: boolean): Promise<void> {
    const url = new URL(this.#options.url, this.#host.url);
    const query = { clientId: this.#options.clientId, channels: this.#host.position.channels.join(), id };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const response = await this.#host.request(url, { method: 'POST', keepalive });
    discard(response);
    if (!response.ok) throw statusError(response, 0);
  }
}
