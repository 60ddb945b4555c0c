/** Record: what happened in a server process, for the trial to ask for. */
import type { Observer } from '@headwater/core';

const MOST_ERRORS = 1_000;

export interface Record {
  readonly observer: Observer;
  readonly closed: { [reason: string]: number };
  readonly errors: string[];
  resets: number;
}

export function makeRecord(): Record {
  const record: Record = {
    closed: {},
    errors: [],
    resets: 0,
    observer: {
      closed: (_connection, { reason }) => {
        record.closed[reason] = (record.closed[reason] ?? 0) + 1;
      },
      reset: () => {
        record.resets++;
      },
      error: (error, source) => {
        if (record.errors.length < MOST_ERRORS) record.errors.push(`${source}: ${(error as Error)?.message ?? error}`);
      },
    },
  };
  return record;
}
