/** Incidents: the last things that went wrong in a hub, and its resets. Resets are kept apart: failures come in crowds. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { AnyHub, Connection, DiagnosticsMessages, Observer } from '@headwater/core';
import { shown } from '@headwater/core/node';

/** One of them. */
export interface Incident {
  /** Its number, from 1. */
  readonly no: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  /** A reset's or an end's reason, an error's source, or what happened. */
  readonly what: string;
  readonly connection: string | undefined;
  readonly detail: string;
}

const MOST = 100;

/** Ends that somebody should look at. */
const BAD_ENDS: ReadonlySet<string> = new Set(['slow', 'error', 'reset']);

export class Incidents {
  readonly resets: Incident[] = [];
  readonly failures: Incident[] = [];
  readonly #stop: () => void;

  constructor(hub: AnyHub) {
    const unobserve = hub.observe(this.#observer());
    // Not as an observer: the hub would take errors for heard, and warn nobody any more.
    const onError = (message: unknown): void => {
      const { hub: of, error, source, connection } = message as DiagnosticsMessages['headwater:error'];
      if (of === hub) this.#failed(source, connection, error instanceof Error ? error.message : String(error));
    };
    subscribe('headwater:error', onError);
    this.#stop = () => {
      unobserve();
      unsubscribe('headwater:error', onError);
    };
  }

  stop(): void {
    this.#stop();
  }

  #observer(): Observer {
    return {
      reset: (connection, { reason, channels, policies }) => {
        const detail = channels.map((channel, index) => `${channel}: ${policies[index]}`).join(', ');
        note(this.resets, reason, connection, detail);
      },
      closed: (connection, { reason, detail = '' }) => {
        if (BAD_ENDS.has(reason)) this.#failed(`closed: ${reason}`, connection, detail);
      },
      lagged: (connection) => this.#failed('lagged', connection, `${connection.pendingBytes} bytes wait`),
      refused: (connection, why) => this.#failed('refused', connection, why),
      denied: ({ why, detail, connection }) => this.#failed(`denied: ${why}`, connection, detail),
      refilled: () => this.#failed('store refilled', undefined, 'the feed left something out, or stood still'),
      rolledBack: ({ head }) => this.#failed('store rolled back', undefined, `to ${head}`),
    };
  }

  #failed(what: string, connection: Connection | undefined, detail: string): void {
    note(this.failures, what, connection, detail);
  }
}

function note(list: Incident[], what: string, connection: Connection | undefined, detail: string): void {
  const no = (list.at(-1)?.no ?? 0) + 1;
  list.push({ no, time: Date.now(), what, connection: connection?.id, detail: shown(detail, 300).slice(1, -1) });
  if (list.length > MOST) list.shift();
}
