/** The log's writing side: epochs, and groups of appends, each one statement. */
import { type Appended, type LogState, type NewEntry, newEpoch } from '@headwater/core';
import { type AppendCall, fenced, type Outcome } from '@headwater/core/store-kit';
import type { ChannelBounds } from './bounds.js';
import { packBodies, toBytes, toEpochs } from './decode.js';
import type { Server } from './server.js';
import type { Standing } from './standing.js';
import type { Statement } from './statement.js';

export class Log {
  readonly #server: Server;
  readonly #bounds: ChannelBounds;
  readonly #standing: Standing;
  readonly #keyTtlMs: number;
  readonly #startEpoch: Statement;
  readonly #state: Statement;
  readonly #append: Statement;

  constructor(server: Server, bounds: ChannelBounds, standing: Standing, keyTtlMs: number) {
    this.#server = server;
    this.#bounds = bounds;
    this.#standing = standing;
    this.#keyTtlMs = keyTtlMs;
    this.#startEpoch = server.prepare('select server, head, epochs from {schema}.start_epoch($1, $2)');
    this.#state = server.prepare('select head, epochs from {schema}.state($1)');
    this.#append = server.prepare(
      `select server, head, epoch, accepted, seqs, known from {schema}.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11,
        $12, $13, $14, $15, $16, $17, $18, $19, $20)`,
    );
  }

  async startEpoch(epoch: string): Promise<LogState> {
    const [row] = await this.#server.run(this.#startEpoch, epoch);
    const [server, head, list] = row as unknown as [string, number, unknown];
    const epochs = toEpochs(list);
    this.#standing.begin(server, { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? epoch, seq: head });
    return { head, epochs };
  }

  async state(): Promise<LogState> {
    const [row] = await this.#server.run(this.#state);
    return { head: (row?.[0] as number | null | undefined) ?? 0, epochs: toEpochs(row?.[1] ?? null) };
  }

  /** Many appends in one transaction, each of them all or nothing. */
  async commit(calls: readonly AppendCall[]): Promise<readonly Outcome[]> {
    const places = new Places(calls);
    const entries = calls.flatMap((call) => call.entries);
    const channels = new Map<string, number>();
    // SQL counts from 1.
    for (const { channel } of entries) if (!channels.has(channel)) channels.set(channel, channels.size + 1);
    const { bodies, starts, lengths } = packBodies(entries);
    const [row] = await this.#server.run(
      this.#append,
      this.#server.now,
      this.#standing.server,
      newEpoch(),
      this.#keyTtlMs,
      places.epochs,
      places.seqs,
      ...this.#bounds.columns([...channels.keys()]),
      calls.flatMap((call, i) => call.entries.map(() => places.of[i])),
      entries.map(({ channel }) => channels.get(channel)),
      entries.map(({ time }) => time),
      starts,
      lengths,
      bodies,
      column(entries, ({ key }) => toBytes(key)),
      column(entries, ({ item }) => toBytes(item?.id)),
      column(entries, ({ item }) => toBytes(item?.json)),
    );
    const [server, head, epoch, accepted, seqs, known] = row as unknown as Answer;
    this.#standing.server = server;
    let next = 0;
    return calls.map((call, i): Outcome => {
      if (!accepted[(places.of[i] as number) - 1]) return fenced('append', call.at, head);
      const appended = call.entries.map((_, n): Appended => {
        const first = known?.[next + n] ?? null;
        return { epoch: first ?? epoch, seq: (seqs as number[])[next + n] as number, duplicate: first !== null };
      });
      next += call.entries.length;
      const last = appended.at(-1);
      if (last && !last.duplicate) this.#standing.reach(last);
      return appended;
    });
  }
}

/** What `append` says: of each place whether it is part of the log, of each accepted entry where it is, and whether it was before. */
type Answer = [
  server: string,
  head: number,
  epoch: string,
  accepted: readonly boolean[],
  seqs: readonly number[] | null,
  known: readonly (string | null)[] | null,
];

/** The positions that calls carry: nearly always it is one, and so it is judged once. */
class Places {
  readonly epochs: string[] = [];
  readonly seqs: number[] = [];
  /** For each call the number of its position, from 1. */
  readonly of: readonly number[];

  constructor(calls: readonly AppendCall[]) {
    this.of = calls.map(({ at }) => {
      const known = this.seqs.findLastIndex((seq, i) => seq === at.seq && this.epochs[i] === at.epoch);
      if (known >= 0) return known + 1;
      this.epochs.push(at.epoch);
      return this.seqs.push(at.seq);
    });
  }
}

/** Null where no entry has any: nearly always. */
function column(
  entries: readonly NewEntry[],
  pick: (entry: NewEntry) => Buffer | null,
): readonly (Buffer | null)[] | null {
  const values = entries.map(pick);
  return values.some((value) => value !== null) ? values : null;
}
