/** Places: comparing the positions of tabs. Pure. */
import { parseId } from '../position.js';

/** True where `id` is at or before `place` in the same epoch of one log. */
export function isPast(id: string, place: string): boolean {
  const [epoch, seq = 0] = parseId(id) ?? [];
  const [ownEpoch, own = -1] = parseId(place) ?? [];
  return id === place || (epoch !== undefined && epoch === ownEpoch && seq <= own);
}

/**
 * The place from which nobody misses anything. Of places that cannot be compared the first counts: tabs that are of another epoch
 * have been told of it by a reset, or will be.
 */
export function earliest(ids: readonly string[]): string {
  let first = '';
  for (const id of ids) if (id !== '' && (first === '' || isPast(id, first))) first = id;
  return first;
}
