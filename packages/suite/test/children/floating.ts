/**
 * Promises that nobody awaits, all of which reject, under Node's default for unhandled rejections: to end the process. The
 * last line says what reached the observers.
 */
import { createHub, memoryStore, type Observer, SseError } from '@headwater/core';
import { startApplication } from './streaming.js';

const [, , leg = '', how] = process.argv;

/** With nobody to hear them, errors are process warnings. */
const heard: string[] = [];
const observers: Observer[] = how === 'observed' ? [{ error: (_error, source) => void heard.push(source) }] : [];

const store = memoryStore();
const { append } = store;
let isBroken = false;
store.append = async (...args) => {
  if (isBroken) throw new SseError('ERR_SSE_STORE', 'broken');
  return append.apply(store, args);
};

async function* failing(): AsyncGenerator<string> {
  yield 'one';
  throw new Error('source');
}

const application = await startApplication(leg, { store, observers }, async (connection, { url, answer }) => {
  if (url === '/reject') return void connection.subscribe('news', { onReset: 'reject' });
  if (url === '/source') return void connection.send(failing());
  if (url === '/hook') {
    connection.replay = async () => {
      throw new Error('hook');
    };
    return void connection.subscribe('news');
  }
  if (url === '/snapshot') {
    connection.hub.channel('state', {
      snapshot: () => {
        throw new Error('snapshot');
      },
    });
    return void connection.subscribe('state');
  }
  return answer(404);
});
const { hub } = application;

for (const path of ['/reject', '/source', '/hook', '/snapshot']) {
  await application.read(path, { lastEventId: 'nonsense' });
}
isBroken = true;
void hub.publish('news', 'lost');
void hub.channel('news').publish('lost');
void hub.saveSnapshot('news', 1, { at: 'zzzz.1' });
void hub.sync({ channels: [] });
const closed = createHub({ observers });
await closed.close();
void closed.publish('news', 'too late');
void closed.ready();
// Unhandled rejections end a process between two turns.
for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
await hub.close();
await application.close();
console.log(JSON.stringify({ heard: heard.toSorted() }));
