/**
 * Mutants: bugs to be planted, one for each rule of the design without which a promise breaks, and one for each bug that the
 * simulation has found. A rule that no mutant stands for is a rule that nobody would miss.
 */
import type { Edit } from './copy.js';
import type { Guide, Weights } from './plan.js';
import type { StoreBugs } from './shared-log.js';

export interface Mutant {
  /** The rule that is left out. */
  readonly rule: string;
  readonly edits?: readonly Edit[];
  /** For rules that a store keeps inside one transaction. */
  readonly store?: StoreBugs;
  /** What happens more often than usual. */
  readonly guide?: Guide;
  /** One that shows the breach, to be tried first where the search is a long one. */
  readonly seed?: number;
}

const edit = (file: string, find: string, replace: string): Edit => ({ file, find, replace });

/** Nothing fails: what matters happens between the clients and one process. */
const CALM: Weights = {
  rollback: 0,
  wipe: 0,
  restart: 0,
  loseTail: 0,
  skipEntry: 0,
  stall: 0,
  corrupt: 0,
  closeByServer: 0,
  sweep: 0,
  subscribe: 0,
  unsubscribe: 0,
};

const ABCD = ['a', 'b', 'c', 'd'];

const STORE: readonly Mutant[] = [
  {
    rule: "an epoch's beginning is written in one transaction with the log",
    // As if another process had appended between the reading of the head and the writing of the beginning.
    edits: [
      edit(
        'memory/log.ts',
        'this.#epochs.start(epoch, this.#head,',
        'this.#epochs.start(epoch, this.#head - (this.#head % 2),',
      ),
    ],
  },
  {
    rule: 'append is fenced',
    edits: [edit('memory/log.ts', "this.#epochs.fence('append', at, this.#head);", '')],
    guide: { weights: { rollback: 4 } },
  },
  {
    rule: 'tail is fenced',
    seed: 1333,
    edits: [edit('memory/log.ts', "this.#epochs.fence('tail', from, this.#head);", '')],
    // The log must go back while a process asks for its tail, and grow again before that looks at the head.
    guide: {
      weights: {
        ...CALM,
        pause: 0,
        send: 0,
        saveSnapshot: 0,
        saveGuessed: 0,
        rollback: 6,
        loseTail: 12,
        publish: 40,
        pass: 1,
        passLong: 0,
      },
    },
  },
  {
    rule: 'floors are read in the transaction of the entries',
    store: { floorsApart: true },
    guide: { weights: { sweep: 6 } },
  },
  {
    rule: "a saved snapshot's place is valid when it is saved",
    edits: [edit('memory/log.ts', '!this.#epochs.isValid(at, this.#head) || at.seq < floor', 'at.seq < floor')],
    guide: { weights: { saveSnapshot: 4, saveGuessed: 6 } },
  },
  {
    rule: "a saved snapshot's place is valid when it is used",
    edits: [
      edit('memory/log.ts', 'return this.#epochs.isValid(kept.at, this.#head) ? kept : undefined;', 'return kept;'),
      edit('memory/log.ts', 'this.#snapshots.rollback(toSeq);', ''),
      edit('snapshots.ts', '|| (await this.#log.locate(stored.at))', ''),
    ],
    guide: { weights: { saveSnapshot: 8, rollback: 4 } },
  },
  {
    rule: "a saved snapshot below its channel's floor is not used",
    edits: [
      edit('memory/log.ts', '!kept || kept.at.seq < this.#channels.floorOf(channel)', '!kept'),
      edit('snapshots.ts', '!stored || stored.at.seq < floor', '!stored'),
    ],
    guide: { weights: { saveSnapshot: 8, sweep: 4 } },
  },
];

const LOG: readonly Mutant[] = [
  {
    rule: 'an id has the epoch in force at its seq',
    edits: [edit('log.ts', "this.epochs.at(seq) ?? '0'", "this.epochs.at(Number.POSITIVE_INFINITY) ?? '0'")],
  },
  {
    rule: "attach waits until the tail has reached the client's place",
    edits: [
      edit(
        'log.ts',
        'if (position.seq > this.head) await this.reached(position.seq);',
        'if (position.seq > this.head) return undefined;',
      ),
    ],
    guide: { weights: { cut: 10, connect: 14 } },
  },
  {
    rule: 'the ring evicts only up to the last flush',
    edits: [edit('flush.ts', 'this.#ring().evict(this.#to);', 'this.#ring().evict(this.#ring().head);')],
  },
  {
    rule: 'the ring knows what was trimmed before it was warmed',
    edits: [
      edit(
        'ring.ts',
        'return seq >= this.#base && (this.#floors.get(channel) ?? this.#floorElse) <= seq;',
        'return seq >= this.#base;',
      ),
    ],
    guide: { weights: { restart: 3, sweep: 4 } },
  },
];

const FLUSH: readonly Mutant[] = [
  {
    rule: 'a frozen recipient is served only if it was live without interruption',
    seed: 458,
    edits: [edit('flush.ts', 'cursor.liveSince < no && cursor.set === current.set', 'cursor.set === current.set')],
    guide: {
      weights: { ...CALM, cut: 0, pause: 8, drain: 10, send: 24, publish: 16, turn: 40 },
      sizes: { channels: ['a'], clients: 12, slowMs: 12 },
    },
  },
  {
    rule: 'the place of who has not had the running flush is its beginning',
    seed: 477,
    edits: [edit('flush.ts', 'return waits ? this.#from : this.#to;', 'return this.#to;')],
  },
  {
    rule: 'catch-up ends at the last started flush',
    edits: [
      edit(
        'cursor.ts',
        'const target = this.#repair ? this.#repair.x : flusher.to;',
        'const target = this.#repair ? this.#repair.x : this.#hub.log.head;',
      ),
    ],
  },
  {
    rule: 'a page counts only for channels whose floor is not above their place',
    edits: [edit('cursor.ts', "if (trimmed.length > 0) return this.#reset(trimmed, 'trimmed', stretch.floorOf);", '')],
    guide: { weights: { sweep: 4 } },
  },
];

const CURSOR: readonly Mutant[] = [
  {
    rule: "a control frame's id is the connection's own place",
    edits: [
      edit('cursor.ts', 'return this.#hub.log.idAt(this.position);', 'return this.#hub.log.idAt(this.#hub.log.head);'),
    ],
  },
  {
    rule: 'a control frame has no id during a repair',
    edits: [edit('cursor.ts', "!this.#opened || this.#repair || this.#phase === 'moving'", '!this.#opened')],
  },
  {
    rule: 'a later channel of a client that came with an id is reset',
    edits: [edit('cursor.ts', 'if (this.#hadId || this.#unsubscribed)', 'if (this.#unsubscribed)')],
    guide: { weights: { subscribe: 6 } },
  },
  {
    rule: 'a later channel of a connection that unsubscribed is reset',
    edits: [edit('cursor.ts', 'if (this.#hadId || this.#unsubscribed)', 'if (this.#hadId)')],
    guide: { weights: { subscribe: 6, unsubscribe: 6 } },
  },
  {
    rule: 'subscribes before the first frame form one set',
    edits: [
      edit('cursor.ts', 'if (!this.#opened) this.#attachSoon();', "if (this.#phase === 'new') this.#attachSoon();"),
    ],
    guide: { weights: { subscribe: 6 } },
  },
  {
    rule: 'a rollback resets who stands at a lost place',
    edits: [edit('cursor.ts', 'if (isLost(this.seq) || this.#repair', 'if (this.#repair')],
    guide: { weights: { rollback: 4 } },
  },
  {
    rule: 'a rollback resets who is in repair',
    seed: 122,
    edits: [
      edit('cursor.ts', "if (isLost(this.seq) || this.#repair || this.#phase === 'moving')", 'if (isLost(this.seq))'),
    ],
    guide: { weights: { rollback: 4 } },
  },
  {
    rule: 'a rollback resets who is catching up too',
    edits: [
      edit(
        'hub-core.ts',
        'this.#moveTo(this.log.head);\n        for (const cursor of [...this.cursors]) cursor.rolledBack(before);',
        'const live = [...this.cursors].filter((cursor) => cursor.isLive);\n        this.#moveTo(this.log.head);\n        for (const cursor of live) cursor.rolledBack(before);',
      ),
    ],
    guide: { weights: { rollback: 4 } },
  },
  {
    rule: 'a rollback clears the ring',
    edits: [edit('log.ts', 'this.ring.clear(state.head);\n    this.#observers', 'this.#observers')],
    guide: { weights: { rollback: 4 } },
  },
  {
    rule: 'a rollback clears the pages',
    seed: 1137,
    edits: [edit('hub-core.ts', 'this.replay.clear();', '')],
    guide: { weights: { rollback: 4 } },
  },
  {
    rule: 'a rollback clears the shared calls for snapshots',
    seed: 124,
    edits: [edit('hub-core.ts', 'this.snapshots.clear();', '')],
    guide: { weights: { rollback: 4 } },
  },
];

const RESET: readonly Mutant[] = [
  {
    rule: "X is not below the connection's own place",
    seed: 1089,
    edits: [
      edit(
        'reset.ts',
        'Math.max(own, ...starts.map((start) => start.seq))',
        'Math.max(...starts.map((start) => start.seq))',
      ),
    ],
    guide: { weights: { subscribe: 6, sweep: 4 } },
  },
  {
    rule: 'X is the highest start',
    seed: 171,
    edits: [
      edit(
        'reset.ts',
        'Math.max(own, ...starts.map((start) => start.seq))',
        'Math.max(own, Math.min(...starts.map((start) => start.seq)))',
      ),
    ],
  },
  {
    rule: 'what comes before X has no id',
    edits: [edit('cursor.ts', 'const anonymous = this.#repair && !this.#repair.keepIds;', 'const anonymous = false;')],
  },
  {
    rule: 'a reset that interrupts a repair includes what is not yet repaired',
    seed: 641,
    edits: [edit('cursor.ts', 'new Set([...channels, ...this.#unrepaired()])', 'new Set([...channels])')],
    guide: { weights: { subscribe: 6, sweep: 4 } },
  },
  {
    rule: 'a reset that interrupts a repair with ids leaves out what is repaired',
    seed: 1386,
    edits: [edit('cursor.ts', 'channels.has(channel) && start > this.seq', 'channels.has(channel)')],
    guide: {
      weights: { ...CALM, saveSnapshot: 0, saveGuessed: 0, cut: 20, connect: 30, publish: 40 },
      sizes: { channels: ABCD, provided: [] },
    },
  },
  {
    rule: "who joins a snapshot's call takes its place",
    seed: 725,
    edits: [
      edit(
        'snapshots.ts',
        'return shared.result;',
        'return shared.result.then((snapshot) => snapshot && { ...snapshot, seq: this.#log.head });',
      ),
    ],
  },
  {
    rule: "a snapshot's place is fixed before the call",
    seed: 789,
    edits: [
      edit(
        'snapshots.ts',
        'return data === undefined ? undefined : { seq, json',
        'return data === undefined ? undefined : { seq: this.#log.head, json',
      ),
    ],
  },
];

const FOUND: readonly Mutant[] = [
  {
    rule: 'a shared page is of the channels that it is asked for',
    edits: [edit('replay.ts', 'channels.toSorted().join()', 'channels.length')],
  },
  {
    rule: 'a page that brings nothing is not asked for again at once',
    seed: 1515,
    edits: [edit('replay.ts', 'await this.#pause();\n    }\n  }', '}\n  }')],
  },
  {
    rule: 'a lost place stays lost when another reset interrupts its repair',
    seed: 366,
    edits: [edit('cursor.ts', '|| (this.#repair?.isLost === true && !this.#repair.keepIds)', '')],
    guide: {
      weights: { ...CALM, rollback: 5, subscribe: 10, unsubscribe: 6, cut: 6 },
      sizes: { channels: ABCD, provided: ABCD, providerLag: 0.9 },
    },
  },
  {
    rule: 'a channel that joins while the place is lost begins at the present',
    seed: 894,
    edits: [edit('cursor.ts', 'isLost ? this.#hub.flusher.to : this.position', 'this.position')],
    guide: { weights: { rollback: 4, subscribe: 6 } },
  },
  {
    rule: 'every tail has its head checks',
    edits: [edit('log.ts', 'this.#scheduleCheck();\n    if (early', 'if (early')],
  },
  {
    rule: 'who judges an id looks first whether its own place is lost',
    seed: 428,
    edits: [
      edit('log.ts', 'if (known.problem(here, state.head)) {', 'if (false) {'),
      // The same rule once more, for a tail that has moved while the state was read.
      edit('log.ts', 'if (fits) this.epochs = learnt;', 'this.epochs = learnt;'),
      edit('log.ts', '    return fits;', '    return true;'),
    ],
    guide: { weights: { ...CALM, wipe: 3, connect: 30, cut: 20, publish: 3, pass: 1, passLong: 0, turn: 8 } },
  },
  {
    rule: 'a tail that starts again at the head looks first whether its place is lost',
    seed: 1220,
    edits: [edit('log.ts', 'if (isLost && this.#everConnected)', 'if (false)')],
    guide: { weights: { ...CALM, rollback: 6, loseTail: 8, stall: 4, publish: 30, sweep: 3 } },
  },
  {
    rule: 'a subscribe is answered when its channel has been left meanwhile',
    seed: 153,
    edits: [
      edit('cursor.ts', "this.#waiting.settle('resumed', this.channels);\n    this.#follow();", 'this.#follow();'),
    ],
    guide: { weights: { subscribe: 6, unsubscribe: 6 } },
  },
  {
    rule: 'a page needs nothing of a channel that begins after it',
    seed: 1557,
    edits: [edit('cursor.ts', '.filter((channel) => (this.#following.get(channel)?.start ?? 0) < end)', '')],
    guide: { weights: { stall: 3, sweep: 4 } },
  },
  {
    rule: "a provider's state from below the channel's floor is not shared",
    seed: 660,
    edits: [edit('snapshots.ts', 'shared && shared.seq >= floor &&', 'shared &&')],
    guide: { weights: { sweep: 4 } },
  },
];

export const MUTANTS: readonly Mutant[] = [...STORE, ...LOG, ...FLUSH, ...CURSOR, ...RESET, ...FOUND];
