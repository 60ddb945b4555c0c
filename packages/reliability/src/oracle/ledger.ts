/**
 * Ledger: what was published, and under which id it was acknowledged. One ledger per trial.
 * Invariant: a message's number is unique, and its data begins with it, so that whoever receives data knows which message it is.
 */
import { createHash } from 'node:crypto';
import { parseEventId } from '@headwater/core';

/** One message on its way: it is handed to a publisher, and may or may not arrive. */
export interface Letter {
  readonly n: number;
  readonly channel: string;
  readonly data: string;
}

/** What the ledger keeps of a letter. */
export interface Sent {
  readonly n: number;
  readonly channel: string;
  readonly digest: string;
  /** Undefined while, or because, nobody knows whether it was stored. */
  id: string | undefined;
}

/** Pieces that break a careless encoder: line ends, field names, what takes several bytes. */
const PIECES = ['plain ', 'größer ', '\n', '\n\n', 'data: ', 'id: 7\n', '💧', ': ', '"}]', 'x'.repeat(40)];

export class Ledger {
  readonly #sent: Sent[] = [];
  #acknowledged = 0;

  /** Writes the next letter. `pieces`: most of the pieces that follow its number. */
  write(channel: string, random: () => number, pieces = 6): Letter {
    const n = this.#sent.length;
    const chosen = Array.from({ length: Math.floor(random() * (pieces + 1)) }, () => pick(PIECES, random));
    const data = `${n} ${chosen.join('')}`;
    this.#sent.push({ n, channel, digest: digestOf(data), id: undefined });
    return { n, channel, data };
  }

  /** @throws Error where the letter was acknowledged under another id before: one message, one place. */
  acknowledge(n: number, id: string): void {
    const sent = this.sent(n);
    if (!sent) throw new Error(`Nobody has sent letter ${n}`);
    if (sent.id !== undefined && sent.id !== id)
      throw new Error(`Letter ${n} was acknowledged as ${sent.id} and as ${id}`);
    if (sent.id === undefined) this.#acknowledged++;
    sent.id = id;
  }

  sent(n: number): Sent | undefined {
    return this.#sent[n];
  }

  get written(): number {
    return this.#sent.length;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** What was acknowledged in these channels, in the order of the log. */
  inOrder(channels: ReadonlySet<string>): Sent[] {
    return this.#sent
      .filter(({ id, channel }) => id !== undefined && channels.has(channel))
      .sort((a, b) => seqOf(a.id as string) - seqOf(b.id as string));
  }

  /** The newest acknowledged place of these channels, 0 for none. */
  headOf(channels: ReadonlySet<string>): number {
    let head = 0;
    for (const { id, channel } of this.#sent) if (id && channels.has(channel)) head = Math.max(head, seqOf(id));
    return head;
  }
}

export function digestOf(data: string): string {
  return createHash('sha1').update(data).digest('base64');
}

/** The place that an id names. @throws Error for anything else. */
export function seqOf(id: string): number {
  const position = parseEventId(id);
  if (!position) throw new Error(`Not an EventId: ${JSON.stringify(id)}`);
  return position.seq;
}

function pick<T>(list: readonly T[], random: () => number): T {
  return list[Math.floor(random() * list.length)] as T;
}
