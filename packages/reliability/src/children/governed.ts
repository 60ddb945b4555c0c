/** A server process that is shut down in order: at SIGTERM, or when the process that started it lets it go. */
import { createHub, systemClock } from '@headwater/core';
import { shutdownOnSignals } from '@headwater/core/node';
import type { GovernedSetup } from '../governance/governed.js';
import { type Rights, startSite } from '../governance/site.js';
import { openStore } from '../stores/index.js';

const { framework, port, store, windowMs, delayMs } = JSON.parse(process.argv[2] as string) as GovernedSetup;
const hub = createHub({ store: openStore(store, systemClock), retryMs: 250 });
const rights: Rights = (headers) => ({ principal: headers['x-principal']?.toString() });
const site = await startSite({ framework, hub, port, rights });
shutdownOnSignals({
  hub,
  server: framework === 'express' ? site.server : () => site.close(),
  windowMs,
  delayMs,
});
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
await hub.ready();
process.send?.({ listening: true });
