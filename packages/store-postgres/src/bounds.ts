/** ChannelBounds: the retention of channels, as statements take it. */
import type { Bounds } from '@headwater/core/store-kit';

/** How many channels' own retention is remembered, before it is asked again. */
const MAX_BOUNDS = 10_000;

export class ChannelBounds {
  readonly #ask: (channel: string) => Bounds;
  readonly #known = new Map<string, Bounds>();

  constructor(ask: (channel: string) => Bounds) {
    this.#ask = ask;
  }

  /** Asked once, and again only where very many channels have been asked for since. @throws SseError `ERR_SSE_CALLBACK` */
  of(channel: string): Bounds {
    const known = this.#known.get(channel);
    if (known) return known;
    const bounds = this.#ask(channel);
    if (this.#known.size >= MAX_BOUNDS) this.#known.clear();
    this.#known.set(channel, bounds);
    return bounds;
  }

  /** Names, counts, ages and bytes, as four arrays. */
  columns(channels: readonly string[]): [readonly string[], number[], number[], number[]] {
    const all = channels.map((channel) => this.of(channel));
    return [channels, all.map(({ count }) => count), all.map(({ ageMs }) => ageMs), all.map(({ bytes }) => bytes)];
  }
}
