/** What the tests of the store suite are written in: their shape, their words and their assertions. */
import assert from 'node:assert/strict';
import {
  type Entry,
  type EpochStart,
  hasCode,
  type NewEntry,
  type Page,
  type Retention,
  type SseErrorCode,
} from '@headwater/core';
import type { StoreRig } from './store-rig.js';

/** What a test cannot do without, and what is said of a store that lacks it. */
export const NEEDS = {
  durable: 'supports.durable is false',
  shared: 'supports.shared is false',
  prev: 'supports.prev is false',
  retentionPerChannel: 'supports.retentionPerChannel is false',
  snapshots: 'supports.snapshots is false',
  items: 'supports.items is false',
  cursors: 'supports.cursors is false',
  clock: 'usesClock is false',
  rollback: 'there is no rollback hook',
} as const;

/** One sentence of the contract, and how it is checked. */
export interface StoreTest {
  readonly name: string;
  readonly needs?: readonly (keyof typeof NEEDS)[];
  /** Bounds that the test relies on; those left out are off. */
  readonly retention?: Partial<Retention>;
  readonly run: (rig: StoreRig) => Promise<void>;
}

export const SECOND = 1_000;
export const MINUTE: number = 60 * SECOND;
export const DAY: number = 24 * 60 * MINUTE;

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function encode(text: string): Uint8Array {
  return encoder.encode(text);
}

export function textOf(entry: Pick<NewEntry, 'body'>): string {
  return decoder.decode(entry.body);
}

export function textsOf(entries: readonly Entry[]): string[] {
  return entries.map(textOf);
}

export function seqsOf(positions: readonly { readonly seq: number }[]): number[] {
  return positions.map(({ seq }) => seq);
}

/** `from`, ..., `to`. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

/** The epoch in force at `seq`: of equal beginnings the last wins. */
export function inForceAt(epochs: readonly EpochStart[], seq: number): string | undefined {
  return epochs.findLast(({ start }) => start <= seq)?.epoch;
}

/** The floor that holds for `channel`: a channel that the page does not name is one that the store does not know. */
export function floorOf(page: Page, channel: string): number {
  return page.floors.get(channel) ?? page.forgotten;
}

/** Passes where `call` fails with that code, and returns the error. A synchronous throw is a matter of the errors group only. */
export async function refuses(code: SseErrorCode, call: () => Promise<unknown>): Promise<Error> {
  try {
    await call();
  } catch (error) {
    assert.ok(hasCode(error, code), `expected ${code}, got ${describe(error)}`);
    return error as Error;
  }
  return assert.fail(`expected ${code}, but the call was answered`);
}

function describe(error: unknown): string {
  return error instanceof Error ? `${(error as { code?: string }).code ?? 'no code'}: ${error.message}` : String(error);
}
