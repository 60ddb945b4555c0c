/** A store whose history comes late: each read is answered after a random time. Everything else is the store's own. */
import type { Store } from '@headwater/core';
import { pause } from './wait.js';

export function withSlowReads(store: Store, mostMs: number, random: () => number, onRead: () => void): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name === 'read') {
        return async (...args: Parameters<Store['read']>) => {
          onRead();
          await pause(random() * mostMs);
          return target.read(...args);
        };
      }
      const member = Reflect.get(target, name) as unknown;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
