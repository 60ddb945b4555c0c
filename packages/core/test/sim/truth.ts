/**
 * Truth: what was really written to the log, and what of it was lost. Every place that the log ever had knows the one before it, so
 * that histories which part at a rollback are two branches of one tree.
 */
import { parseEventId } from '../../src/event-id.js';
import type { Entry, LogState } from '../../src/store.js';
import { Broken } from './broken.js';

/** A place in the log. The origin of a log has neither channel nor token. */
export interface Place {
  /** Among all places of a run. */
  readonly no: number;
  id: string;
  readonly seq: number;
  readonly channel: string | undefined;
  /** What its message carries, unique among all messages of a run. */
  readonly token: number;
  readonly before: Place | undefined;
  lost: boolean;
  trimmed: boolean;
}

/** How place `b` stands to place `a`. `apart`: they are on two branches. */
export type Relation = 'same' | 'later' | 'earlier' | 'apart';

export class Truth {
  readonly #byId = new Map<string, Place>();
  readonly #byToken = new Map<number, Place>();
  readonly #floors = new Map<string, number>();
  readonly #all: Place[] = [];
  /** The log as it is now, by seq. */
  #line: Place[] = [this.#place({ id: '', seq: 0, channel: undefined, token: Number.NaN, before: undefined })];

  get head(): Place {
    return this.#line.at(-1) as Place;
  }

  /** The place `seq` of the log as it is now. */
  at(seq: number): Place | undefined {
    return this.#line[seq];
  }

  epochStarted({ epochs }: LogState): void {
    const [first] = epochs;
    const start = this.#line[0] as Place;
    if (start.id !== '' || first?.start !== 0) return;
    start.id = `${first.epoch}.0`;
    this.#byId.set(start.id, start);
  }

  append(entries: readonly Entry[]): void {
    for (const { epoch, seq, channel, body } of entries) {
      const id = `${epoch}.${seq.toString(36)}`;
      const token = tokenOf(Buffer.from(body).toString('latin1'));
      const place = this.#place({ id, seq, channel, token, before: this.head });
      this.#line.push(place);
      this.#byId.set(id, place);
      this.#byToken.set(token, place);
    }
  }

  /** How many places there have been. */
  get made(): number {
    return this.#all.length;
  }

  /** The highest place of `channel` that is not retained any more. */
  floorOf(channel: string): number {
    return this.#line.findLast((place) => place.channel === channel && place.trimmed)?.seq ?? 0;
  }

  /** The highest floor that `channel` ever had. */
  highestFloor(channel: string): number {
    return this.#floors.get(channel) ?? 0;
  }

  /** Notes that nothing of `channel` up to `floor` is retained any more. */
  trimmed(channel: string, floor: number): void {
    this.#floors.set(channel, Math.max(floor, this.highestFloor(channel)));
    for (let seq = Math.min(floor, this.head.seq); seq > 0; seq--) {
      const place = this.#line[seq] as Place;
      if (place.channel !== channel) continue;
      if (place.trimmed) return;
      place.trimmed = true;
    }
  }

  rollback(toSeq: number): void {
    for (const place of this.#line.splice(toSeq + 1)) place.lost = true;
  }

  wipe(): void {
    this.rollback(0);
    (this.#line[0] as Place).lost = true;
    this.#line = [this.#place({ id: '', seq: 0, channel: undefined, token: Number.NaN, before: undefined })];
  }

  /** The place that an id names. An id that names none cannot be followed. */
  named(id: string): Place {
    const place = this.#byId.get(id);
    if (place) return place;
    throw new Broken(
      'P1',
      `the id ${id} (${parseEventId(id)?.seq ?? 'malformed'}) names no place that the log ever had`,
    );
  }

  knows(id: string): boolean {
    return this.#byId.has(id);
  }

  withToken(token: number): Place | undefined {
    return this.#byToken.get(token);
  }

  relation(a: Place, b: Place): Relation {
    if (a === b) return 'same';
    if (a.seq < b.seq) return this.#isBefore(a, b) ? 'later' : 'apart';
    return this.#isBefore(b, a) ? 'earlier' : 'apart';
  }

  /** The places of `channel` after `after`, up to and including `upTo`, that were not lost. `upTo` must be later. */
  between(after: Place, upTo: Place, channel: string): Place[] {
    const found: Place[] = [];
    for (let place = upTo; place !== after; place = place.before as Place) {
      if (place.channel === channel && !place.lost) found.push(place);
    }
    return found.reverse();
  }

  originOf(place: Place): Place {
    let at = place;
    while (at.before) at = at.before;
    return at;
  }

  /** The place with that number. */
  numbered(no: number): Place {
    return this.#all[no] as Place;
  }

  #place(parts: Omit<Place, 'no' | 'lost' | 'trimmed'>): Place {
    const place = { ...parts, no: this.#all.length, lost: false, trimmed: false };
    this.#all.push(place);
    return place;
  }

  #isBefore(a: Place, b: Place): boolean {
    if (!a.lost && !b.lost) return a.seq < b.seq;
    let at: Place | undefined = b;
    while (at && at.seq > a.seq) at = at.before;
    return at === a && a !== b;
  }
}

/** The token that a message carries, wherever in its text it stands. */
export function tokenOf(text: string): number {
  return Number(/#(\d+)/.exec(text)?.[1] ?? Number.NaN);
}
