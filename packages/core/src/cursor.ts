/**
 * Cursor: a connection's place in the log, and the channels it follows. Live, lagging, resuming and replaying are this one place
 * moving forward. Only this file moves it.
 *
 * Invariant: every retained entry of a followed channel at or below the place (and above the channel's start) has been written
 * to the sink, or its loss is announced by a reset; no id above the place has been written.
 */
import { type Batch, textBatch } from './batch.js';
import type { EpochList } from './epochs.js';
import { SseError } from './errors.js';
import { parseEventId } from './event-id.js';
import { batchOf } from './flush.js';
import { encodeControl, type Frame, withoutId } from './frame.js';
import type { HubCore } from './hub-core.js';
import type { LiveSet } from './live-set.js';
import type { Resume } from './observer.js';
import type { Outlet } from './outlet.js';
import { runReplayHook } from './replay-hook.js';
import { findStarts, floorsOf, losesCursor, type Policy, planRepair, type Repair, type ResetReason, type Start } from './reset.js';
import type { Subscription } from './subscription.js';

/** What `subscribe` resolves to. */
export interface Subscribed {
  /** How the connection came to its place; `closed` if it ended before that. */
  readonly resume: Resume | 'closed';
  /** Every channel of the connection. */
  readonly channels: readonly string[];
}

/**
 * `new`: nothing is decided yet. `moving`: waiting for the store, a snapshot or a replay hook. `behind`: has history to
 * write. `reading`: waits for a page of it. `live`: member of a live set, moved by the flush. `idle`: follows no channel.
 */
type Phase = 'new' | 'moving' | 'behind' | 'reading' | 'live' | 'idle' | 'ended';

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
  readonly #subscriptions = new Map<string, Subscription>();
  #phase: Phase = 'new';
  #opened = false;
  #announced = '';
  #control = true;
  #hadId = false;
  #unsubscribed = false;
  #skipping = false;
  #repair: Repair | undefined;
  /** Whoever awaited something goes on only if this is still the number it started with. */
  #turn = 0;
  #waiting: ((result: Subscribed) => void)[] = [];
  #failing: ((error: unknown) => void)[] = [];

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

  get isLive(): boolean {
    return this.set !== undefined;
  }

  get channels(): readonly string[] {
    return [...this.#subscriptions.keys()];
  }

  /** Follows more channels. Calls before the first frame form one set, resumed from the request's id. */
  subscribe(subscriptions: readonly Subscription[], control: boolean): Promise<Subscribed> {
    const added = subscriptions.filter(({ channel }) => !this.#subscriptions.has(channel));
    if (!this.#opened) this.#control &&= control;
    const result = new Promise<Subscribed>((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#failing.push(reject);
    });
    for (const subscription of added) this.#subscriptions.set(subscription.channel, { ...subscription, start: this.position });
    if (!this.#opened) this.#attachSoon();
    else if (added.length === 0) this.#settle(this.#hadId ? 'resumed' : 'fresh');
    else this.#join(added);
    return result;
  }

  /** Stops following these channels, all of them by default. */
  unsubscribe(channels: readonly string[] = this.channels): void {
    const left = channels.filter((channel) => this.#subscriptions.has(channel));
    if (left.length === 0) return;
    this.#unsubscribed ||= this.#opened;
    if (this.set) this.#leaveLive();
    for (const channel of left) {
      this.#subscriptions.delete(channel);
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
    const stretch = this.#hub.replay.fromRing(this.#subscriptions.keys(), this.seq, target, (frame) => this.#isDue(frame));
    if (!stretch) return void this.#readStore();
    this.#advance(stretch.frames, stretch.upTo);
  }

  /** Called by the flush: writes what is new, shared or filtered, and returns the number of bytes. */
  deliver(batch: Batch | undefined, frames: readonly Frame[], to: number): number {
    let own = batch;
    if (!own) {
      const due = frames.filter((frame) => this.#passes(frame));
      if (due.length === 0) {
        this.seq = to;
        return 0;
      }
      own = batchOf(due, false);
    }
    this.seq = to;
    return this.#outlet.write(own) ? own.size : 0;
  }

  /** The sink has no room left: the live set goes on without this cursor. */
  stalled(): void {
    if (!this.set) return;
    this.#leaveLive();
    this.#hub.observers.emit('lagged', this.#outlet.connection);
    const policies = [...this.#subscriptions.values()].map(({ onLag }) => onLag);
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
    const valid = this.seq <= log.head && before.at(this.seq) === log.epochs.at(this.seq);
    // Who is in repair may hold a snapshot of what was lost; who waits for a replay hook gets frames after a lost place.
    if (!valid || this.#repair || this.#phase === 'moving') this.#reset(this.channels, 'rollback');
    else this.#follow();
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
    this.#settle('closed');
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
    const { log } = this.#hub;
    await log.connected();
    if (turn !== this.#turn) return;
    const raw = this.#outlet.lastEventId ?? this.#fromId();
    this.#hadId = raw !== undefined;
    if (raw === undefined) return this.#attachFresh(turn);
    const position = parseEventId(raw);
    const problem = position ? await log.locate(position) : 'malformed';
    if (turn !== this.#turn) return;
    if (problem || !position) return this.#attachLost(raw, problem ?? 'malformed', turn);
    this.#moveTo(position.seq);
    if (!this.#coveredByRing()) {
      const stretch = await this.#hub.replay.fromStore(this.#key(), this.channels, this.seq);
      if (turn !== this.#turn) return;
      if (!stretch) return this.#attachSoon();
      const trimmed = this.#trimmed(stretch.floorOf);
      if (trimmed.length > 0) return this.#reset(trimmed, 'trimmed');
    }
    this.#open('resumed', this.#hub.log.idAt(this.seq));
    this.#follow();
  }

  async #attachFresh(turn: number): Promise<void> {
    const earliest = [...this.#subscriptions.values()].filter(({ from }) => from === 'earliest').map(({ channel }) => channel);
    const floors = earliest.length > 0 ? await floorsOf(this.#hub.options.store, earliest) : undefined;
    if (turn !== this.#turn) return;
    const now = this.#hub.flusher.to;
    this.#moveTo(now);
    for (const [channel, floor] of floors ?? []) this.#start(channel, Math.min(floor, now));
    this.seq = this.#lowestStart(now);
    this.#open('fresh', this.#hub.log.idAt(this.seq));
    this.#follow();
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
    this.#settle(resume);
    const behind = Math.max(0, this.#hub.flusher.to - this.seq);
    this.#hub.observers.emit('resumed', this.#outlet.connection, { resume, behind });
  }

  /** Later channels: live from here for a fresh connection; where the client may have known them before, a hole must be announced. */
  #join(added: readonly Subscription[]): void {
    if (this.set) this.#leaveLive();
    if (this.#hadId || this.#unsubscribed) return this.#reset(added.map(({ channel }) => channel), 'late');
    this.#announce('fresh', this.ownId);
    this.#settle('fresh');
    // A page that is being read lacks the new channels: it is asked for again.
    if (this.#isMovable) this.#follow();
  }

  // ---- moving

  /** Goes on from the place: behind until it has caught up. */
  #follow(): void {
    this.#turn++;
    this.#phase = this.#subscriptions.size > 0 || this.#repair ? 'behind' : 'idle';
    if (this.#phase === 'behind') this.pull();
  }

  #arrived(target: number): void {
    if (this.#repair) return this.#complete();
    // Ahead of the last started flush: the next one is about to start.
    if (this.seq > target) return this.#hub.wake(this);
    this.#phase = 'live';
    this.set = this.#hub.liveSets.join(this, this.#key(), this.channels, this.#isLinked, this.#isFiltered);
    this.liveSince = this.#hub.flusher.no;
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
    const stretch = await this.#hub.replay.fromStore(this.#key(), this.channels, this.seq);
    if (turn !== this.#turn) return;
    this.#phase = 'behind';
    if (!stretch) return this.#hub.wake(this);
    // Looked at for every page, not only at the beginning: retention goes on while we read.
    const trimmed = this.#trimmed(stretch.floorOf);
    if (trimmed.length > 0) return this.#reset(trimmed, 'trimmed');
    const target = this.#repair ? this.#repair.x : this.#hub.flusher.to;
    this.#advance(stretch.frames.filter((frame) => frame.seq <= target && this.#isDue(frame)), Math.min(stretch.upTo, target));
  }

  /** Writes history and moves the place; goes live in the same turn in which it has caught up. */
  #advance(frames: readonly Frame[], upTo: number): void {
    this.seq = Math.max(this.seq, upTo);
    if (frames.length > 0) {
      const anonymous = this.#repair && !this.#repair.keepIds;
      const shown = anonymous ? frames.map((frame) => ({ ...frame, prev: undefined, bytes: withoutId(frame.bytes) })) : frames;
      if (!this.#outlet.write(batchOf(shown, this.#isLinked && !anonymous))) return;
    }
    if (this.#phase !== 'behind') return;
    const target = this.#repair ? this.#repair.x : this.#hub.flusher.to;
    if (this.seq === target && this.#outlet.hasRoom) this.#arrived(target);
    else this.#hub.wake(this);
  }

  // ---- resets

  #skip(): void {
    this.#skipping = false;
    const skipped = [...this.#subscriptions.values()].filter(({ onLag }) => onLag === 'skip');
    if (this.seq === this.#hub.flusher.to || skipped.length === 0) return this.pull();
    this.#reset(skipped.map(({ channel }) => channel), 'lag');
  }

  #reset(channels: readonly string[], reason: ResetReason): void {
    const turn = ++this.#turn;
    this.#phase = 'moving';
    // A reset that interrupts a repair includes the channels that are not yet repaired.
    const broken = new Set([...channels, ...(this.#repair?.channels ?? [])]);
    this.#repair = { channels: broken, x: Number.POSITIVE_INFINITY, keepIds: false, completing: undefined };
    this.#prepare(broken, reason, turn).catch((error) => {
      if (turn === this.#turn) this.#fail(error);
    });
  }

  async #prepare(broken: ReadonlySet<string>, reason: ResetReason, turn: number): Promise<void> {
    const asked = [...this.#subscriptions.values()].filter(({ channel }) => broken.has(channel));
    if (asked.some(({ onReset }) => onReset === 'reject')) throw rejected(reason);
    const found = await findStarts(
      { store: this.#hub.options.store, snapshots: this.#hub.snapshots, flusher: this.#hub.flusher },
      asked.map(({ channel, onReset }) => ({ channel, asked: onReset })),
      reason,
      this.#control,
    );
    // A floor can be ahead of this process's tail; X is a place that it has seen.
    await this.#hub.log.reached(Math.max(0, ...found.map(({ seq }) => seq)));
    if (turn !== this.#turn) return;
    const starts = found.filter(({ channel }) => this.#subscriptions.has(channel));
    if (starts.length > 0) return this.#beginRepair(starts, reason);
    this.#repair = undefined;
    if (losesCursor(reason)) this.seq = this.#hub.flusher.to;
    this.#follow();
  }

  /** Every start is fixed: announces the reset, then what is below X goes out without ids. */
  #beginRepair(starts: readonly Start[], reason: ResetReason): void {
    const lost = losesCursor(reason);
    const own = lost ? 0 : Math.max(this.seq, ...[...this.#healthy(starts)].map(({ start }) => start));
    const repair = planRepair(starts, own);
    for (const healthy of this.#healthy(starts)) this.#start(healthy.channel, Math.max(healthy.start, lost ? 0 : this.seq));
    for (const { channel, seq } of starts) this.#start(channel, seq);
    this.seq = this.#lowestStart(repair.x);
    this.#repair = repair;
    const channels = starts.map(({ channel }) => channel);
    const policies: Policy[] = starts.map(({ policy }) => policy);
    this.#hub.observers.emit('reset', this.#outlet.connection, { reason, channels, policies });
    if (!this.#opened) this.#open('reset', undefined);
    else this.#announce('reset', undefined);
    this.#settle('reset');
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
      const isWanted = completing && this.#subscriptions.has(completing.channel);
      const frame = isWanted ? snapshotFrame(completing, id) : encodeControl('live', { channels: [...repair.channels] }, id);
      if (!this.#outlet.write(textBatch(frame))) return;
    }
    if (this.#phase === 'behind') this.#follow();
  }

  /** Before the headers the framework answers; afterwards the stream ends, and the client may come back. */
  #fail(error: unknown): void {
    const rejects = error instanceof SseError && error.code === 'ERR_SSE_RESET_REJECTED';
    for (const fail of this.#failing.splice(0)) fail(error);
    this.#waiting = [];
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
    const prev = this.#isLinked ? { prev: true } : {};
    this.#outlet.write(textBatch(encodeControl('open', { v: 1, conn, resume, channels, heartbeatMs, ...prev }, id)));
  }

  #settle(resume: Subscribed['resume']): void {
    const result = { resume, channels: this.channels };
    this.#failing = [];
    for (const settle of this.#waiting.splice(0)) settle(result);
  }

  #moveTo(seq: number): void {
    this.seq = seq;
    for (const channel of this.#subscriptions.keys()) this.#start(channel, seq);
  }

  #start(channel: string, start: number): void {
    const subscription = this.#subscriptions.get(channel);
    if (subscription) this.#subscriptions.set(channel, { ...subscription, start });
  }

  #lowestStart(fallback: number): number {
    const starts = [...this.#subscriptions.values()].map(({ start }) => start);
    return starts.length > 0 ? Math.min(...starts) : fallback;
  }

  #healthy(broken: readonly Start[]): Subscription[] {
    return [...this.#subscriptions.values()].filter(({ channel }) => !broken.some((start) => start.channel === channel));
  }

  #coveredByRing(): boolean {
    const { ring } = this.#hub.log;
    return this.channels.every((channel) => ring.covers(channel, this.seq));
  }

  #trimmed(floorOf: ((channel: string) => number) | undefined): string[] {
    if (!floorOf) return [];
    return [...this.#subscriptions.values()]
      .filter(({ channel, start }) => floorOf(channel) > Math.max(start, this.seq))
      .map(({ channel }) => channel);
  }

  #isDue(frame: Frame): boolean {
    const subscription = this.#subscriptions.get(frame.channel);
    return subscription !== undefined && frame.seq > Math.max(subscription.start, this.seq) && this.#passes(frame);
  }

  #passes(frame: Frame): boolean {
    const filter = this.#subscriptions.get(frame.channel)?.filter;
    return filter ? this.#outlet.filter(filter, frame) : true;
  }

  #fromId(): string | undefined {
    for (const { from } of this.#subscriptions.values()) if (from !== 'now' && from !== 'earliest') return from;
    return undefined;
  }

  get #isFiltered(): boolean {
    for (const { filter } of this.#subscriptions.values()) if (filter) return true;
    return false;
  }

  get #isLinked(): boolean {
    return this.#outlet.wantsLinks && !this.#isFiltered && this.#hub.options.store.supports.prev;
  }

  #key(): string {
    const names = this.channels.toSorted().join();
    return this.#isFiltered ? `${names}|filtered` : this.#isLinked ? `${names}|linked` : names;
  }
}

function snapshotFrame({ channel, snapshot }: Start, id?: string): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return `${head}event: sse.snapshot\ndata: {"channel":${JSON.stringify(channel)},"data":${snapshot?.json}}\n\n`;
}

function rejected(reason: ResetReason): SseError {
  return new SseError('ERR_SSE_RESET_REJECTED', `Cannot resume: the history is gone (${reason})`, { statusCode: 400 });
}
