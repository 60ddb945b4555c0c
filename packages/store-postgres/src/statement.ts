/**
 * Statements: SQL that is prepared once on each connection, and rows as JavaScript has them, whatever an application has set for
 * its own queries.
 */
import { createHash } from 'node:crypto';
import type { QueryArrayConfig } from 'pg';
import { quoteName } from './schema/index.js';

/** What PostgreSQL's values become: int8 and float8 numbers, json what it says, anything else its text. */
export type Row = readonly (number | string | boolean | null | undefined | readonly unknown[])[];

/** Something that runs a statement: a connection, or a pool of them. */
export type Run = (statement: Statement, values: readonly unknown[]) => Promise<readonly Row[]>;

export class Statement {
  readonly text: string;
  readonly #name: string | undefined;

  /**
   * `{schema}` in `text` stands for the schema's name. With `isPlannedAnew` it is not prepared: for what is asked seldom, and of
   * tables that may have been empty the last time.
   */
  constructor(schema: string, text: string, isPlannedAnew: boolean = false) {
    this.text = text.replaceAll('{schema}', quoteName(schema));
    const hash = createHash('sha256').update(this.text).digest('hex');
    this.#name = isPlannedAnew ? undefined : `headwater_${hash.slice(0, 16)}`;
  }

  /** As `pg` takes it. */
  with(values: readonly unknown[], timeoutMs: number): QueryArrayConfig {
    const config = { text: this.text, name: this.#name, values: [...values], rowMode: 'array' as const, types: TYPES };
    // What it says of the type is missing from the declarations, not from `pg`.
    return { ...config, query_timeout: timeoutMs } as QueryArrayConfig;
  }
}

const BOOL = 16;
const NUMBERS = [20, 21, 23, 701];
const JSONS = [114];

const toText = (text: string): string => text;

/** All results come as text. */
const TYPES = {
  getTypeParser: (oid: number): ((text: string) => unknown) => {
    if (NUMBERS.includes(oid)) return Number;
    if (JSONS.includes(oid)) return JSON.parse;
    return oid === BOOL ? (text) => text === 't' : toText;
  },
} as unknown as NonNullable<QueryArrayConfig['types']>;
