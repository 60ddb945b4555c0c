/** Party: every client on one origin, and what can be said of each: one answer, and the exceptions. */
import { expect } from 'vitest';
import type { Origin, SeenRequest } from '../../kit/origin.js';
import { CLIENTS, type ClientName, type Follower, type FollowOptions } from './followers.js';

export interface PartyOptions extends Partial<FollowOptions> {
  /** Added to the stream's address. */
  readonly query?: string;
  /** Whose page it is. Default: the origin's. */
  readonly home?: string;
}

const TYPES = ['sse.open', 'sse.ping', 'sse.busy', 'sse.bye', 'message', 'even'];

export class Party {
  readonly origin: Origin;
  readonly #followers: readonly Follower[];

  private constructor(origin: Origin, followers: readonly Follower[]) {
    this.origin = origin;
    this.#followers = followers;
  }

  /** Every client follows the origin's numbers. */
  static async of(followers: readonly Follower[], origin: Origin, options: PartyOptions = {}): Promise<Party> {
    const { query = '', home = origin.url, ...rest } = options;
    const party = new Party(origin, followers);
    await party.each((follower) => {
      const url = `${origin.stream}?client=${encodeURIComponent(follower.name)}${query}`;
      return follower.follow(home, url, { types: TYPES, ...rest });
    });
    return party;
  }

  /** What `measure` says of each client, all at once. */
  async each<Result>(measure: (follower: Follower) => Result): Promise<Record<string, Awaited<Result>>> {
    const measured = this.#followers.map(async (follower) => [follower.name, await measure(follower)]);
    return Object.fromEntries(await Promise.all(measured));
  }

  /** Waits until an expression holds for each; see {@link Follower.until}. */
  async until(expression: string): Promise<void> {
    await this.each((follower) => follower.until(expression));
  }

  /** Waits until each has given up or asked so many times. */
  async untilAsked(times: number): Promise<void> {
    const isDecided = async (follower: Follower) =>
      (await follower.isOver()) || this.requestsOf(follower).length >= times;
    await this.each((follower) => expect.poll(() => isDecided(follower), { timeout: 20_000 }).toBe(true));
  }

  /** What a client has asked for. */
  requestsOf({ name }: Follower, wanted = 'GET'): SeenRequest[] {
    return this.origin.requests.filter(
      ({ method, url }) => method === wanted && this.#query(url).get('client') === name,
    );
  }

  /** How each return named the newest id that the client had: in the header or in the address. */
  async echoes(follower: Follower): Promise<string[]> {
    const { events } = await follower.read();
    const newest = events.flatMap(({ type }, index) => (type === 'sse.open' && index > 0 ? events[index - 1]!.id : []));
    const [, ...returns] = this.requestsOf(follower).slice(-newest.length - 1);
    return newest.map((id, index) => {
      const { lastEventId = '', url = '' } = returns[index] ?? {};
      if (lastEventId === id) return 'header';
      return this.#query(url).get('lastEventId') === id ? 'query' : `${id} is in neither`;
    });
  }

  #query(url: string): URLSearchParams {
    return new URL(url, this.origin.url).searchParams;
  }
}

/** One answer for every client, but for the exceptions. */
export function all<Result>(result: Result, except: Partial<Record<ClientName, Result>> = {}): Record<string, Result> {
  return Object.fromEntries(CLIENTS.map((name) => [name, except[name] ?? result]));
}
