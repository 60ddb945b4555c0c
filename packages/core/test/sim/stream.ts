/** Stream: one connection of a client, and what the server let its observers know about it. */
import type { FakeTransport } from '@headwater/testing';
import type { Connection } from '../../src/connection.js';
import type { Policy, ResetReason } from '../../src/reset.js';
import type { Process } from './process.js';
import type { Place } from './truth.js';

/** What an observer was told, before event number `at` of the stream was written, and how the log stood at that moment. */
export interface Note {
  /** Among the notes of the stream. */
  readonly no: number;
  readonly at: number;
  readonly said: Opened | Reset;
  /** The end of the last started flush. */
  readonly to: number;
  readonly floors: ReadonlyMap<string, number>;
  /** How many places there had been. */
  readonly made: number;
}

export interface Opened {
  readonly resume: string;
  readonly id: string;
}

export interface Reset {
  readonly reason: ResetReason;
  readonly channels: readonly string[];
  readonly policies: readonly Policy[];
}

export class Stream {
  readonly process: Process;
  readonly transport: FakeTransport;
  readonly connection: Connection;
  /** The client came with an id, in the header or as `from`. */
  readonly hadId: boolean;
  readonly notes: Note[] = [];
  /** How many notes there have been. */
  noted = 0;
  /** Unsubscribed channels, with the number of the first event that may not be theirs. */
  readonly left = new Map<string, number>();
  /** The first frame has been written: the set of channels is fixed. */
  isOpened = false;
  hasUnsubscribed = false;
  isPaused = false;
  wasPaused = false;
  /** The process has seen a rollback. */
  sawLoss = false;
  /** The process has seen a rollback since the last reset: the place may be a lost one. */
  mayBeLost = false;
  /** Subscribe calls without an answer. */
  asked = 0;
  /** Events that the client has taken. */
  taken = 0;
  /** The newest entry that came. */
  newest: Place | undefined;
  /** Between a reset and its completion. */
  inRepair = false;
  wasReset = false;
  /** The repair is history alone: its frames have their ids. */
  keepsIds = false;
  #counted = 0;
  #written = 0;

  constructor(process: Process, transport: FakeTransport, connection: Connection, hadId: boolean) {
    this.process = process;
    this.transport = transport;
    this.connection = connection;
    this.hadId = hadId;
  }

  /** Events that the server has written, whether or not they have left. */
  get written(): number {
    const { batches } = this.transport;
    for (; this.#counted < batches.length; this.#counted++) {
      const bytes = Buffer.from((batches[this.#counted] as { plain: Uint8Array }).plain);
      for (let at = bytes.indexOf('\n\n'); at >= 0; at = bytes.indexOf('\n\n', at + 2)) this.#written++;
    }
    return this.#written;
  }

  /** Takes the notes up to the first one that `test` accepts, and returns that one. */
  takeNote(test: (note: Note) => boolean): Note | undefined {
    const index = this.notes.findIndex(test);
    return index < 0 ? undefined : this.notes.splice(0, index + 1).at(-1);
  }

  /** Where a channel that joins now begins. */
  get place(): number {
    const { flusher, log } = this.process.core;
    return this.mayBeLost ? flusher.to : log.head - this.connection.lag;
  }

  get isOver(): boolean {
    return !this.transport.isAlive;
  }

  pause(): void {
    this.isPaused = true;
    this.wasPaused = true;
    this.transport.pause();
  }

  drain(): void {
    this.isPaused = false;
    this.transport.drain();
  }
}
