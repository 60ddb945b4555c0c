/** Stores that keep too much, or too little, or for the wrong channel. */
import type { BrokenStore } from './broken-store.js';

export const retention: readonly BrokenStore[] = [
  {
    defect: 'keeps the newest entries of all channels together',
    fails: ['retention', 'floors', 'recovery', 'prev', 'control'],
    wrap: (inner, { retention: { count } }) => ({
      async read(after, channels, limit, maxBytes) {
        const page = await inner.read(after, channels, limit, maxBytes);
        const lowest = count === false ? 0 : (await inner.state()).head - count;
        const raised = [...page.floors].map(([channel, floor]) => [channel, Math.max(floor, lowest)] as const);
        return { ...page, entries: page.entries.filter(({ seq }) => seq > lowest), floors: new Map(raised) };
      },
    }),
  },
  { defect: 'does not know bounds in bytes', fails: ['retention', 'items'], log: { retention: { bytes: false } } },
  {
    defect: 'keeps everything',
    fails: [
      'retention',
      'floors',
      'tail',
      'recovery',
      'prev',
      'keys',
      'snapshots',
      'items',
      'cursors',
      'control',
      'handles',
    ],
    log: { retention: { count: false, ageMs: false, bytes: false } },
  },
  {
    defect: 'keeps less than it was told',
    fails: ['retention', 'append', 'writers', 'epochs', 'read', 'tail', 'snapshots', 'control'],
    log: { maxTotalBytes: 3_000 },
  },
];
