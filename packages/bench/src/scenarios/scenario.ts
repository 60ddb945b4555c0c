/** What a scenario is: variants that are measured alike, and how the numbers are shown. */
import type { ContenderName } from '../contenders/index.js';
import type { Row } from '../harness/rounds.js';

export interface Parameters {
  contenders: readonly ContenderName[];
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
  /** Values over time, for the JSON file. */
  readonly series?: readonly object[];
}

export interface Column {
  readonly title: string;
  cell(row: Row): string;
}

export interface Scenario {
  readonly name: string;
  readonly about: string;
  readonly defaults: Parameters;
  /** Parameters that are worth telling above the table. */
  readonly parameters: readonly Exclude<keyof Parameters, 'contenders' | 'profile'>[];
  variants(parameters: Parameters): readonly string[];
  measure(variant: string, parameters: Parameters): Promise<Sample>;
  /** The number that counts, and what it is compared with. */
  readonly score: {
    readonly metric: string;
    readonly title: string;
    /** Title of the ratio between the reference and the row. */
    readonly ratio: string;
    readonly better: 'more' | 'less';
    readonly reference: string;
    show(value: number): string;
  };
  /** Columns beside the score. */
  readonly columns: readonly Column[];
  /** Columns of a second table. */
  readonly details: readonly Column[];
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
  clients: 1_000,
  rate: 1_000,
  seconds: 10,
  events: 300,
  bytes: 100,
  rounds: 3,
};

export const REFERENCE = 'headwater-http' satisfies ContenderName;
