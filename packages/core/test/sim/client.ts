/**
 * Client: a native EventSource and the application behind it. It keeps the last id, comes back with it, applies what comes, and
 * knows nothing else; what it may rely on is checked as each event is taken.
 */
import { fakeTransport, type ReceivedEvent } from '@headwater/testing';
import type { SubscribeOptions } from '../../src/subscription.js';
import { Broken } from './broken.js';
import { Known } from './known.js';
import type { Process } from './process.js';
import { type Note, type Opened, type Reset, Stream } from './stream.js';
import type { Subject } from './subject.js';
import { type Place, type Truth, tokenOf } from './truth.js';

/** What the application decided once for this client. */
export interface Habits {
  readonly control: boolean;
  /** Takes no repaired stream: the application starts again by itself. */
  readonly rejects: boolean;
  readonly links: boolean;
  readonly pings: boolean;
  /** Tokens that are divisible by this are filtered out. */
  readonly without: number | undefined;
  /** A provider knows the state of these channels. */
  readonly provided: readonly string[];
}

/** What a snapshot says: the number of the place up to which it includes everything, and the place it was asked for at. */
export interface State {
  readonly covers: number;
  readonly from: number;
}

export type Wanted = Pick<SubscribeOptions, 'onReset' | 'onLag' | 'from'>;

export class Client {
  readonly name: string;
  readonly habits: Habits;
  /** The channels that the application wants, and how. */
  readonly wanted = new Map<string, Wanted>();
  readonly known = new Map<string, Known>();
  cursor = '';
  stream: Stream | undefined;
  readonly #subject: Subject;
  readonly #truth: Truth;
  #wasInRepair = false;

  constructor(subject: Subject, truth: Truth, name: string, habits: Habits) {
    this.#subject = subject;
    this.#truth = truth;
    this.name = name;
    this.habits = habits;
  }

  // ---- what it does

  /** Connects with the last id, `inFrom` as an option of the application's instead of the header. */
  connect(process: Process, inFrom: boolean): void {
    const id = this.cursor === '' ? undefined : this.cursor;
    const { links, pings } = this.habits;
    const transport = fakeTransport({
      ...(id === undefined || inFrom ? {} : { lastEventId: id }),
      wishes: { prev: links, heartbeatEvent: pings },
    });
    const connection = new this.#subject.Connection(process.core, transport);
    const stream = new Stream(process, transport, connection, id !== undefined);
    this.stream = stream;
    process.streams.set(connection, stream);
    this.#comeBack(id);
    for (const [channels, wanted] of grouped(this.wanted)) {
      this.#ask(channels, id !== undefined && inFrom ? { ...wanted, from: id } : wanted);
    }
  }

  subscribe(channel: string, wanted: Wanted): void {
    const { stream } = this;
    this.wanted.set(channel, wanted);
    if (!stream || stream.isOver) return;
    const known = this.#learn(channel);
    known.since = stream.written;
    known.sinceNote = stream.noted;
    stream.left.delete(channel);
    if (!stream.isOpened) {
      if (this.cursor === '') known.await('open');
      else if (!this.#truth.knows(this.cursor)) known.await('reset');
      else known.begin(this.#truth.named(this.cursor));
    } else if (stream.hadId || stream.hasUnsubscribed) known.await('reset');
    else known.await('any', { upTo: stream.place, madeBefore: this.#truth.made });
    this.#ask([channel], wanted);
  }

  unsubscribe(channel: string): void {
    const { stream } = this;
    this.wanted.delete(channel);
    this.known.delete(channel);
    if (!stream) return;
    stream.left.set(channel, stream.written);
    if (stream.isOver) return;
    stream.hasUnsubscribed ||= stream.isOpened;
    stream.connection.unsubscribe(channel);
  }

  /** The network or the client goes away, and what has not been taken is lost. */
  cut(how?: 'unnoticed'): void {
    this.stream?.transport.cut(how);
    this.#leave();
  }

  /** Takes up to `count` events. Afterwards a stream that is over has been left. */
  take(count: number): void {
    const { stream } = this;
    if (!stream) return;
    const { events } = stream.transport;
    const end = Math.min(events.length, stream.taken + count);
    while (stream.taken < end) {
      this.#read(stream, stream.taken);
      this.#event(stream, events[stream.taken] as ReceivedEvent, stream.taken);
      stream.taken++;
    }
    if (!stream.isPaused && stream.taken === stream.written) this.#read(stream, Number.POSITIVE_INFINITY);
    if (stream.isOver && stream.taken === events.length) this.#ended(stream);
  }

  /** What it keeps is not an id of this log. */
  corrupt(id: string): void {
    this.cursor = id;
    for (const known of this.known.values()) {
      known.reset({ reason: 'malformed', policy: 'earliest', forgiven: undefined });
    }
  }

  forget(): void {
    this.cursor = '';
    this.known.clear();
    this.#wasInRepair = false;
  }

  /** Everything has arrived: nothing may be open any more. */
  mustBeComplete(head: Place): void {
    for (const known of this.known.values()) {
      // Without control events no id completes a repair until the next entry comes.
      if (!this.habits.control && known.breach) known.passed(head, false);
      known.mustBeComplete(head);
    }
  }

  // ---- what comes

  #event(stream: Stream, event: ReceivedEvent, index: number): void {
    const place = event.id === '' ? undefined : this.#truth.named(event.id);
    switch (event.event) {
      case 'sse.open':
        this.#opened(stream, event.json(), place, index);
        break;
      case 'sse.reset':
        this.#reset(stream, event.json<Reset>());
        break;
      case 'sse.snapshot':
        this.#snapshot(event.json(), index);
        break;
      default:
        if (event.event === 'message') this.#frame(stream, event, place, index);
    }
    if (!place) return;
    this.#passed(stream, place, index);
    this.cursor = event.id;
    if (event.event === 'sse.live' || event.event === 'sse.snapshot') stream.inRepair = false;
  }

  #opened(
    stream: Stream,
    { resume, channels }: { resume: string; channels: string[] },
    place: Place | undefined,
    index: number,
  ): void {
    if (resume !== 'fresh') return;
    if (stream.hadId) throw new Broken('P1', 'a client that came with an id was taken for a fresh one');
    const note = stream.takeNote(({ said }) => 'resume' in said);
    for (const channel of channels) this.#begin(channel, place, index, note);
  }

  #begin(channel: string, place: Place | undefined, index: number, note: Note | undefined): void {
    const known = this.known.get(channel);
    if (!known || known.since > index) return;
    if (known.waitsFor !== 'open' && !(known.waitsFor === 'any' && place)) return;
    if (!place) return;
    // Where others begin earlier, the id is their place.
    const upTo = this.wanted.get(channel)?.from === 'earliest' ? note?.floors.get(channel) : note?.to;
    known.begin(place, note && { upTo: upTo ?? 0, madeBefore: note.made });
  }

  #reset(stream: Stream, { reason, channels }: Pick<Reset, 'reason' | 'channels'>): void {
    const note = stream.takeNote(({ said }) => 'reason' in said);
    const said = note?.said as Reset | undefined;
    if (said?.reason !== reason || String(said.channels) !== String(channels)) {
      throw new Broken('P1', 'a reset says something else than its observer was told');
    }
    this.#breach(stream, note as Note, said);
  }

  #breach(stream: Stream, note: Note, { reason, channels, policies }: Reset): void {
    const { wasReset } = stream;
    stream.newest = undefined;
    stream.inRepair = true;
    stream.wasReset = true;
    stream.keepsIds = policies.every((policy) => policy === 'earliest');
    for (const [i, channel] of channels.entries()) {
      const policy = policies[i] as string;
      const known = this.known.get(channel);
      if (!known || known.sinceNote > note.no) continue;
      // Without control events nobody sees where a repair ends, and what interrupts one repeats it.
      if (this.habits.control || !wasReset) this.#checkCause(stream, known, reason);
      this.#checkPolicy(channel, policy, reason);
      const upTo = policy === 'earliest' ? note.floors.get(channel) : policy === 'live' ? note.to : 0;
      const forgiven = { upTo: upTo ?? 0, madeBefore: note.made };
      known.reset({ reason, policy, forgiven });
    }
  }

  /** A reset throws away what the client has: never without need. */
  #checkCause(stream: Stream, { channel, place, breach, waitsFor }: Known, reason: string): void {
    // What interrupts a repair repeats it.
    if (breach || waitsFor || !place) return;
    const id = this.#truth.knows(this.cursor) ? this.#truth.named(this.cursor) : undefined;
    const isNeeded =
      reason === 'trimmed'
        ? this.#truth.highestFloor(channel) > Math.min(place.seq, id?.seq ?? place.seq)
        : reason === 'lag'
          ? stream.wasPaused
          : stream.sawLoss || place.lost || !id || id.lost;
    if (!isNeeded) throw new Broken('P1', `channel ${channel}: a reset (${reason}) that nothing made necessary`);
  }

  #checkPolicy(channel: string, policy: string, reason: string): void {
    const asked = this.wanted.get(channel)?.onReset;
    const takesSnapshot = this.habits.control && (asked === undefined || asked === 'snapshot');
    const expected = takesSnapshot ? (this.habits.provided.includes(channel) ? 'snapshot' : undefined) : asked;
    if (!this.wanted.has(channel) || expected === undefined || policy === expected) return;
    if (reason === 'lag' && policy === 'live') return;
    throw new Broken('P1', `channel ${channel}: asked for ${asked ?? 'nothing'}, repaired by ${policy}`);
  }

  #snapshot({ channel, data }: { channel: string; data: State }, index: number): void {
    const known = this.known.get(channel);
    if (known && known.since <= index) known.snapshot(this.#truth.numbered(data.covers), data.from);
  }

  #frame(stream: Stream, event: ReceivedEvent, named: Place | undefined, index: number): void {
    const place = this.#truth.withToken(tokenOf(event.data));
    if (!place || (named && named !== place)) throw new Broken('P1', `${event.id} is not the id of ${event.data}`);
    const { newest } = stream;
    // What was lost says nothing of what comes after it; the channel's own history does.
    if (newest && (!newest.lost || place.lost) && this.#truth.relation(newest, place) !== 'later') {
      if (newest === place) throw new Broken('P2', `#${place.token} came twice on one stream`);
      if (place.seq <= newest.seq) throw new Broken('P3', `#${place.token} came after #${newest.token}`);
    }
    stream.newest = place;
    const known = this.known.get(place.channel as string);
    if (known && known.since <= index) known.frame(place);
    else if (!known && (stream.left.get(place.channel as string) ?? -1) <= index) {
      throw new Broken('P1', `#${place.token} is of channel ${place.channel}, which is not followed`);
    }
  }

  #passed(stream: Stream, place: Place, index: number): void {
    let isBehind = false;
    for (const known of this.known.values()) {
      if (known.since > index) continue;
      known.passed(place, stream.inRepair && stream.keepsIds);
      isBehind ||= known.place !== undefined && known.place.seq > place.seq;
    }
    if (!this.habits.control && !isBehind) stream.inRepair = false;
  }

  /** Without control events the application sees no reset. The simulation does. */
  #read(stream: Stream, index: number): void {
    if (this.habits.control) return;
    while (stream.notes[0] && stream.notes[0].at <= index) this.#noted(stream, stream.notes.shift() as Note);
  }

  #noted(stream: Stream, note: Note): void {
    const { said } = note;
    if ('reason' in said) this.#breach(stream, note, said);
    else if (said.resume === 'fresh') this.#beginAll(said, note);
  }

  #beginAll({ id }: Opened, note: Note): void {
    for (const { channel, waitsFor } of this.known.values()) {
      if (waitsFor === 'open') this.#begin(channel, this.#truth.named(id), note.at, note);
    }
  }

  // ---- coming and going

  #comeBack(id: string | undefined): void {
    for (const channel of this.known.keys()) if (!this.wanted.has(channel)) this.known.delete(channel);
    const place = id !== undefined && this.#truth.knows(id) ? this.#truth.named(id) : undefined;
    for (const channel of this.wanted.keys()) {
      const isNew = !this.known.has(channel);
      const known = isNew ? this.#learn(channel) : (this.known.get(channel) as Known);
      known.since = 0;
      known.sinceNote = 0;
      if (id === undefined) known.await('open');
      else if (!place) known.await('reset');
      else if (isNew) known.begin(place);
      else known.resume(place, this.#wasInRepair);
    }
    this.#wasInRepair = false;
  }

  #learn(channel: string): Known {
    const { without } = this.habits;
    const known = new Known(this.#truth, channel, ({ token }) => without === undefined || token % without !== 0);
    this.known.set(channel, known);
    return known;
  }

  #ask(channels: string[], wanted: Wanted): void {
    const { control, without } = this.habits;
    const filter =
      without === undefined ? {} : { filter: ({ data }: { data: string }) => tokenOf(data) % without !== 0 };
    const stream = this.stream as Stream;
    stream.asked++;
    const done = () => void stream.asked--;
    stream.connection.subscribe(channels, { ...wanted, ...filter, control }).then(done, done);
  }

  #ended(stream: Stream): void {
    this.#leave();
    // A status other than 200 is final for EventSource: the application starts again.
    if (stream.transport.failures.some((error) => (error as { code?: string }).code === 'ERR_SSE_RESET_REJECTED'))
      this.forget();
  }

  #leave(): void {
    const { stream } = this;
    if (!stream) return;
    this.#wasInRepair = stream.inRepair;
    stream.process.streams.delete(stream.connection);
    this.stream = undefined;
  }
}

function grouped(wanted: ReadonlyMap<string, Wanted>): Map<string[], Wanted> {
  const groups = new Map<string, { channels: string[]; wanted: Wanted }>();
  for (const [channel, options] of wanted) {
    const key = JSON.stringify(options);
    const group = groups.get(key);
    if (group) group.channels.push(channel);
    else groups.set(key, { channels: [channel], wanted: options });
  }
  return new Map([...groups.values()].map((group) => [group.channels, group.wanted]));
}
