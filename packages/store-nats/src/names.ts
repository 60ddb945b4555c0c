/**
 * The names of a log's streams and subjects. Pure.
 * Invariant: no two logs, channels or cursors share one, and a subject has exactly the tokens that are written here.
 */
export class Names {
  /** The stream of records. */
  readonly log: string;
  /** The one subject of all records: the stream's sequence is the order of the log. */
  readonly logSubject: string;
  /** The stream of snapshots and cursors, of which it keeps the last message of each subject. */
  readonly kept: string;
  readonly keptSubjects: string;
  readonly #prefix: string;

  constructor(name: string) {
    this.log = `HW_LOG_${name}`;
    this.logSubject = `hw.${name}.log`;
    this.kept = `HW_KEPT_${name}`;
    this.#prefix = `hw.${name}.kept`;
    this.keptSubjects = `${this.#prefix}.>`;
  }

  snapshot(channel: string): string {
    return `${this.#prefix}.snapshot.${toToken(channel)}`;
  }

  cursor(key: string): string {
    return `${this.#prefix}.cursor.${toToken(key)}`;
  }
}

/** Any text as one token of a subject: what is neither letter, digit, `-` nor `_` is `=` and two hexadecimal digits for each byte. */
export function toToken(text: string): string {
  return text === ''
    ? '='
    : text.replace(/[^A-Za-z0-9_-]+/g, (part) =>
        Array.from(Buffer.from(part), (byte) => `=${byte.toString(16).padStart(2, '0')}`).join(''),
      );
}
