/**
 * Known: what a client knows of one channel: everything up to a place, of the one history that the place belongs to. Each frame, id,
 * reset and snapshot must fit to it; what does not breaks a promise.
 */
import { Broken, type PromiseName } from './broken.js';
import type { Place, Truth } from './truth.js';

/** Entries that need not come: those of before a channel began at what was retained, or at the present. */
export interface Forgiven {
  readonly upTo: number;
  /** Places with this number or a higher one were made later: they are due. */
  readonly madeBefore: number;
}

/** What the server said about a reset's channel. */
export interface Breach {
  readonly reason: string;
  readonly policy: string;
  readonly forgiven: Forgiven | undefined;
}

export class Known {
  readonly #truth: Truth;
  readonly channel: string;
  readonly #wants: (place: Place) => boolean;
  /** Events of the stream before this one do not count for the channel. */
  since = 0;
  /** The same for what the observer was told. */
  sinceNote = 0;
  /** Everything up to here is known; undefined until that is settled. */
  place: Place | undefined;
  /** What is due before anything else may come. `any`: the first frame or id says where the channel begins. */
  waitsFor: 'open' | 'reset' | 'any' | undefined;
  /** Places after `from`, up to and including `upTo`, may come again. */
  #repeats = NOTHING;
  breach: Breach | undefined;
  #forgiven: Forgiven | undefined;
  /** The newest id, while a provider's state is ahead of it. */
  #id: Place | undefined;

  constructor(truth: Truth, channel: string, wants: (place: Place) => boolean) {
    this.#truth = truth;
    this.channel = channel;
    this.#wants = wants;
  }

  /** From now on everything after `place` is due, and nothing else. */
  begin(place: Place, forgiven?: Forgiven): void {
    this.place = place;
    this.waitsFor = undefined;
    this.breach = undefined;
    this.#repeats = NOTHING;
    this.#forgiven = forgiven;
  }

  await(what: 'open' | 'reset' | 'any', forgiven?: Forgiven): void {
    this.waitsFor = what;
    this.place = undefined;
    this.#forgiven = forgiven;
  }

  reset(breach: Breach): void {
    const { breach: earlier } = this;
    this.place = undefined;
    this.waitsFor = undefined;
    this.#repeats = NOTHING;
    this.#forgiven = breach.forgiven;
    // A repair that was interrupted is still owed for its own reason.
    this.breach = earlier && isLasting(earlier.reason) ? { ...breach, reason: earlier.reason } : breach;
  }

  /** A state that includes everything up to `covers`. What was published after `from`, while it was made, may come again. */
  snapshot(covers: Place, from: number): void {
    if (!this.breach) this.#fail('P2', 'a snapshot came without a reset');
    this.place = covers;
    this.#id = undefined;
    this.#repeats = { from, upTo: covers.seq };
    this.#forgiven = undefined;
  }

  /** An entry of the channel. */
  frame(place: Place): void {
    if (!this.#wants(place)) this.#fail('P1', `#${place.token} was filtered out and came`);
    // A process that has not noticed a loss goes on with the old log for a while.
    if (this.waitsFor === 'reset' && place.lost) return;
    if (this.waitsFor === 'reset') this.#fail('P6', `${name(place)} came before the reset that is due`);
    if (this.waitsFor === 'open') this.#fail('P1', `${name(place)} came before the stream said where it begins`);
    if (this.waitsFor === 'any') return this.begin(place, this.#forgiven);
    const known = this.place ?? this.#start(place, 'frame');
    switch (this.#truth.relation(known, place)) {
      case 'later':
        this.#mustHaveAll(known, place, place);
        this.place = place;
        break;
      case 'apart':
        this.#changeBranch(known, place);
        break;
      default:
        if (!this.#mayRepeat(place.seq)) this.#fail('P2', `${name(place)} came again, ${name(known)} is known`);
    }
  }

  /** An id that says: everything up to `place` is here. `mayGoBack`: in the repair of other channels. */
  passed(place: Place, mayGoBack: boolean): void {
    if (this.waitsFor === 'reset' && place.lost) return;
    if (this.waitsFor === 'reset') this.#fail('P6', `the id of ${name(place)} came before the reset that is due`);
    if (this.waitsFor === 'open')
      this.#fail('P1', `the id of ${name(place)} came before the stream said where it begins`);
    if (this.waitsFor === 'any') this.begin(place, this.#forgiven);
    this.place ??= this.#start(place, 'id');
    const known = this.place;
    switch (this.#truth.relation(known, place)) {
      case 'later':
        this.#mustHaveAll(known, place);
        this.place = place;
        break;
      case 'apart':
        this.#changeBranch(known, place);
        break;
      case 'earlier':
        this.#id = place;
        if (!this.#mayRepeat(place.seq + 1) && !mayGoBack)
          this.#fail('P2', `the id went back to ${name(place)} from ${name(known)}`);
    }
    this.breach = undefined;
  }

  /** The client comes back with the id of `place`. `wasInRepair`: it was cut in one. */
  resume(place: Place, wasInRepair: boolean): void {
    const { breach } = this;
    this.#forgiven = undefined;
    if (this.waitsFor === 'open' || this.waitsFor === 'any') return this.begin(place);
    if (breach || this.waitsFor === 'reset') {
      // An id that is still good says what was known before the reset, and nothing after it.
      if (breach && (isLasting(breach.reason) || place.lost)) this.await('reset');
      else this.begin(place);
      return;
    }
    const known = this.place as Place;
    if (known.seq <= place.seq || this.#mayRepeat(place.seq + 1)) return;
    if (!wasInRepair) this.#fail('P2', `${name(known)} came without an id, the id is that of ${name(place)}`);
    this.#repeats = { from: place.seq, upTo: known.seq };
  }

  /** Says what is missing at the end, when everything has arrived. */
  mustBeComplete(head: Place): void {
    if (this.waitsFor === 'any') return;
    const place = this.place?.lost ? this.#sure() : this.place;
    if (this.waitsFor || this.breach || !place) {
      this.#fail('P5', `still waits for ${this.waitsFor ?? 'the end of a repair'}`);
    }
    if (place.lost) this.#fail('P4', `${name(place)} was lost and is still taken for history`);
    if (this.#truth.relation(place, head) === 'later') {
      this.#mustHaveAll(place, head, undefined, 'P5');
    }
  }

  /** Where a repair begins, seen from its first frame or id. */
  #start(place: Place, by: string): Place {
    const policy = this.breach?.policy;
    if (policy === 'snapshot') this.#fail('P1', `the ${by} of ${name(place)} came before the snapshot`);
    return this.#truth.originOf(place);
  }

  /**
   * What is sure of what is known. A provider's state may be ahead of the process that asked for it, and nobody can say what of
   * it the log has lost since: it is the application's own.
   */
  #sure(): Place {
    const known = this.place as Place;
    return this.#id && known.seq <= this.#repeats.upTo ? this.#id : known;
  }

  /** The other branch is lost with what comes from it, or it is the one that counts. */
  #changeBranch(known: Place, place: Place): void {
    const sure = this.#sure();
    if (sure !== known && this.#truth.relation(sure, place) !== 'apart') {
      this.place = sure;
      this.#mustHaveAll(sure, place, place);
      this.place = place;
      return;
    }
    // News of the old log from a process that has not noticed yet: a reset must follow.
    if (!place.lost) this.#fail('P4', `${name(place)} does not follow ${name(known)}, which was lost`);
    this.place = place;
  }

  #mustHaveAll(after: Place, upTo: Place, except?: Place, promise: PromiseName = 'P1'): void {
    for (const place of this.#truth.between(after, upTo, this.channel)) {
      if (place === except || !this.#wants(place) || this.#forgives(place)) continue;
      this.#fail(promise, `${name(place)} is missing between ${name(after)} and ${name(upTo)}`);
    }
  }

  #forgives(place: Place): boolean {
    const forgiven = this.#forgiven;
    return forgiven !== undefined && place.seq <= forgiven.upTo && place.no < forgiven.madeBefore;
  }

  #mayRepeat(seq: number): boolean {
    return seq > this.#repeats.from && seq <= this.#repeats.upTo;
  }

  #fail(promise: PromiseName, what: string): never {
    throw new Broken(promise, `channel ${this.channel}: ${what}`);
  }
}

const NOTHING = { from: 0, upTo: 0 };

/** True where nobody can resume the client's id, now or later. */
function isLasting(reason: string): boolean {
  return reason === 'epoch' || reason === 'malformed';
}

function name(place: Place): string {
  const what = place.channel === undefined ? 'origin' : `${place.channel}#${place.token}`;
  return `${what}@${place.id}(${place.seq})${place.lost ? ' (lost)' : ''}`;
}
