/** Between the server's texts and what the contract speaks of. Pure. */
import type { Entry, EpochStart } from '@headwater/core';

/** `[id, [header, body]]`, as streams and scripts give it. */
export type RawEntry = readonly [Buffer, readonly [Buffer, Buffer]];

/** An epoch as a word among others. Those of hubs are words already. */
export function toWord(epoch: string): string {
  return epoch === '' ? '%' : encodeURIComponent(epoch);
}

export function fromWord(word: Buffer | string): string {
  const text = String(word);
  return text === '%' ? '' : text.includes('%') ? decodeURIComponent(text) : text;
}

const POINTS = '>'.charCodeAt(0);

/** True where the feed does not repeat the body. */
export function isPointer([, [header]]: RawEntry): boolean {
  return header[0] === POINTS;
}

export function seqOf([id]: RawEntry): number {
  return Number.parseInt(id.toString('latin1'), 10);
}

/** The header is `prev time total epoch channel`; only the channel may have spaces. */
export function toEntry(raw: RawEntry): Entry {
  const [header, body] = raw[1];
  const text = header.toString('latin1');
  const prevEnd = text.indexOf(' ');
  const timeEnd = text.indexOf(' ', prevEnd + 1);
  const totalEnd = text.indexOf(' ', timeEnd + 1);
  const epochEnd = text.indexOf(' ', totalEnd + 1);
  const prev = text.slice(0, prevEnd);
  return {
    seq: seqOf(raw),
    epoch: fromWord(text.slice(totalEnd + 1, epochEnd)),
    channel: text.slice(epochEnd + 1),
    prev: prev === '-' ? undefined : Number(prev),
    time: Number(text.slice(prevEnd + 1, timeEnd)),
    body,
  };
}

/** `epoch start epoch start ...` */
export function toEpochs(text: string): EpochStart[] {
  const words = text === '' ? [] : text.split(' ');
  const epochs: EpochStart[] = [];
  for (let i = 0; i < words.length; i += 2)
    epochs.push({ epoch: fromWord(words[i] as string), start: Number(words[i + 1]) });
  return epochs;
}

/** Names and floors, in turns. */
export function toFloors(raw: readonly unknown[], floors: Map<string, number>): void {
  for (let i = 0; i < raw.length; i += 2) floors.set(String(raw[i]), Number(raw[i + 1]));
}
