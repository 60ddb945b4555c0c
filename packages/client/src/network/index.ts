/**
 * Network: how often to ask for a heartbeat, and how many attempts may fail before the client says that it is offline. A radio that
 * sleeps loses connections in silence and more often, so it is asked more often and given more attempts.
 */
import type { NetworkProfile } from '../features.js';

/** What the device is connected through, in the words of the Network Information API. */
export type Network = 'cellular' | 'wifi' | 'ethernet';

const PROFILES: Readonly<Record<string, NetworkProfile>> = { cellular: [30, 3], wifi: [60, 2], ethernet: [120, 1] };

/** Where nothing is known the heartbeat is the server's affair. */
const UNKNOWN: NetworkProfile = [undefined, 2];

/** A round trip from which on a network counts as slow, in milliseconds. */
const SLOW_MS = 500;

/**
 * Asks for a heartbeat every 30 s on mobile networks, 60 s on Wi-Fi and 120 s on a cable, and says offline after 3, 2 or 1 retries.
 * On a slow network a loss is more likely, so the heartbeat comes up to twice as often there.
 * @param network Default: what the browser says at each attempt; some say nothing, and then nothing is asked for.
 * @example
 * connect('/news', { network: byNetwork() });
 */
export function byNetwork(network?: Network): (rttMs: number) => NetworkProfile {
  const { navigator } = globalThis as { navigator?: { connection?: { type?: string } } };
  return (rttMs) => {
    const [seconds, retries] = PROFILES[network ?? navigator?.connection?.type ?? ''] ?? UNKNOWN;
    return [seconds && Math.round(seconds * Math.max(0.5, Math.min(1, SLOW_MS / rttMs))), retries];
  };
}
