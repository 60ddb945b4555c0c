/** Stores in another process. */
import { type ChildProcess, fork } from 'node:child_process';
import type { Entry, Store, TailListener } from '@headwater/core';
import type { LmdbStoreOptions } from '../../src/index.js';
import { childScript } from './child.js';
import { type Reply, type Request, toError } from './remote-protocol.js';

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

export class RemoteStores {
  readonly #process: ChildProcess;
  readonly #waiting: Map<number, Waiting> = new Map();
  readonly #listeners: Map<number, TailListener> = new Map();
  #calls = 0;
  #handles = 0;

  constructor() {
    this.#process = fork(childScript('handles'), {
      serialization: 'advanced',
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    this.#process.on('message', (reply: Reply) => this.#take(reply));
  }

  close(): void {
    this.#process.disconnect();
  }

  async open(options: LmdbStoreOptions, supports: Store['supports']): Promise<Store> {
    const handle = ++this.#handles;
    await this.#ask(handle, ++this.#calls, 'open', [options]);
    const ask =
      (method: Request['method']) =>
      (...args: unknown[]): Promise<never> =>
        this.#ask(handle, ++this.#calls, method, args);
    return {
      supports,
      startEpoch: ask('startEpoch'),
      state: ask('state'),
      append: ask('append'),
      read: ask('read'),
      saveSnapshot: ask('saveSnapshot'),
      loadSnapshot: ask('loadSnapshot'),
      loadItems: ask('loadItems'),
      saveCursor: ask('saveCursor'),
      loadCursor: ask('loadCursor'),
      close: async () => {
        await ask('close')();
        // Its tails have ended.
        this.#listeners.clear();
      },
      tail: async (from, listener) => {
        const call = ++this.#calls;
        this.#listeners.set(call, listener);
        try {
          await this.#ask(handle, call, 'tail', [from]);
        } catch (error) {
          this.#listeners.delete(call);
          throw error;
        }
        return {
          stop: () => {
            this.#listeners.delete(call);
            this.#send({ handle, call, method: 'stop', args: [] });
          },
        };
      },
    };
  }

  #ask(handle: number, call: number, method: Request['method'], args: readonly unknown[]): Promise<never> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve, reject });
      this.#send({ handle, call, method, args });
    });
  }

  #send(request: Request): void {
    if (this.#process.connected) this.#process.send(request);
  }

  #take({ call, value, error, entries, lost }: Reply): void {
    if (entries) return this.#listeners.get(call)?.entries(entries as Entry[]);
    if (lost) return this.#listeners.get(call)?.lost(toError(lost));
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    if (error) waiting?.reject(toError(error));
    else waiting?.resolve(value as never);
  }
}
