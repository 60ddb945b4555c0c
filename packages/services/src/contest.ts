/** Contest: three processes with wrong clocks publish to one log at once, and must all have seen the same log. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { newEpoch, type Store } from '@headwater/core';

const HOUR = 3_600_000;
const SKEWS = { x: 0, y: 10 * HOUR, z: -10 * HOUR };
const PATIENCE_MS = 25_000;

export interface ContestOptions {
  /** The program of a contestant, which calls `contend`. */
  readonly script: string;
  readonly url: string;
  readonly log: string;
  /** Entries that each process publishes as its own, and once more under keys that all of them use. */
  readonly own: number;
  /** What the contestants publish beside it, all together. Default 0. */
  readonly more?: number;
}

interface Seen {
  readonly seen: readonly (readonly [seq: number, prev: number | undefined, text: string])[];
  readonly written: number;
}

/** Resolves to the texts of the log. Rejects where the processes have seen different ones, or none that is dense, complete and in order. */
export async function contest({ script, url, log, own, more = 0 }: ContestOptions): Promise<string[]> {
  const total = 3 * own + own + more;
  const run = async ([name, skewMs]: [string, number]): Promise<Seen> => {
    const args = [script, url, log, name, `${own}`, `${total}`, `${skewMs}`];
    const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'test' };
    const limits = { maxBuffer: 2 ** 26, timeout: PATIENCE_MS };
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, ...limits });
    return JSON.parse(stdout) as Seen;
  };
  const all = await Promise.all(Object.entries(SKEWS).map(run));
  const [{ seen }] = all as [Seen];
  for (const other of all) assert.deepEqual(other.seen, seen);
  const seqs = seen.map(([seq]) => seq);
  const places = Array.from({ length: total }, (_, i) => i + 1);
  assert.deepEqual(seqs, places);
  const written = all.reduce((sum, one) => sum + one.written, 0);
  assert.equal(written, 4 * own, 'a key is used by one of the processes');
  const texts = seen.map(([, , text]) => text);
  for (const name of Object.keys(SKEWS)) {
    const published = Array.from({ length: own }, (_, i) => `${name} ${i}`);
    const theirs = texts.filter((text) => text.startsWith(name));
    assert.deepEqual(theirs, published);
  }
  return texts;
}

/** What a contestant is told. */
export interface Contestant {
  readonly url: string;
  readonly log: string;
  readonly name: string;
  readonly own: number;
  readonly total: number;
}

/** Reads the command line. From here on this process's clock is wrong by as much as it says. */
export function contestant(): Contestant {
  const [url = '', log = '', name = '', own = '', total = '', skew = ''] = process.argv.slice(2);
  const now = Date.now;
  Date.now = () => now() + Number(skew);
  return { url, log, name, own: Number(own), total: Number(total) };
}

/** Publishes, follows the log until everybody's entries are there, and prints what it has seen. `beside`: what it does meanwhile. */
export async function contend(
  store: Store,
  { name, own, total }: Contestant,
  beside: () => Promise<void> = async () => {},
): Promise<void> {
  const { head, epochs } = await store.startEpoch(newEpoch());
  const at = { epoch: epochs.findLast(({ start }) => start <= head)?.epoch ?? '', seq: head };
  const seen: [seq: number, prev: number | undefined, text: string][] = [];
  const done = new Promise<void>((resolve, reject) => {
    const entries: Parameters<Store['tail']>[1]['entries'] = (list) => {
      for (const { seq, prev, body } of list) seen.push([seq, prev, Buffer.from(body).toString()]);
      if (seen.length >= total) resolve();
    };
    store.tail({ epoch: epochs[0]?.epoch ?? '', seq: 0 }, { entries, lost: reject }).catch(reject);
  });
  const appends = Array.from({ length: own }, (_, i) =>
    store.append(
      [
        { channel: 'all', body: Buffer.from(`${name} ${i}`), time: Date.now() },
        { channel: 'once', body: Buffer.from(`${i}`), time: Date.now(), key: `${i}` },
      ],
      at,
    ),
  );
  const [answers] = await Promise.all([Promise.all(appends), beside(), done]);
  const written = answers.flat().filter(({ duplicate }) => !duplicate).length;
  process.stdout.write(JSON.stringify({ seen, written }));
  await store.close();
}
