/** Panels: what the dashboard shows, row by row. How it looks is `dashboard.ts`'s part. */

/** One line, or one for each value of a label. */
interface Query {
  /** With a label's name in braces. */
  readonly legend: string;
  /** PromQL. */
  readonly expr: string;
}

export interface PanelSpec {
  readonly title: string;
  /** Of Grafana: https://grafana.com/docs/grafana/latest/panels-visualizations/configure-standard-options/ */
  readonly unit: 'none' | 'cps' | 'Bps' | 'bytes' | 's';
  readonly about: string;
  readonly queries: readonly Query[];
  /** Top of the scale, where there is one. */
  readonly max?: number;
}

/** The processes that are chosen above the panels. */
const CHOSEN = '{job=~"$job", instance=~"$instance"}';

const sum = (metric: string, legend = '{{instance}}', by = 'instance'): Query => ({
  legend,
  expr: `sum by (${by}) (${metric}${CHOSEN})`,
});

/** In a second. */
const rate = (metric: string, legend = '{{instance}}', by = 'instance'): Query => ({
  legend,
  expr: `sum by (${by}) (rate(${metric}${CHOSEN}[$__rate_interval]))`,
});

const quantile = (percent: number, metric: string, legend = `p${percent}`, by = 'le'): Query => ({
  legend,
  expr: `histogram_quantile(${percent / 100}, sum by (${by}) (rate(${metric}_bucket${CHOSEN}[$__rate_interval])))`,
});

export const ROWS: Readonly<Record<string, readonly PanelSpec[]>> = {
  Traffic: [
    {
      title: 'Messages published',
      unit: 'cps',
      about: 'Messages that each process has stored.',
      queries: [rate('sse_published_total')],
    },
    {
      title: 'Messages delivered',
      unit: 'cps',
      about: 'Messages written to live streams, each counted for every stream that got it.',
      queries: [rate('sse_delivered_total')],
    },
    {
      title: 'Bytes',
      unit: 'Bps',
      about: 'Bytes stored, and bytes written to live streams.',
      queries: [
        rate('sse_published_bytes_total', 'published by {{instance}}'),
        rate('sse_delivered_bytes_total', 'delivered by {{instance}}'),
      ],
    },
    {
      title: 'Delivery lag',
      unit: 's',
      about:
        'From publish to the end of the flush, by the clock of the publisher. High: a store, a loop or a network that is slow.',
      queries: [quantile(50, 'sse_delivery_lag_seconds'), quantile(99, 'sse_delivery_lag_seconds')],
    },
    {
      title: 'Event loop held by a flush',
      unit: 's',
      about: 'The longest hold in each flush. It stays near 10 ms, however many clients there are.',
      queries: [quantile(50, 'sse_flush_hold_seconds'), quantile(99, 'sse_flush_hold_seconds')],
    },
    {
      title: 'Duplicates',
      unit: 'cps',
      about: 'Messages that were stored before under the same key: publishers that tried again.',
      queries: [rate('sse_published_duplicates_total')],
    },
  ],
  Clients: [
    {
      title: 'Streams',
      unit: 'none',
      about: 'Open streams, those that get messages as they come, and those that have history before them.',
      queries: [
        sum('sse_connections', 'open', 'job'),
        sum('sse_connections_live', 'live', 'job'),
        sum('sse_connections_catching_up', 'catching up', 'job'),
      ],
    },
    {
      title: 'Streams per process',
      unit: 'none',
      about: 'Open streams. Uneven after a deployment: hub.shed() sends a share of them on.',
      queries: [sum('sse_connections')],
    },
    {
      title: 'Opened',
      unit: 'cps',
      about: 'Streams opened.',
      queries: [rate('sse_connections_opened_total')],
    },
    {
      title: 'Closed, by reason',
      unit: 'cps',
      about: 'Streams ended. client: it went away, by itself or with its network.',
      queries: [rate('sse_connections_closed_total', '{{reason}}', 'reason')],
    },
    {
      title: 'Refused and denied',
      unit: 'cps',
      about: 'Refused for now by a limit or a drain: these come back. Denied for good: no permission, a wrong origin.',
      queries: [
        rate('sse_connections_refused_total', 'refused: {{reason}}', 'reason'),
        rate('sse_denied_total', 'denied: {{why}}', 'why'),
      ],
    },
    {
      title: 'How long streams were open',
      unit: 's',
      about:
        'Of the streams that ended. Short ones that end for reason client: something between cuts them, a proxy say.',
      queries: [quantile(50, 'sse_connection_duration_seconds'), quantile(90, 'sse_connection_duration_seconds')],
    },
    {
      title: 'Bytes that wait for clients',
      unit: 'bytes',
      about: 'In the memory of each process. A client that does not read holds up to 320 KiB of it.',
      queries: [sum('sse_pending_bytes')],
    },
    {
      title: 'Slow clients',
      unit: 'cps',
      about: 'Times that a stream left the live set because its client was slow. It catches up from history.',
      queries: [rate('sse_lagged_total')],
    },
    {
      title: 'Channels',
      unit: 'none',
      about: 'Channels that somebody live follows.',
      queries: [sum('sse_channels')],
    },
  ],
  Resume: [
    {
      title: 'Subscriptions, by how they found their place',
      unit: 'cps',
      about: 'fresh: without an id. resumed: nothing is missing. reset: the history after the id is gone.',
      queries: [rate('sse_resumes_total', '{{resume}}', 'resume')],
    },
    {
      title: 'Resets, by reason',
      unit: 'cps',
      about: 'Histories that were gone, or skipped, of new and of open streams.',
      queries: [rate('sse_resets_total', '{{reason}}', 'reason')],
    },
    {
      title: 'How far behind',
      unit: 'none',
      about: 'Places of the log between a resumed subscription and the head.',
      queries: [quantile(50, 'sse_resume_behind_messages'), quantile(99, 'sse_resume_behind_messages')],
    },
    {
      title: 'Time to catch up',
      unit: 's',
      about: 'From finding the place, or from being slow, to being live.',
      queries: [quantile(50, 'sse_catch_up_seconds'), quantile(99, 'sse_catch_up_seconds')],
    },
    {
      title: 'Messages replayed',
      unit: 'cps',
      about: 'Messages of history written.',
      queries: [rate('sse_replayed_total')],
    },
    {
      title: 'Bytes replayed',
      unit: 'Bps',
      about: 'Bytes of history written.',
      queries: [rate('sse_replayed_bytes_total')],
    },
    {
      title: 'Snapshots, by source and outcome',
      unit: 'cps',
      about: 'One serves everybody who waits for it. none: the channel has no state, so that its history is sent.',
      queries: [rate('sse_snapshots_total', '{{from}}: {{outcome}}', 'from, outcome')],
    },
    {
      title: 'Time of a snapshot',
      unit: 's',
      about: 'Until a snapshot was there.',
      queries: [quantile(99, 'sse_snapshot_seconds', 'p99 {{from}}', 'le, from')],
    },
  ],
  Store: [
    {
      title: 'Feed lag',
      unit: 'none',
      about: 'Messages that each process was behind its store when it last looked.',
      queries: [sum('sse_feed_lag_messages')],
    },
    {
      title: 'Errors, by where they came from',
      unit: 'cps',
      about:
        'store: it does not answer, or answers what cannot be. publish: a caller was told that its message is not stored.',
      queries: [rate('sse_errors_total', '{{source}}', 'source')],
    },
    {
      title: 'Refills and rollbacks',
      unit: 'cps',
      about:
        'Refills: the feed left something out and was asked again; clients notice nothing. Rollbacks: the store has lost messages.',
      queries: [
        rate('sse_store_refills_total', 'refills of {{instance}}'),
        rate('sse_store_rollbacks_total', 'rollbacks seen by {{instance}}'),
      ],
    },
    {
      title: 'Waiting for the store',
      unit: 'none',
      about:
        'Reads of history under way, and who waits for the log to reach a place. Both stay up while a store hangs.',
      queries: [sum('sse_store_reads', 'reads of {{instance}}'), sum('sse_log_waiting', 'waiting in {{instance}}')],
    },
  ],
  Health: [
    {
      title: 'Ready',
      unit: 'none',
      about: '1 while the process serves, 0 while it drains or cannot reach its store.',
      queries: [sum('sse_ready')],
      max: 1,
    },
    {
      title: 'Event loop lag',
      unit: 's',
      about: '99th percentile since the scrape before.',
      queries: [sum('sse_event_loop_lag_seconds')],
    },
    {
      title: 'Held',
      unit: 'none',
      about:
        'What goes away with the streams: each line ends at 0 when the last client has left. One that does not is a leak.',
      queries: [
        sum('sse_subscriptions', 'subscriptions', 'job'),
        sum('sse_connections_admitted', 'admitted', 'job'),
        sum('sse_connections_ending', 'ending', 'job'),
        sum('sse_authorizing', 'authorizing', 'job'),
      ],
    },
  ],
};
