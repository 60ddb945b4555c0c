/** Where a client's Last-Event-ID is found. Pure; the hub decides what the id is worth. */

/** Longer ones are cut: no id is valid at a fraction of this. */
const MAX_LENGTH = 8192;

/** Clients that cannot set headers append the id to the address. */
const PARAMETERS = ['lastEventId', 'last_event_id', 'Last-Event-ID'];

/** The id as the client sent it, the header before the query. An empty one counts as absent. */
export function readLastEventId(
  header: string | readonly string[] | undefined,
  query: URLSearchParams | undefined,
): string | undefined {
  // Node joins repeated headers with ', ', which is no id either.
  const text = typeof header === 'object' ? header.join(', ') : header;
  if (text) return text.slice(0, MAX_LENGTH);
  for (const name of PARAMETERS) {
    const value = query?.get(name);
    if (value) return value.slice(0, MAX_LENGTH);
  }
  return undefined;
}
