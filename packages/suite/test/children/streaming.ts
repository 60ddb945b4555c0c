/** An application with one stream open, for scripts that look at what becomes of their process. */

import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createHub, type Hub, type HubOptions } from '@headwater/core';
import type { Handler, LazyHandler } from '../kit/app.js';
import { drive as driveExpress } from '../kit/express.js';
import { drive as driveFastify } from '../kit/fastify.js';
import { LEGS } from '../kit/legs.js';
import { drive as driveNode } from '../kit/node.js';

export interface Application {
  readonly hub: Hub;
  /** What reached the framework's error handling. */
  readonly failures: unknown[];
  /** The body of the answer to a GET, until it ends or contains `until`. */
  read(path: string, options?: { until?: string; lastEventId?: string }): Promise<string>;
  close(): Promise<unknown>;
}

export async function startApplication(legName: string, options: HubOptions, handler: Handler): Promise<Application> {
  const leg = LEGS.find(({ name }) => name === legName);
  if (!leg) throw new Error(`No leg is called ${legName}`);
  const hub = createHub(options);
  const failures: unknown[] = [];
  const lazy: LazyHandler = (connection, context) => handler(connection(), context);
  const app = { hub, options: {}, handler: lazy, failed: (error: unknown) => void failures.push(error) };
  const { framework, protocol } = leg;
  const driven =
    framework === 'node'
      ? driveNode(app, protocol)
      : framework === 'fastify'
        ? driveFastify(app, protocol)
        : driveExpress(app, leg);
  await driven.ready?.();
  driven.server.listen(0, '127.0.0.1');
  await once(driven.server, 'listening');
  const { port } = driven.server.address() as AddressInfo;
  return {
    hub,
    failures,
    async read(path, { until, lastEventId } = {}) {
      const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
      const request = get({ port, host: '127.0.0.1', path, headers, agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let body = '';
      for await (const chunk of response.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
        body += chunk;
        if (until !== undefined && body.includes(until)) break;
      }
      response.resume();
      return body;
    },
    close: () => driven.close(),
  };
}
