/** A server process: one hub over the store that it is told, behind Express or Fastify. It ends with the process that started it. */
import { once } from 'node:events';
import { createHub } from '@headwater/core';
import type { ServerSetup } from '../harness/server.js';
import { openStore } from '../stores/index.js';
import { makeControls } from './controls.js';
import { Provided } from './provided.js';
import { makeRecord } from './record.js';
import { skewedClock } from './skewed-clock.js';

const setup = JSON.parse(process.argv[2] as string) as ServerSetup;
const clock = skewedClock(setup.skewMs ?? 0);
const record = makeRecord();
const provided = setup.provided === undefined ? undefined : new Provided(setup.provided);
const store = openStore(setup.store, clock);
const hub = createHub({
  store,
  clock,
  observers: [record.observer],
  ...(provided ? { snapshot: provided.provide } : {}),
  ...setup.hub,
});
for (const name of setup.keyed ?? []) hub.channel(name, { keyed: true });

const controls = makeControls({ hub, clock, record, provided });
// One framework is enough to load: a restart should cost what a real one does.
const server =
  setup.framework === 'express'
    ? await (await import('./express-app.js')).expressServer(hub, controls)
    : await (await import('./fastify-app.js')).fastifyServer(hub, controls);
// An idle connection that is closed as the publisher uses it again would look like a publish that was not answered.
server.keepAliveTimeout = 0;
process.on('disconnect', async () => {
  server.close();
  await hub.close();
  await store.close();
  process.exit(0);
});
await once(server.listen(setup.port, '127.0.0.1', 4_096), 'listening');
process.send?.({ listening: true });
