/**
 * Instruments: every metric, its name, its help and its buckets, in one table. Names follow Prometheus: base units, `_total` for
 * counters. No label takes a value from outside: channels and users would make series without bound.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { CLOSED, DENIED, ERRORS, REFUSED, RESETS, RESUMES, SNAPSHOT_OUTCOMES, SNAPSHOTS_FROM } from './labels.js';

/** From an idle flush to a stall. Seconds. */
const SHORT = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
/** From a page load to a day. Seconds. */
const LONG = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 86_400];
/** Messages. */
const COUNTS = [0, 1, 10, 100, 1_000, 10_000, 100_000];

/** Where the metrics go, and what stands before their names. */
export interface Naming {
  readonly register: Registry;
  readonly prefix: string;
}

/** Every metric of a hub. */
export interface Instruments {
  readonly connections: Gauge;
  readonly live: Gauge;
  readonly catchingUp: Gauge;
  readonly pendingBytes: Gauge;
  readonly channels: Gauge;
  readonly feedLag: Gauge;
  readonly subscriptions: Gauge;
  readonly admitted: Gauge;
  readonly ending: Gauge;
  readonly authorizing: Gauge;
  readonly reads: Gauge;
  readonly waiting: Gauge;
  readonly ready: Gauge;
  readonly loopLag: Gauge;
  readonly opened: Counter;
  readonly closed: Counter<'reason'>;
  readonly duration: Histogram;
  readonly refused: Counter<'reason'>;
  readonly denied: Counter<'why'>;
  readonly published: Counter;
  readonly publishedBytes: Counter;
  readonly duplicates: Counter;
  readonly delivered: Counter;
  readonly deliveredBytes: Counter;
  readonly deliveryLag: Histogram;
  readonly flushHold: Histogram;
  readonly resumes: Counter<'resume'>;
  readonly resumeBehind: Histogram;
  readonly resets: Counter<'reason'>;
  readonly replayed: Counter;
  readonly replayedBytes: Counter;
  readonly catchUp: Histogram;
  readonly lagged: Counter;
  readonly snapshots: Counter<'from' | 'outcome'>;
  readonly snapshotTime: Histogram<'from'>;
  readonly refills: Counter;
  readonly rollbacks: Counter;
  readonly errors: Counter<'source'>;
}

/** A label and its values. */
type Labels<Label extends string> = Readonly<Record<Label, readonly string[]>>;

/** Makes and registers all of them, each series of each label at 0. @throws Error where the registry has one of that name. */
export function createInstruments({ register, prefix }: Naming): Instruments {
  const named = (name: string, help: string) => ({ name: `${prefix}${name}`, help, registers: [register] });
  const counter = <Label extends string = never>(name: string, help: string, labels = {} as Labels<Label>) => {
    const made = new Counter<Label>({ ...named(name, help), labelNames: Object.keys(labels) as Label[] });
    for (const series of combine(labels)) made.inc(series, 0);
    return made;
  };
  const gauge = (name: string, help: string) => new Gauge(named(name, help));
  const histogram = <Label extends string = never>(
    name: string,
    help: string,
    buckets: number[],
    labels = {} as Labels<Label>,
  ) => {
    const made = new Histogram<Label>({ ...named(name, help), buckets, labelNames: Object.keys(labels) as Label[] });
    for (const series of combine(labels)) made.zero(series);
    return made;
  };
  return {
    connections: gauge('connections', 'Open streams'),
    live: gauge('connections_live', 'Open streams that get new messages as they come'),
    catchingUp: gauge('connections_catching_up', 'Open streams that have history before them'),
    pendingBytes: gauge('pending_bytes', 'Bytes that wait for clients'),
    channels: gauge('channels', 'Channels that somebody live follows'),
    feedLag: gauge('feed_lag_messages', 'Messages that this process was behind its store when it last looked'),
    subscriptions: gauge('subscriptions', 'Streams that follow channels, live, catching up or waiting for their place'),
    admitted: gauge('connections_admitted', 'Places taken of maxConnections'),
    ending: gauge('connections_ending', 'Streams that the hub has ended and whose last bytes the client has not taken'),
    authorizing: gauge('authorizing', 'Calls of authorize under way'),
    reads: gauge('store_reads', 'Reads of history from the store under way'),
    waiting: gauge('log_waiting', 'Subscriptions that wait for the log to reach a place, or for the store'),
    ready: gauge('ready', '1 while the hub serves, 0 while it drains or cannot reach its store'),
    loopLag: gauge('event_loop_lag_seconds', '99th percentile of the delay of the event loop since the last scrape'),
    opened: counter('connections_opened_total', 'Streams opened'),
    closed: counter('connections_closed_total', 'Streams ended, by reason', { reason: CLOSED }),
    duration: histogram('connection_duration_seconds', 'How long streams were open', LONG),
    refused: counter('connections_refused_total', 'Streams refused for now, by reason', { reason: REFUSED }),
    denied: counter('denied_total', 'Requests and connections kept from something for good, by reason', {
      why: DENIED,
    }),
    published: counter('published_total', 'Messages stored by this process'),
    publishedBytes: counter('published_bytes_total', 'Bytes of the messages stored by this process'),
    duplicates: counter('published_duplicates_total', 'Messages that were stored before under the same key'),
    delivered: counter('delivered_total', 'Messages written, each counted for every stream that got it'),
    deliveredBytes: counter('delivered_bytes_total', 'Bytes of messages written'),
    deliveryLag: histogram(
      'delivery_lag_seconds',
      'From publish to the end of the flush, by the clock of the publisher',
      SHORT,
    ),
    flushHold: histogram('flush_hold_seconds', 'Longest hold of the event loop by a flush', SHORT),
    resumes: counter('resumes_total', 'Subscriptions that found their place, by how', { resume: RESUMES }),
    resumeBehind: histogram('resume_behind_messages', 'Places between a resumed subscription and the head', COUNTS),
    resets: counter('resets_total', 'Histories that were gone, or skipped, by reason', { reason: RESETS }),
    replayed: counter('replayed_total', 'Messages of history written'),
    replayedBytes: counter('replayed_bytes_total', 'Bytes of history written'),
    catchUp: histogram('catch_up_seconds', 'From finding the place to being live', [...SHORT, 5, 15, 60]),
    lagged: counter('lagged_total', 'Times a stream left the live set because its client was slow'),
    snapshots: counter('snapshots_total', 'Snapshots asked for, by source and outcome', {
      from: SNAPSHOTS_FROM,
      outcome: SNAPSHOT_OUTCOMES,
    }),
    snapshotTime: histogram('snapshot_seconds', 'How long snapshots took, by source', SHORT, { from: SNAPSHOTS_FROM }),
    refills: counter('store_refills_total', 'Times the feed of the store left something out and was asked again'),
    rollbacks: counter('store_rollbacks_total', 'Times the log of the store went back'),
    errors: counter('errors_total', 'Failures, by where they came from', { source: ERRORS }),
  };
}

/** Every combination of values; nothing where there are no labels: those series prom-client makes by itself. */
function combine<Label extends string>(labels: Labels<Label>): Record<Label, string>[] {
  const names = Object.keys(labels) as Label[];
  if (names.length === 0) return [];
  const series = names.reduce<Partial<Record<Label, string>>[]>(
    (all, name) => all.flatMap((made) => labels[name].map((value) => ({ ...made, [name]: value }))),
    [{}],
  );
  return series as Record<Label, string>[];
}
