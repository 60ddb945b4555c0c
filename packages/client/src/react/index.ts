/**
 * React: hooks over a stream. A stream that a hook opens is shared by the components that ask for the same one, and is closed soon
 * after the last of them is gone: React's StrictMode, which mounts everything twice, makes one connection.
 */
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from 'react';
import { connect, type EventStream, type Heard, type HeardName } from '../connect.js';
import type { EventMap } from '../events.js';
import type { ConnectOptions } from '../options.js';
import type { Status } from '../status.js';

/** How long a stream outlives its last component, in milliseconds. */
const LINGER_MS = 100;

interface Shared {
  readonly stream: EventStream;
  users: number;
}

const open = new Map<string, Shared>();

/**
 * The stream at `url`, open as long as a component uses it; undefined before the first effect, on the server, and for `null`.
 * Components that give the same `url` and `key` share one connection, made with the options of the first.
 * @example
 * const stream = useEventStream<Map>('/news');
 */
export function useEventStream<Map extends object = EventMap>(
  url: string | null,
  options: ConnectOptions & { readonly key?: string } = {},
): EventStream<Map> | undefined {
  const [stream, setStream] = useState<EventStream | undefined>(undefined);
  const latest = useRef(options);
  useEffect(() => {
    latest.current = options;
  });
  const name = url === null ? null : `${options.key ?? ''} ${url}`;
  useEffect(() => {
    if (name === null || url === null) return undefined;
    const { key: _key, ...given } = latest.current;
    const shared = open.get(name) ?? { stream: connect(url, given), users: 0 };
    open.set(name, shared);
    shared.users++;
    setStream(shared.stream);
    return () => {
      setStream(undefined);
      shared.users--;
      setTimeout(() => {
        if (shared.users > 0 || open.get(name) !== shared) return;
        open.delete(name);
        shared.stream.close();
      }, LINGER_MS);
    };
  }, [name, url]);
  return stream as unknown as EventStream<Map> | undefined;
}

/**
 * Calls `listener` for each event of that name while the component is mounted. The newest `listener` is called, so it need not be
 * memoised.
 * @example
 * useEvents(stream, 'story', ({ data }) => setStories((stories) => [...stories, data]));
 */
export function useEvents<Map, Name extends HeardName<Map>>(
  stream: EventStream<Map> | undefined,
  name: Name,
  listener: (event: Heard<Map, Name>) => void,
): void {
  const latest = useRef(listener);
  useEffect(() => {
    latest.current = listener;
  });
  useEffect(() => stream?.on(name, (event) => latest.current(event)), [stream, name]);
}

const CONNECTING: Status = { state: 'connecting', since: 0 };

/**
 * How the stream is doing.
 * @example
 * const { state, since } = useConnectionStatus(stream);
 */
export function useConnectionStatus<Map>(stream: EventStream<Map> | undefined): Status {
  const subscribe = useCallback(
    (changed: () => void) => (stream as EventStream | undefined)?.on('sse.status', changed) ?? (() => {}),
    [stream],
  );
  return useSyncExternalStore(
    subscribe,
    () => stream?.status ?? CONNECTING,
    () => CONNECTING,
  );
}
