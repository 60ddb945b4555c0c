/** What the scenarios about stores have in common. */
import { Session } from '../harness/session.js';
import type { Measured, Setup } from '../harness/setup.js';
import { withPlace } from '../stores/place.js';
import type { StoreName } from '../stores/spec.js';
import { REFERENCE } from './scenario.js';

/** A session of Headwater over a store of that kind, at a new place. `keep` is what a channel keeps, in entries. */
export function withStore<Result>(
  kind: StoreName,
  keep: number | undefined,
  setup: Omit<Setup, 'contender' | 'store' | 'place'>,
  use: (session: Session) => Promise<Result>,
): Promise<Result> {
  return withPlace(kind, (place) => {
    const store = { kind, where: place.where, keep };
    return Session.with({ ...setup, contender: REFERENCE, store, place }, use);
  });
}

/** How much memory of its own the server took at most beyond what it had at the begin, in bytes. */
export function growth({ spent: { samples } }: Measured): { rss: number; own: number } {
  const first = samples[0];
  if (!first) return { rss: 0, own: 0 };
  return {
    rss: Math.max(...samples.map(({ rss }) => rss)) - first.rss,
    own: Math.max(...samples.map(({ own }) => own)) - first.own,
  };
}
