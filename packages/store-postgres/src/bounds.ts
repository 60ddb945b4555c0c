/** ChannelBounds: the retention of channels, as statements take it. */
import { type Bounds, oncePerChannel } from '@headwater/core/store-kit';

export class ChannelBounds {
  /** @throws SseError `ERR_SSE_CALLBACK` */
  readonly of: (channel: string) => Bounds;

  constructor(ask: (channel: string) => Bounds) {
    this.of = oncePerChannel(ask);
  }

  /** Names, counts, ages and bytes, as four arrays. */
  columns(channels: readonly string[]): [readonly string[], number[], number[], number[]] {
    const all = channels.map((channel) => this.of(channel));
    return [channels, all.map(({ count }) => count), all.map(({ ageMs }) => ageMs), all.map(({ bytes }) => bytes)];
  }
}
