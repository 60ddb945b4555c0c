/**
 * Known: what a client knows of one channel: everything up to a place, of the one history that the place belongs to. Each frame, id,
 * reset and snapshot must fit to it; what does not breaks a promise.
 */
import { Broken, type PromiseName } from './broken.js';
import type { Place, Truth } from './truth.js';

/** What the server said about a reset's channel, and what is still allowed to be missing from it. */
export interface Breach {
  readonly reason: string;
  readonly policy: string;
  /** Under `live`: entries up to this place need not come. */
  readonly liveFrom: number;
  /** How many losses the log had had. */
  readonly losses: number;
}

export class Known {
  readonly #truth: Truth;
  readonly channel: string;
  readonly #wants: (place: Place) => boolean;
  /** Events of the stream before this one do not count for the channel. */
  since = 0;
  /** Everything up to here is known; undefined until that is settled. */
  place: Place | undefined;
  /** What is due before anything else may come. */
  waitsFor: 'open' | 'reset' | undefined;
  /** Places up to here may come again. */
  repeats = 0;
  breach: Breach | undefined;
  /** Since a beginning at `earliest`: what retention has dropped need not come. */
  forgivesTrimmed = false;

  constructor(truth: Truth, channel: string, wants: (place: Place) => boolean) {
    this.#truth = truth;
    this.channel = channel;
    this.#wants = wants;
  }

  /** From now on everything after `place` is due, and nothing else. */
  begin(place: Place): void {
    this.place = place;
    this.waitsFor = undefined;
    this.breach = undefined;
    this.repeats = 0;
    this.forgivesTrimmed = false;
  }

  /** A beginning at what is retained: nothing is known of what was before. */
  beginEarliest(place: Place): void {
    this.begin(this.#truth.originOf(place));
    this.forgivesTrimmed = true;
  }

  await(what: 'open' | 'reset'): void {
    this.waitsFor = what;
    this.place = undefined;
  }

  reset(breach: Breach): void {
    const { breach: earlier } = this;
    this.place = undefined;
    this.waitsFor = undefined;
    this.repeats = 0;
    this.forgivesTrimmed = false;
    // A repair that was interrupted is still owed for its own reason.
    this.breach = earlier && isLasting(earlier.reason) ? { ...breach, reason: earlier.reason, losses: earlier.losses } : breach;
  }

  /** A state that includes everything up to `covers`. What was published while it was made may come again. */
  snapshot(covers: Place): void {
    if (!this.breach) this.#fail('P2', 'a snapshot came without a reset');
    this.place = covers;
    this.repeats = covers.seq;
  }

  /** An entry of the channel. */
  frame(place: Place): void {
    if (!this.#wants(place)) this.#fail('P1', `#${place.token} was filtered out and came`);
    if (this.waitsFor === 'reset') this.#fail('P6', `${name(place)} came before the reset that is due`);
    if (this.waitsFor === 'open') this.#fail('P1', `${name(place)} came before the stream said where it begins`);
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
        if (place.seq > this.repeats) this.#fail('P2', `${name(place)} came again, ${name(known)} is known`);
    }
  }

  /** An id that says: everything up to `place` is here. `mayGoBack`: in the repair of other channels. */
  passed(place: Place, mayGoBack: boolean): void {
    if (this.waitsFor === 'reset') this.#fail('P6', `the id of ${name(place)} came before the reset that is due`);
    if (this.waitsFor === 'open') this.#fail('P1', `the id of ${name(place)} came before the stream said where it begins`);
    const known = this.place ?? this.#start(place, 'id');
    switch (this.#truth.relation(known, place)) {
      case 'later':
        this.#mustHaveAll(known, place);
        this.place = place;
        break;
      case 'apart':
        this.#changeBranch(known, place);
        break;
      case 'earlier':
        if (place.seq > this.repeats && !mayGoBack) this.#fail('P2', `the id went back to ${name(place)} from ${name(known)}`);
    }
    this.breach = undefined;
    this.forgivesTrimmed = false;
  }

  /** The client comes back with the id of `place`. `wasInRepair`: it was cut in one. */
  resume(place: Place, wasInRepair: boolean): void {
    const { breach } = this;
    if (this.waitsFor === 'open') return this.begin(place);
    if (breach || this.waitsFor === 'reset') {
      if (!breach || !isLasting(breach.reason)) this.begin(place);
      // An older copy of the log may still have what the newer one had trimmed.
      else if (breach.reason === 'trimmed' && breach.losses !== this.#truth.losses) this.begin(place);
      else this.await('reset');
      return;
    }
    const known = this.place as Place;
    if (known.seq <= place.seq || known.seq <= this.repeats) return;
    if (!wasInRepair) this.#fail('P2', `${name(known)} came without an id, the id is that of ${name(place)}`);
    this.repeats = known.seq;
  }

  /** Says what is missing at the end, when everything has arrived. */
  mustBeComplete(head: Place): void {
    const { place } = this;
    if (this.waitsFor || this.breach || !place) {
      this.#fail('P5', `still waits for ${this.waitsFor ?? 'the end of a repair'}`);
    }
    if (place.lost) this.#fail('P4', `${name(place)} was lost and is still taken for history`);
    if (this.#truth.relation(place, head) === 'later') {
      this.forgivesTrimmed = false;
      this.#mustHaveAll(place, head, undefined, 'P5');
    }
  }

  /** Where a repair begins, seen from its first frame or id. */
  #start(place: Place, by: string): Place {
    const policy = this.breach?.policy;
    if (policy === 'snapshot') this.#fail('P1', `the ${by} of ${name(place)} came before the snapshot`);
    if (policy === 'live' && by === 'id') return place;
    return this.#truth.originOf(place);
  }

  /** The other branch is lost with what comes from it, or it is the one that counts. */
  #changeBranch(known: Place, place: Place): void {
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
    if (this.forgivesTrimmed) return place.trimmed;
    if (!this.breach || this.repeats > 0) return false;
    return this.breach.policy === 'live' ? place.seq <= this.breach.liveFrom : this.breach.policy === 'earliest' && place.trimmed;
  }

  #fail(promise: PromiseName, what: string): never {
    throw new Broken(promise, `channel ${this.channel}: ${what}`);
  }
}

/** True where the reset must be repeated after a cut: the history is gone and stays so. */
function isLasting(reason: string): boolean {
  return reason !== 'late' && reason !== 'lag';
}

export function name(place: Place): string {
  const what = place.channel === undefined ? 'origin' : `${place.channel}#${place.token}`;
  return `${what}@${place.id}(${place.seq})${place.lost ? ' (lost)' : ''}`;
}
