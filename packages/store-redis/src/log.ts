/** The log's writing side: epochs, the fence, and groups of appends, each one script. */
import { type Appended, type LogState, type NewEntry, type Position, SseError } from '@headwater/core';
import { type AppendCall, type Bounds, fenced, type Outcome } from '@headwater/core/store-kit';
import type { Argument } from './client.js';
import { fromWord, toEpochs, toWord } from './decode.js';
import { APPEND } from './lua/append.js';
import { FENCE, START_EPOCH } from './lua/log.js';
import { Script } from './script.js';
import { type Server, toNumber } from './server.js';

const append = new Script(APPEND);
const startEpoch = new Script(START_EPOCH);
const fence = new Script(FENCE);

/** The feed only points at bodies that are larger: ten thousand of them at most are 40 MiB. */
const LARGEST_IN_FEED = 4_096;

/** Where the log is now, as the fence sees it. */
export interface Standing {
  readonly isValid: boolean;
  readonly head: number;
  /** Up to here some channel has lost entries to retention. */
  readonly trimmed: number;
  /** The epoch in force at the head. */
  readonly epoch: string;
}

export class Log {
  readonly #server: Server;
  readonly #boundsOf: (channel: string) => string;
  readonly #feedLength: string;
  readonly #keyTtlMs: string;

  constructor(server: Server, boundsOf: (channel: string) => string, feedLength: number, keyTtlMs: number) {
    this.#server = server;
    this.#boundsOf = boundsOf;
    this.#feedLength = String(feedLength);
    this.#keyTtlMs = String(keyTtlMs);
  }

  async startEpoch(epoch: string): Promise<LogState> {
    const { log, feed } = this.#server.keys;
    const [head, text] = (await this.#server.run(startEpoch, [log, feed], [toWord(epoch)])) as [number, Buffer];
    if (head >= 0) return { head, epochs: toEpochs(String(text)) };
    throw new SseError(
      'ERR_SSE_STORE',
      `Cannot start an epoch: the log is in layout ${String(text) || 'unknown'}, which this version does not know. Use the version that wrote it, or another name`,
    );
  }

  async state(): Promise<LogState> {
    const [head, text] = (await this.#server.send(['HMGET', this.#server.keys.log, 'head', 'epochs'])) as Buffer[];
    return head ? { head: Number(String(head)), epochs: toEpochs(String(text ?? '')) } : { head: 0, epochs: [] };
  }

  /** Whether `at` is part of the log. */
  async fence({ epoch, seq }: Position): Promise<Standing> {
    const answer = await this.#server.run(fence, [this.#server.keys.log], [toWord(epoch), String(seq)]);
    const [isValid, head, trimmed, current] = answer as [number, number, number, Buffer];
    return { isValid: isValid === 1, head, trimmed, epoch: fromWord(current) };
  }

  /** Many appends in one transaction, each of them all or nothing. */
  async commit(calls: readonly AppendCall[]): Promise<readonly Outcome[]> {
    const { keys, args } = this.#encode(calls);
    const [epoch, head, ...results] = (await this.#server.run(append, keys, args)) as [Buffer, number, ...Result[]];
    const current = fromWord(epoch);
    return calls.map((call, i) => toOutcome(call, results[i] as Result, current, head));
  }

  /** As the script's ARGV and KEYS say it. */
  #encode(calls: readonly AppendCall[]): { keys: string[]; args: Argument[] } {
    const { keys: names } = this.#server;
    const channels = new Map<string, string>();
    const keys = [names.log, names.feed];
    const args: Argument[] = [this.#feedLength, String(LARGEST_IN_FEED), this.#keyTtlMs, ''];
    for (const { entries } of calls) {
      for (const { channel } of entries) {
        if (channels.has(channel)) continue;
        channels.set(channel, String(channels.size + 1));
        keys.push(names.stream(channel));
        args.push(this.#boundsOf(channel));
      }
    }
    args[3] = String(channels.size);
    for (const { entries, at } of calls) {
      args.push(toWord(at.epoch), String(at.seq), '');
      const begin = args.length;
      for (const entry of entries) this.#encodeEntry(entry, channels.get(entry.channel) as string, keys, args);
      args[begin - 1] = String(args.length - begin);
    }
    return { keys, args };
  }

  #encodeEntry({ channel, time, body, key, item }: NewEntry, index: string, keys: string[], args: Argument[]): void {
    const change = item ? (item.json === undefined ? 'd' : 's') : '';
    args.push(index, String(time), toBuffer(body), `${key === undefined ? '' : 'k'}${change}`);
    // Lua counts from 1, so the length is the index of what was pushed last.
    if (key !== undefined) args.push(String(keys.push(this.#server.keys.idempotency(channel, key))));
    if (!item) return;
    args.push(String(keys.push(this.#server.keys.items(channel))), item.id);
    if (item.json !== undefined) args.push(item.json);
  }
}

/** What the script says of a call: refused, the first of consecutive seqs, or seqs and the positions of duplicates. */
type Result = number | readonly (number | readonly [number, Buffer])[];

function toOutcome({ entries, at }: AppendCall, result: Result, epoch: string, head: number): Outcome {
  if (result === -1) return fenced('append', at, head);
  if (typeof result === 'number') return entries.map((_, i) => ({ epoch, seq: result + i, duplicate: false }));
  return result.map(
    (one): Appended =>
      typeof one === 'number'
        ? { epoch, seq: one, duplicate: false }
        : { epoch: fromWord(one[1]), seq: one[0], duplicate: true },
  );
}

function toBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** The bounds of a channel as its record has them. */
export function formatBounds({ count, ageMs, bytes }: Bounds): string {
  return `${toNumber(count)} ${toNumber(ageMs)} ${toNumber(bytes)}`;
}
