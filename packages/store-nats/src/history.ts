/**
 * History: pages of the log. Which entries they have the journal knows; only the messages that hold these are read.
 * Invariant: what a page lacks was trimmed, and the page's floors, which are taken with its entries, say so.
 */
import { type Entry, type Page, SseError } from '@headwater/core';
import type { Selection } from './journal.js';
import type { Session } from './session.js';

/** A log whose front is purged by others each time that it is read. */
const TRIES = 3;

/** See `Store.read`. The journal must be up to date. */
export async function readPage(
  session: Session,
  after: number,
  channels: readonly string[] | undefined,
  limit: number,
  maxBytes: number,
): Promise<Page> {
  for (let tries = 0; tries < TRIES; tries++) {
    const { seqs, upTo, floors, forgotten } = session.journal.select(after, channels, limit, maxBytes);
    const entries = await entriesOf(session, seqs);
    if (entries) return { entries, upTo, floors, forgotten };
    // Some were purged meanwhile: the journal learns up to where.
    await session.sync();
  }
  throw new SseError('ERR_SSE_STORE', 'Cannot read: messages of the log are missing in the middle of its stream', {
    statusCode: 503,
  });
}

/** The entries with these seqs; undefined where some are not there any more. */
async function entriesOf(session: Session, seqs: Selection['seqs']): Promise<readonly Entry[] | undefined> {
  const positions = new Set<number>();
  for (const seq of seqs) {
    const position = session.journal.records.positionOf(seq);
    if (position === undefined) return undefined;
    positions.add(position);
  }
  const found = await session.fetch([...positions]);
  const wanted = new Set(seqs);
  const entries: Entry[] = [];
  for (const position of positions) {
    for (const entry of found.get(position) ?? []) if (wanted.has(entry.seq)) entries.push(entry);
  }
  return entries.length === seqs.length ? entries : undefined;
}
