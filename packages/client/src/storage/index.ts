/**
 * Storage: where the position is kept so that a reloaded page resumes. It is written after the listeners have run, in the same task,
 * so that a page that keeps its state in a store of the same kind has both or neither. Writes to an asynchronous store follow one
 * another, and those in between are left out.
 */
import { toClientError } from '../errors.js';
import type { Host, Keeper, Keeping } from '../features.js';

/** `localStorage`, or anything like it. */
export interface PositionStorage {
  getItem(key: string): string | null | undefined | Promise<string | null | undefined>;
  setItem(key: string, value: string): unknown;
}

/**
 * Keeps the position in `storage`.
 * @param key Default: the stream's URL.
 * @example
 * connect('/news', { position: storedIn(localStorage) });
 */
export function storedIn(storage: PositionStorage, key?: string): Keeper {
  return { start: (host) => keep(storage, key ?? `headwater:${host.url}`, host) };
}

function keep(storage: PositionStorage, key: string, host: Host): Keeping {
  let kept: string | undefined;
  let isQueued = false;
  const failed = (error: unknown, what: string) => host.failed(toClientError(error, 'ERR_CLIENT_STORAGE', what));

  const write = async () => {
    try {
      while (kept !== host.applied()) {
        kept = host.applied();
        const written = storage.setItem(key, kept);
        if (written instanceof Promise) await written;
      }
    } catch (error) {
      failed(error, 'The position could not be kept');
    }
    isQueued = false;
  };

  return {
    async load() {
      try {
        kept = (await storage.getItem(key)) ?? '';
      } catch (error) {
        failed(error, 'The position could not be read');
      }
      return kept ?? '';
    },
    moved() {
      if (!isQueued) queueMicrotask(write);
      isQueued = true;
    },
  };
}
