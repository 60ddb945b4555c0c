/**
 * Regions: which channels belong to which region, so that data stays there (data residency). An event of such a channel carries
 * its region in the stored body, as a first line that never leaves the process: so it is withheld from connections of other
 * regions even by a process that was not told where the channel belongs.
 */
import { SseError } from './errors.js';

/** The region of a channel; undefined where it belongs to none. Pure: the same in every process, and for ever. */
export type RegionOf = (channel: string) => string | undefined;

/** What a region's name may be. */
export const REGION: RegExp = /^[A-Za-z0-9_-]{1,32}$/;

/** Asks `regionOf`. @throws SseError `ERR_SSE_CALLBACK` where it fails, or answers what is no region. */
export function askRegion(regionOf: RegionOf | undefined, channel: string): string | undefined {
  if (!regionOf) return undefined;
  let region: unknown;
  try {
    region = regionOf(channel);
  } catch (cause) {
    throw new SseError('ERR_SSE_CALLBACK', `Cannot tell the region of channel "${channel}"`, { cause });
  }
  if (region === undefined || (typeof region === 'string' && REGION.test(region))) return region;
  throw new SseError(
    'ERR_SSE_CALLBACK',
    `Cannot tell the region of channel "${channel}": regionOf must answer 1 to 32 of A-Z a-z 0-9 _ -, or undefined`,
  );
}

/** True where a connection of region `own` may have what belongs to `region`. */
export function mayCross(region: string | undefined, own: string | undefined): boolean {
  return region === undefined || region === own;
}

export function wrongRegion(channel: string, region: string, own: string | undefined): SseError {
  const where = own === undefined ? 'this connection has no region' : `this connection belongs to "${own}"`;
  return new SseError('ERR_SSE_REGION', `Cannot follow channel "${channel}" of region "${region}": ${where}`, {
    statusCode: 451,
  });
}
