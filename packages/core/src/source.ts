/**
 * Sources: iterables, async iterables, Node and web streams as one async sequence of messages. A source is given back
 * (`return`, `destroy`, `cancel`) as soon as the client leaves, not at its next value.
 */
import { StringDecoder } from 'node:string_decoder';
import { type Message, toMessage } from './message.js';

interface NodeReadableLike extends AsyncIterable<unknown> {
  pipe(...args: unknown[]): unknown;
  destroy(error?: Error): unknown;
}

interface WebReadableLike {
  getReader(): {
    read(): Promise<{ done: boolean; value?: unknown }>;
    cancel(reason?: unknown): Promise<void>;
    releaseLock(): void;
  };
}

/** Anything that yields messages: strings, messages, or (streams of) text in bytes. */
export type Source = Iterable<unknown> | AsyncIterable<unknown> | WebReadableLike;

export function isSource(value: unknown): value is Source {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value || isWebReadable(value);
}

/** The source's messages. Ends, with the source given back, when `signal` aborts, even while the source is silent. */
export async function* messagesOf(source: Source, signal: AbortSignal): AsyncGenerator<Message, void, undefined> {
  const reader = open(source);
  const decoder = new StringDecoder('utf8');
  let leave: () => void = () => {};
  const left = new Promise<undefined>((resolve) => {
    leave = () => resolve(undefined);
  });
  signal.addEventListener('abort', leave, { once: true });
  let finished = false;
  try {
    while (!signal.aborted) {
      const result = await Promise.race([reader.next(), left]);
      if (!result) break;
      if (result.done) {
        finished = true;
        return;
      }
      const message = fromChunk(result.value, decoder);
      if (message) yield message;
    }
  } finally {
    signal.removeEventListener('abort', leave);
    if (!finished) reader.stop();
  }
}

interface Reader {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  /** Gives the source back. Never throws; what the source makes of it is its own business. */
  stop(): void;
}

function open(source: Source): Reader {
  if (isWebReadable(source)) {
    const reader = source.getReader();
    return { next: () => reader.read(), stop: () => void reader.cancel().catch(() => {}) };
  }
  if (Symbol.asyncIterator in source) {
    const iterator = source[Symbol.asyncIterator]();
    const stream = isNodeReadable(source) ? source : undefined;
    return {
      next: () => iterator.next(),
      stop: () => {
        // A stream's iterator would wait for its next chunk first.
        if (stream) stream.destroy();
        else void Promise.resolve(iterator.return?.()).catch(() => {});
      },
    };
  }
  const iterator = (source as Iterable<unknown>)[Symbol.iterator]();
  return { next: async () => iterator.next(), stop: () => void iterator.return?.() };
}

/** Streams yield text in pieces of bytes; a character may be cut in two. */
function fromChunk(value: unknown, decoder: StringDecoder): Message | undefined {
  if (!(value instanceof Uint8Array)) return toMessage(value);
  const text = decoder.write(value as Buffer);
  return text === '' ? undefined : { data: text };
}

function isWebReadable(value: object): value is WebReadableLike {
  return typeof (value as WebReadableLike).getReader === 'function';
}

function isNodeReadable(value: object): value is NodeReadableLike {
  const stream = value as Partial<NodeReadableLike>;
  return typeof stream.pipe === 'function' && typeof stream.destroy === 'function';
}
