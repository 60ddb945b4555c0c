/** Headwater on bare node:http. */
import { createServer } from 'node:http';
import { createHub, type Hub } from '@headwater/core';
import { accept } from '@headwater/core/node';
import type { Contender } from './contender.js';
import { listening } from './listen.js';

export async function start(prepare: (hub: Hub) => void = () => {}): Promise<Contender> {
  const hub = createHub();
  prepare(hub);
  const server = createServer((req, res) => void accept(req, res, hub).subscribe('news'));
  const contender: Contender = {
    server: await listening(server),
    publish: (data) => hub.publish('news', { data }),
  };
  hub.observe({ flushed: ({ holdMs }) => contender.onHold?.(holdMs) });
  return contender;
}
