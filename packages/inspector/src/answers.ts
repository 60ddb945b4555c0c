/** Answers: what the page asks for, as JSON. Everything is bounded, whatever the hub holds. */
import type { AnyHub, Inspection } from '@headwater/core';
import type { Incidents } from './incidents.js';

/** What the answers are made of. */
export interface Subject {
  readonly hub: AnyHub;
  readonly inspection: Inspection;
  readonly incidents: Incidents;
  /** False: what events say is not shown. */
  readonly showsEvents: boolean;
}

/** A request that asks for something wrong. */
export class Wrong extends Error {}

const MAX_ROWS = 500;
const MAX_EVENTS = 100;
/** Characters of an event's data that are shown. */
const MAX_DATA = 4_000;

/** The state of the hub in a few hundred bytes, and what went wrong. */
export async function overview({ hub, inspection, incidents, showsEvents }: Subject): Promise<object> {
  const store = await inspection.store();
  const { resets, failures } = incidents;
  return { time: Date.now(), health: hub.health(), stats: hub.stats(), store, resets, failures, showsEvents };
}

type Answer = (subject: Subject, query: URLSearchParams) => object | Promise<object>;

/** By path. */
export const ANSWERS: { readonly [path: string]: Answer } = {
  'overview.json': overview,
  'connections.json': ({ inspection }, query) =>
    inspection.connections({
      offset: integer(query, 'offset', 0, Number.MAX_SAFE_INTEGER),
      limit: integer(query, 'limit', 100, MAX_ROWS),
      find: query.get('find') ?? '',
      onlyBehind: query.get('behind') === '1',
    }),
  'channels.json': ({ inspection }, query) => inspection.channels(integer(query, 'limit', 100, MAX_ROWS)),
  'events.json': ({ inspection, showsEvents }, query) => {
    if (!showsEvents) throw new Wrong('events are not shown here');
    const channel = query.get('channel') ?? '';
    const limit = integer(query, 'limit', 25, MAX_EVENTS);
    return { events: rightly(() => inspection.recent(channel, limit)).map(shorten) };
  },
  'resume.json': ({ inspection }, query) => {
    const channels = (query.get('channels') ?? '').split(',').filter((name) => name !== '');
    return rightly(() => inspection.tryResume(query.get('id') ?? '', channels));
  },
};

function shorten<Event extends { readonly data: string }>(event: Event): Event & { readonly isCut: boolean } {
  return { ...event, data: event.data.slice(0, MAX_DATA), isCut: event.data.length > MAX_DATA };
}

function integer(query: URLSearchParams, name: string, otherwise: number, most: number): number {
  const text = query.get(name);
  if (text === null) return otherwise;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value <= most)) throw new Wrong(`${name} must be an integer of at most ${most}`);
  return value;
}

/** What the core says of wrong arguments is said of the request. */
function rightly<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new Wrong(error.message);
    throw error;
  }
}
