/** What a scenario is: variants that are measured alike, and how the numbers are shown. */
import type { ContenderName } from '../contenders/index.js';
import type { Row } from '../harness/rounds.js';
import { STORE_NAMES, type StoreName } from '../stores/spec.js';

export interface Parameters {
  contenders: readonly ContenderName[];
  /** Where Headwater's log is, in the scenarios about stores. */
  stores: readonly StoreName[];
  clients: number;
  /** Events per second. */
  rate: number;
  seconds: number;
  /** How many events, where they are counted and not timed. */
  events: number;
  /** Bytes of data of one event. */
  bytes: number;
  rounds: number;
  /** Folder for CPU profiles of the server processes. */
  profile?: string;
}

/** One measurement of one variant. */
export interface Sample {
  readonly values: Readonly<Record<string, number>>;
  /** For the reader of the table: what went wrong, or limits what the numbers say. */
  readonly remarks: readonly string[];
  /** False if an event was lost, repeated or broken. */
  readonly isSound: boolean;
  /** Values over time. */
  readonly series?: readonly object[];
}

/** Something that a scenario asks of Headwater, and what it found. */
export interface Ask {
  readonly asked: string;
  readonly found: string;
  readonly isMet: boolean;
}

export interface Column {
  readonly title: string;
  cell(row: Row): string;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** For the reader of the report: what is done, and what the figures mean. Markdown. */
  readonly explained: string;
  readonly defaults: Parameters;
  /** What is smaller in the run of minutes that makes the report; without it a scenario is not part of the report. */
  readonly brief?: Partial<Parameters>;
  /** Parameters that are worth telling above the table. */
  readonly parameters: readonly Exclude<keyof Parameters, 'contenders' | 'stores' | 'profile'>[];
  variants(parameters: Parameters): readonly string[];
  measure(variant: string, parameters: Parameters): Promise<Sample>;
  /** The number that counts, and what it is compared with. */
  readonly score: {
    readonly metric: string;
    readonly title: string;
    /** Title of the ratio between the reference and the row. */
    readonly ratio: string;
    readonly better: 'more' | 'less';
    /** The variant with 1.00x; another one for each variant, or none, where a function tells it. */
    readonly reference: string | ((variant: string) => string | undefined);
    /** The ratio is that of the row to the reference also where more is better. */
    readonly isShare?: boolean;
    show(value: number): string;
  };
  /** Columns beside the score. */
  readonly columns: readonly Column[];
  /** Columns of a second table. */
  readonly details: readonly Column[];
  /** What is asked of the rows that were measured. */
  asks?(rows: readonly Row[], parameters: Parameters): readonly Ask[];
}

export const DEFAULTS: Parameters = {
  contenders: [
    'headwater-http',
    'headwater-express',
    'headwater-fastify',
    'plain',
    'better-sse',
    '@fastify/sse',
    'fastify-sse-v2',
    'express-sse',
    'sse-channel',
  ],
  stores: STORE_NAMES,
  clients: 1_000,
  rate: 1_000,
  seconds: 10,
  events: 300,
  bytes: 100,
  rounds: 3,
};

export const REFERENCE = 'headwater-http' satisfies ContenderName;
