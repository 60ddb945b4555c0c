/** C14: a hub that nobody has closed does not keep its process alive: every timer is unref'ed. */
import { createHub } from '@headwater/core';

const hub = createHub({ heartbeatMs: 1_000, maxAgeMs: 1_000 });
await hub.publish('news', 'one');
hub.channel('news', { snapshot: () => 1 });
console.log('published');
