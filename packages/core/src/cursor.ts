/**
 * Cursor: a connection's place in the log, and the channels it follows. Live, lagging, resuming and replaying are this one place
 * moving forward. Only this file moves it.
 *
 * Invariant: every retained entry of a followed channel at or below the place (and above the channel's start) has been written
 * to the sink, or its loss is announced by a reset; no id above the place has been written.
 */
import { findPlace } from './attach.js';
import { type Batch, textBatch } from './batch.js';
import { type Client, loadCursor, saveCursor } from './client-cursors.js';
import type { Connection } from './connection.js';
import type { EpochList } from './epochs.js';
import { hasCode } from './errors.js';
import { formatEventId } from './event-id.js';
import { batchOf, type Delivered } from './flush.js';
import { Following } from './following.js';
import { encodeControl, type Frame, tracesOf, withoutId } from './frame.js';
import type { HubCore } from './hub-core.js';
import type { LiveSet } from './live-set.js';
import type { Resume } from './observer.js';
import type { Outlet } from './outlet.js';
import { mayCross } from './regions.js';
import { firstBatch } from './replay.js';
import { runReplayHook } from './replay-hook.js';
import {
  findStarts,
  losesCursor,
  type Policy,
  planRepair,
  type Repair,
  type ResetReason,
  type Start,
  snapshotFrame,
} from './reset.js';
import { type Subscribed, Waiting } from './subscribed.js';
import type { Subscription } from './subscription.js';

/**
 * `new`: nothing is decided yet. `moving`: waiting for the store, a snapshot or a replay hook. `behind`: has history to
 * write. `reading`: waits for a page of it. `live`: member of a live set, moved by the flush. `idle`: follows no channel.
 */
type Phase = 'new' | 'moving' | 'behind' | 'reading' | 'live' | 'idle' | 'ended';

/** For clients that know of it: what they get from here on is new. A comment, so that nobody else sees it. */
const LIVE = textBatch(': live\n');

export class Cursor {
  /** The place. While live it may lag behind what `position` says: a flush moves only those it writes to. */
  seq = 0;
  /** Number of the newest flush when this cursor became live. */
  liveSince = 0;
  /** Index among the members of `set`. */
  slot = -1;
  /** The live set, if this cursor is live. */
  set: LiveSet | undefined;

  readonly #outlet: Outlet;
  readonly #hub: HubCore;
  readonly #following = new Following();
  #phase: Phase = 'new';
  #opened = false;
  #announced = '';
  #control = true;
  #hadId = false;
  #unsubscribed = false;
  #skipping = false;
  #repair: Repair | undefined;
  /** The client has been told that something is to be caught up with, and waits for the end of it. */
  #saysWhenLive = false;
  /** Whoever awaited something goes on only if this is still the number it started with. */
  #turn = 0;
  readonly #waiting = new Waiting();

  constructor(outlet: Outlet, hub: HubCore) {
    this.#outlet = outlet;
    this.#hub = hub;
    hub.cursors.add(this);
  }

  /** The place up to which the client has everything. */
  get position(): number {
    return this.set ? this.#hub.flusher.servedTo(this, this.set) : this.seq;
  }

  /** The id that a control frame may carry now: the connection's own place; none before the first frame and during a repair. */
  get ownId(): string | undefined {
    if (!this.#opened || this.#repair || this.#phase === 'moving') return undefined;
    return this.#hub.log.idAt(this.position);
  }

  get control(): boolean {
    return this.#control;
  }

  get connection(): Connection {
    return this.#outlet.connection;
  }

  get isLive(): boolean {
    return this.set !== undefined;
  }

  get isBehind(): boolean {
    return this.#phase === 'behind' || this.#phase === 'reading';
  }

  get channels(): readonly string[] {
    return this.#following.channels;
  }

  /** Follows more channels. Calls before the first frame form one set, resumed from the request's id. */
  subscribe(subscriptions: readonly Subscription[], control: boolean): Promise<Subscribed> {
    const added = subscriptions.filter(({ channel }) => !this.#following.has(channel));
    if (!this.#opened) this.#control &&= control;
    const result = this.#waiting.add();
    // While a lost place waits for another one, a new channel begins at the present.
    const isLost = this.#phase === 'moving' && this.#repair?.isLost === true;
    const place = isLost ? this.#hub.flusher.to : this.position;
    for (const subscription of added) this.#following.add(subscription, place);
    if (!this.#opened) this.#attachSoon();
    else if (added.length === 0) this.#waiting.settle(this.#hadId ? 'resumed' : 'fresh', this.channels);
    else this.#join(added);
    return result;
  }

  /** Stops following these channels, all of them by default. */
  unsubscribe(channels: readonly string[] = this.channels): void {
    const left = channels.filter((channel) => this.#following.has(channel));
    if (left.length === 0) return;
    this.#unsubscribed ||= this.#opened;
    if (this.set) this.#leaveLive();
    for (const channel of left) {
      this.#following.remove(channel);
      this.#repair?.channels.delete(channel);
    }
    if (!this.#opened) return;
    this.#announce('resumed', this.ownId);
    if (this.#isMovable) this.#follow();
  }

  /** One step forward from history. Called by the hub's pull queue, never from within a write. */
  pull(): void {
    if (this.#phase !== 'behind' || !this.#outlet.isOpen || !this.#outlet.hasRoom) return;
    if (this.#skipping) return this.#skip();
    const { flusher } = this.#hub;
    const target = this.#repair ? this.#repair.x : flusher.to;
    if (this.seq >= target) return this.#arrived(target);
    const turn = this.#turn;
    const stretch = this.#hub.replay.fromRing(this.channels, this.seq, target, (frame) => this.#isDue(frame));
    // A filter has changed what is followed, or ended it: whoever did so has gone on from the place.
    if (turn !== this.#turn) return;
    if (!stretch) return void this.#readStore();
    this.#advance(stretch.frames, stretch.upTo);
  }

  /** Called by the flush: writes what is new, shared or filtered. */
  deliver(batch: Batch | undefined, frames: readonly Frame[], to: number, delivered: Delivered): void {
    let own = batch;
    let events = frames.length;
    if (!own) {
      const turn = this.#turn;
      const due = frames.filter((frame) => this.#passes(frame));
      // As in `pull`: a filter may do anything.
      if (turn !== this.#turn) return;
      if (due.length === 0) {
        this.seq = to;
        return;
      }
      events = due.length;
      own = batchOf(due, { linked: false, traced: this.#following.isTraced });
    }
    this.seq = to;
    if (!this.#outlet.write(own)) return;
    this.#outlet.events += events;
    delivered.writes++;
    delivered.events += events;
    delivered.bytes += own.size;
  }

  /** The sink has no room left: the live set goes on without this cursor. */
  stalled(): void {
    if (!this.set) return;
    this.#leaveLive();
    this.#hub.observers.emit('lagged', this.#outlet.connection);
    const policies = [...this.#following.all()].map(({ onLag }) => onLag);
    if (policies.includes('disconnect')) this.#outlet.end('slow', 'too slow for the live set');
    else this.#skipping = policies.includes('skip');
  }

  /** The sink has room again. */
  drained(): void {
    if (this.#phase === 'behind') this.#hub.wake(this);
  }

  /** Leaves the live set because the log moves. The place is taken from the flush that is under way. */
  suspend(): void {
    if (this.set) this.#leaveLive();
  }

  /** The log lost entries; `before` tells which epochs were in force until now. */
  rolledBack(before: EpochList): void {
    if (this.#phase === 'ended') return;
    if (!this.#opened) return this.#attachSoon();
    const { log } = this.#hub;
    const isLost = (seq: number) => seq > log.head || before.at(seq) !== log.epochs.at(seq);
    // Who is in repair may hold a snapshot of what was lost; who waits for a replay hook gets frames after a lost place.
    if (isLost(this.seq) || this.#repair || this.#phase === 'moving') return this.#reset(this.channels, 'rollback');
    // A channel that begins at `now`, beside one at `earliest`, may begin at a place that is lost while the connection's is not.
    for (const { channel, start } of this.#following.all()) if (isLost(start)) this.#following.start(channel, this.seq);
    this.#follow();
  }

  /** The log has moved without losing anything. */
  resumed(): void {
    if (this.#phase === 'behind' || this.#phase === 'reading') this.#follow();
    else if (!this.#opened && this.#phase === 'moving') this.#attachSoon();
  }

  end(): void {
    this.suspend();
    this.#phase = 'ended';
    this.#turn++;
    this.#hub.cursors.delete(this);
    this.#waiting.settle('closed', this.channels);
  }

  // ---- attach

  /** In a microtask, so that several calls of one turn form one set; again whenever the set or the log changes before the first frame. */
  #attachSoon(): void {
    this.#phase = 'moving';
    this.#repair = undefined;
    const turn = ++this.#turn;
    queueMicrotask(() => {
      if (turn === this.#turn) this.#attach(turn).catch((error) => turn === this.#turn && this.#fail(error));
    });
  }

  async #attach(turn: number): Promise<void> {
    const id = await this.#findId();
    if (turn !== this.#turn) return;
    this.#hadId = id !== undefined;
    const place = await findPlace(this.#hub, this.#following, id);
    if (turn !== this.#turn) return;
    if ('seq' in place) this.#noteProof(place.seq);
    switch (place.kind) {
      case 'moved':
        return this.#attachSoon();
      case 'lost':
        return this.#attachLost(place.id, place.reason, turn);
      case 'trimmed':
        this.#moveTo(place.seq);
        return this.#reset(place.channels, 'trimmed');
      case 'resumed':
        this.#moveTo(place.seq);
        break;
      case 'fresh':
        this.#moveTo(this.#hub.flusher.to);
        for (const [channel, floor] of place.floors) this.#following.start(channel, Math.min(floor, this.seq));
        this.seq = this.#following.lowestStart(this.seq);
    }
    this.#open(place.kind, this.#hub.log.idAt(this.seq));
    this.#follow();
  }

  /** The id to resume from: the client's own, else where the store knows it to be, else what the application asked for. */
  async #findId(): Promise<string | undefined> {
    const { lastEventId } = this.#outlet;
    if (lastEventId !== undefined) return lastEventId;
    const client = this.#client;
    if (!client) return this.#following.fromId;
    await this.#hub.log.connected();
    const at = await loadCursor(this.#hub, client);
    return at ? formatEventId(at.epoch, at.seq) : this.#following.fromId;
  }

  /** A Last-Event-ID proves that the client has everything up to it. */
  #noteProof(seq: number): void {
    const client = this.#client;
    if (!client || this.#outlet.lastEventId === undefined) return;
    const at = { epoch: this.#hub.log.epochs.at(seq) ?? '', seq };
    void this.#hub.handled(saveCursor(this.#hub, client, at), 'store', this.connection);
  }

  get #client(): Client | undefined {
    const { clientId, principal } = this.connection;
    return clientId === undefined ? undefined : { clientId, principal, channels: this.channels };
  }

  /** The id is no place in this log: the application's own history if it has one, a reset otherwise. */
  async #attachLost(raw: string, reason: ResetReason, turn: number): Promise<void> {
    const hook = this.#outlet.replayHook;
    if (hook) {
      // Fixed before the call: what is published from here on follows the hook's frames.
      this.#moveTo(this.#hub.flusher.to);
      const answered = await runReplayHook(hook, this.#outlet, {
        request: { lastEventId: raw, channels: this.channels, request: this.#outlet.connection.request },
        timeoutMs: this.#hub.options.callbackTimeoutMs,
        clock: this.#hub.options.clock,
        isCurrent: () => turn === this.#turn,
        begin: () => this.#open('resumed', undefined),
      });
      if (turn !== this.#turn) return;
      if (answered) return this.#follow();
    }
    this.#reset(this.channels, reason);
  }

  /** The first frame. From here on the set changes only with an announcement. */
  #open(resume: Resume, id: string | undefined): void {
    this.#announce(resume, id);
    this.#waiting.settle(resume, this.channels);
    const behind = Math.max(0, this.#hub.log.head - this.seq);
    this.#hub.observers.emit('resumed', this.#outlet.connection, { resume, behind });
  }

  /** Later channels: live from here for a fresh connection; where the client may have known them before, a hole must be announced. */
  #join(added: readonly Subscription[]): void {
    if (this.set) this.#leaveLive();
    const names = added.map(({ channel }) => channel);
    if (this.#hadId || this.#unsubscribed) return this.#reset(names, 'late');
    this.#announce('fresh', this.ownId);
    this.#waiting.settle('fresh', this.channels);
    // A page that is being read lacks the new channels: it is asked for again.
    if (this.#isMovable) this.#follow();
  }

  // ---- moving

  /** Goes on from the place: behind until it has caught up. */
  #follow(): void {
    this.#turn++;
    this.#phase = !this.#following.isEmpty || this.#repair ? 'behind' : 'idle';
    if (this.#phase === 'behind') this.pull();
  }

  #arrived(target: number): void {
    if (this.#repair) return this.#complete();
    // Ahead of the last started flush: the next one is about to start.
    if (this.seq > target) return this.#hub.wake(this);
    this.#phase = 'live';
    this.set = this.#hub.liveSets.join(this, this.#key(), this.channels, {
      linked: this.#isLinked,
      traced: this.#following.isTraced,
      filtered: this.#following.isFiltered,
      region: this.connection.region,
    });
    this.liveSince = this.#hub.flusher.no;
    this.#hub.observers.emit('live', this.connection);
    if (this.#saysWhenLive) this.#outlet.write(LIVE);
    this.#saysWhenLive = false;
  }

  #leaveLive(): void {
    const set = this.set as LiveSet;
    this.seq = this.#hub.flusher.servedTo(this, set);
    this.#hub.liveSets.leave(this, set);
    this.set = undefined;
    this.#phase = 'behind';
  }

  async #readStore(): Promise<void> {
    const turn = ++this.#turn;
    this.#phase = 'reading';
    const stretch = await this.#hub.replay.fromStore(this.channels, this.seq);
    if (turn !== this.#turn) return;
    this.#phase = 'behind';
    if (!stretch) return this.#hub.wake(this);
    const end = Math.min(stretch.upTo, this.#repair ? this.#repair.x : this.#hub.flusher.to);
    // Looked at for every page, not only at the beginning: retention goes on while we read. Who begins after the page needs none of it.
    const trimmed = this.#following
      .trimmed(this.seq, stretch.floorOf)
      .filter((channel) => (this.#following.get(channel)?.start ?? 0) < end);
    if (trimmed.length > 0) return this.#reset(trimmed, 'trimmed', stretch.floorOf);
    const due = stretch.frames.filter((frame) => frame.seq <= end && this.#isDue(frame));
    if (turn !== this.#turn) return;
    // A page is counted in entries, and those may be large: whoever is slow gets no more of it at a time than of a flush.
    const { frames, upTo } = firstBatch(due, end);
    this.#advance(frames, upTo);
  }

  /** Writes history and moves the place; goes live in the same turn in which it has caught up. */
  #advance(frames: readonly Frame[], upTo: number): void {
    this.seq = Math.max(this.seq, upTo);
    if (frames.length > 0) {
      const anonymous = this.#repair && !this.#repair.keepIds;
      const shown = anonymous
        ? frames.map((frame) => ({ ...frame, prev: undefined, bytes: withoutId(frame.bytes) }))
        : frames;
      const batch = batchOf(shown, { linked: this.#isLinked && !anonymous, traced: this.#following.isTraced });
      if (!this.#outlet.write(batch)) return;
      this.#outlet.events += frames.length;
      const { observers } = this.#hub;
      if (observers.hears('replayed')) {
        const part = { frames: frames.length, bytes: batch.size, traces: tracesOf(frames) };
        observers.emit('replayed', this.connection, part);
      }
    }
    if (this.#phase !== 'behind') return;
    const target = this.#repair ? this.#repair.x : this.#hub.flusher.to;
    if (this.seq === target && this.#outlet.hasRoom) this.#arrived(target);
    else this.#hub.wake(this);
  }

  // ---- resets

  #skip(): void {
    this.#skipping = false;
    const skipped = this.#following.namesWhere(({ onLag }) => onLag === 'skip');
    if (this.seq === this.#hub.flusher.to || skipped.length === 0) return this.pull();
    this.#reset(skipped, 'lag');
  }

  #reset(channels: readonly string[], reason: ResetReason, floorOf?: (channel: string) => number): void {
    const turn = ++this.#turn;
    this.#phase = 'moving';
    // A reset that interrupts a repair includes the channels that are not yet repaired.
    const broken = new Set([...channels, ...this.#unrepaired()]);
    const isLost = losesCursor(reason) || (this.#repair?.isLost === true && !this.#repair.keepIds);
    this.#repair = { channels: broken, isLost, x: Number.POSITIVE_INFINITY, keepIds: false, completing: undefined };
    this.#prepare(broken, reason, turn, floorOf).catch((error) => {
      if (turn === this.#turn) this.#fail(error);
    });
  }

  /** With ids each place that the repair has come to counts, and what begins at or below it is repaired. */
  #unrepaired(): Iterable<string> {
    if (!this.#repair) return [];
    const { channels, keepIds } = this.#repair;
    if (!keepIds) return channels;
    return this.#following.namesWhere(({ channel, start }) => channels.has(channel) && start > this.seq);
  }

  async #prepare(
    broken: ReadonlySet<string>,
    reason: ResetReason,
    turn: number,
    floorOf: ((channel: string) => number) | undefined,
  ): Promise<void> {
    const asked = [...this.#following.all()].filter(({ channel }) => broken.has(channel));
    const found = await findStarts(this.#hub, asked, reason, this.#control, floorOf);
    if (turn !== this.#turn) return;
    const starts = found.filter(({ channel }) => this.#following.has(channel));
    if (starts.length > 0) return this.#beginRepair(starts, reason);
    // Nobody follows what was broken any more.
    if (this.#repair?.isLost) this.seq = this.#hub.flusher.to;
    this.#repair = undefined;
    this.#waiting.settle('resumed', this.channels);
    this.#follow();
  }

  /** Every start is fixed: announces the reset, then what is below X goes out without ids. */
  #beginRepair(starts: readonly Start[], reason: ResetReason): void {
    const healthy = [...this.#following.all()].filter(
      ({ channel }) => !starts.some((start) => start.channel === channel),
    );
    // A cursor that is lost counts for nothing; one that is not keeps what it has.
    const isLost = this.#repair?.isLost === true;
    const place = isLost ? 0 : this.seq;
    for (const { channel, start } of healthy) this.#following.start(channel, Math.max(start, place));
    for (const { channel, seq } of starts) this.#following.start(channel, seq);
    const repair = planRepair(starts, Math.max(place, ...healthy.map(({ start }) => start)), isLost);
    this.seq = this.#following.lowestStart(repair.x);
    this.#repair = repair;
    const channels = starts.map(({ channel }) => channel);
    const policies: Policy[] = starts.map(({ policy }) => policy);
    this.#hub.observers.emit('reset', this.#outlet.connection, { reason, channels, policies });
    if (!this.#opened) this.#open('reset', undefined);
    else this.#announce('reset', undefined);
    this.#waiting.settle('reset', this.channels);
    const snapshots = starts.filter((start) => start.snapshot && start !== repair.completing);
    const frames = [encodeControl('reset', { channels, reason }), ...snapshots.map((start) => snapshotFrame(start))];
    if (this.#control && !this.#outlet.write(textBatch(frames.join('')))) return;
    this.#phase = 'behind';
    this.#hub.wake(this);
  }

  /** X is reached: the first id after the reset. */
  #complete(): void {
    const repair = this.#repair as Repair;
    this.#repair = undefined;
    if (this.#control) {
      const id = this.#hub.log.idAt(repair.x);
      const { completing } = repair;
      const isWanted = completing && this.#following.has(completing.channel);
      const frame = isWanted
        ? snapshotFrame(completing, id)
        : encodeControl('live', { channels: [...repair.channels] }, id);
      if (!this.#outlet.write(textBatch(frame))) return;
    }
    if (this.#phase === 'behind') this.#follow();
  }

  /** Before the headers the framework answers; afterwards the stream ends, and the client may come back. */
  #fail(error: unknown): void {
    const rejects = hasCode(error, 'ERR_SSE_RESET_REJECTED');
    this.#waiting.fail(error);
    this.#outlet.failed(error, rejects ? 'reset' : 'error');
  }

  // ---- small things

  get #isMovable(): boolean {
    return this.#phase === 'behind' || this.#phase === 'reading' || this.#phase === 'idle';
  }

  #announce(resume: Resume, id: string | undefined): void {
    const channels = this.channels;
    const known = channels.join();
    if (this.#opened && known === this.#announced) return;
    this.#opened = true;
    this.#announced = known;
    this.#outlet.begin();
    if (!this.#control) return;
    const { id: conn, heartbeatMs } = this.#outlet;
    // To a fresh stream there is nothing to catch up with, and no write to be spent on saying so.
    this.#saysWhenLive = resume !== 'fresh' && this.#outlet.wantsLinks;
    const prev = this.#isLinked ? { prev: true } : {};
    this.#outlet.write(textBatch(encodeControl('open', { v: 1, conn, resume, channels, heartbeatMs, ...prev }, id)));
  }

  #moveTo(seq: number): void {
    this.seq = seq;
    this.#following.startAll(seq);
  }

  #isDue(frame: Frame): boolean {
    return this.#following.isDue(frame, this.seq) && this.#passes(frame);
  }

  #passes(frame: Frame): boolean {
    if (!mayCross(frame.region, this.connection.region)) return false;
    const filter = this.#following.get(frame.channel)?.filter;
    return filter ? this.#outlet.filter(filter, frame) : true;
  }

  get #isLinked(): boolean {
    return this.#outlet.wantsLinks && !this.#following.isFiltered && this.#hub.options.store.supports.prev;
  }

  #key(): string {
    const form = this.#following.isFiltered ? 'filtered' : this.#isLinked ? 'linked' : '';
    return `${this.channels.toSorted().join()}|${form}|${this.#following.isTraced}|${this.connection.region ?? ''}`;
  }
}
