/** Listeners: who wants which event. A listener that throws stops nobody: its error surfaces as an uncaught one, as with `EventTarget`. */

type Listener = (event: never) => void;

export interface Listeners {
  /** Returns the function that removes it again. A listener that is added twice is called twice. */
  add(name: string, listener: Listener): () => void;
  emit(name: string, event: unknown): void;
  clear(): void;
}

export function createListeners(): Listeners {
  const all = new Set<readonly [name: string, listener: Listener]>();
  return {
    add(name, listener) {
      const entry = [name, listener] as const;
      all.add(entry);
      return () => all.delete(entry);
    },
    emit(name, event) {
      for (const [wanted, listener] of all) {
        if (wanted !== name) continue;
        try {
          listener(event as never);
        } catch (error) {
          queueMicrotask(() => {
            throw error;
          });
        }
      }
    },
    clear: () => all.clear(),
  };
}
