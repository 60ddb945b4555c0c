/** A plain client for the tests: reads a stream up to an event, then goes away. */

export interface ReadEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** The events up to the first one that `isLast` says so of. */
export async function readUntil(
  url: string,
  isLast: (event: ReadEvent) => boolean,
  lastEventId?: string,
): Promise<ReadEvent[]> {
  const abort = new AbortController();
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await fetch(url, { headers, signal: abort.signal });
  const events: ReadEvent[] = [];
  let text = '';
  try {
    for await (const chunk of (response.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const event = toEvent(block);
        events.push(event);
        if (isLast(event)) return events;
      }
    }
    throw new Error(`The stream ended after ${JSON.stringify(events.at(-1))}`);
  } finally {
    abort.abort();
  }
}

function toEvent(block: string): ReadEvent {
  const values = (name: string) =>
    block
      .split('\n')
      .filter((line) => line.startsWith(`${name}: `))
      .map((line) => line.slice(name.length + 2));
  return { id: values('id')[0] ?? '', event: values('event')[0] ?? 'message', data: values('data').join('\n') };
}
