/**
 * Position: the client's place in the server's log, and whether what arrives follows from it: nothing twice, nothing missing. Only
 * this file moves it. Pure.
 *
 * Within one epoch ids rise, so an id at or below the place is a duplicate. With `?prev=1` each event says where its channel's
 * event before it stands: if that is above everything seen of the channel, one is missing. Ids that are no places of a Headwater
 * log are taken as they are.
 */
import type { Gap, Open } from './events.js';

/** The place of the channel's event before. */
export interface Link {
  readonly channel: string;
  readonly prev: number;
}

/** `: <channel> <seq>`, in front of an event; undefined for any other comment. */
export function parseLink(comment: string): Link | undefined {
  const [, channel, prev] = /^(\S+) (\d+)$/.exec(comment) ?? [];
  return channel ? { channel, prev: Number(prev) } : undefined;
}

/** `<epoch>.<seq>` in base 36; undefined for an id that is no place in a log. */
export function parseId(id: string): readonly [epoch: string, seq: number] | undefined {
  const [, epoch, seq] = /^([\da-z]+)\.([\da-z]+)$/.exec(id) ?? [];
  return epoch ? [epoch, parseInt(seq as string, 36)] : undefined;
}

export interface Position {
  /** From here the client would resume; '' for nowhere. */
  id: string;
  /** Those that the stream has announced. */
  channels: readonly string[];
  /** A stream, or its set of channels, was announced. */
  opened(open: Open, id: string | undefined, isFirst: boolean): void;
  /** What is known of these channels counts for nothing, and ids may go back to their beginning. */
  reset(channels: Iterable<string | undefined>): void;
  /** A repair is complete: every channel is whole up to `id`. */
  repaired(id: string): void;
  /** Moves to `id`, which carried nothing that could be missing. */
  move(id: string): void;
  /** True for an event that has been here before. */
  isDuplicate(id: string, link: Link | undefined): boolean;
  /**
   * Moves to an event of the application's, unless its link shows a gap that is not lost. The same gap a second time is one that the
   * server cannot fill: it is lost.
   */
  take(id: string, link: Link | undefined): Gap | undefined;
}

export function createPosition(): Position {
  /** The newest place seen in the log; without an epoch there is none to compare with. */
  let epoch = '';
  let seq = -1;
  /** Up to here every channel is complete; -1 where that is not known. */
  let floor = -1;
  let isLinked: boolean | undefined = false;
  /** The newest place of each channel. */
  const known = new Map<string | undefined, number>();
  /** The gap for which the last connection was given up. */
  let lastGap = '';

  const self: Position = {
    id: '',
    channels: [],
    opened(open, id, isFirst) {
      self.channels = open.channels;
      isLinked = open.prev;
      const isResumed = isFirst && id !== undefined && open.resume === 'resumed';
      if (isFirst) self.reset(isResumed ? [] : known.keys());
      if (id !== undefined) self.move(id);
      if (isResumed) floor = seq;
    },
    reset(channels) {
      for (const channel of channels) known.delete(channel);
      epoch = '';
      floor = -1;
    },
    repaired(id) {
      self.move(id);
      floor = seq;
    },
    move(id) {
      self.id = id;
      [epoch, seq] = parseId(id) ?? [epoch, seq];
    },
    isDuplicate(id, link) {
      const [ownEpoch, own = seq + 1] = parseId(id) ?? [];
      // In a repair that begins before the healthy channels' places, only the channel's own place tells.
      return (ownEpoch === epoch && own <= seq) || own <= (known.get(link?.channel) ?? -1);
    },
    take(id, link) {
      let gap: Gap | undefined;
      const isWatched = link && isLinked && self.channels.includes(link.channel);
      if (isWatched) {
        const { channel, prev } = link;
        const complete = Math.max(known.get(channel) ?? -1, floor);
        const name = `${channel} ${prev}`;
        if (complete >= 0 && prev > complete)
          gap = { channel, known: complete, missing: prev, isLost: name === lastGap };
        if (gap) lastGap = name;
        if (gap?.isLost === false) return gap;
      }
      self.move(id);
      // Nobody has so many channels: a server that names ever new ones must not fill the memory.
      if (known.size > 999) known.clear();
      if (isWatched) known.set(link.channel, seq);
      return gap;
    },
  };
  return self;
}
