/** C15: SIGTERM, as an orchestrator sends it, to an application in a process of its own. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { collect } from '@headwater/testing';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { buildChildren, removeChildren, startChild } from './kit/child.js';
import { DEADLINE_MS } from './kit/wait.js';

beforeAll(() => buildChildren(['terminated']));
afterAll(removeChildren);

const open = (url: string) => collect(url, { headers: { connection: 'keep-alive' }, timeoutMs: DEADLINE_MS });

it.each(['express', 'fastify'])(
  'C15 at SIGTERM %s is not ready, still serves, sends each stream away with a retry, and exits with 0',
  async (framework) => {
    const child = await startChild('terminated', framework);
    const origin = child.said;
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(`${origin}/news`)));
    await Promise.all(streams.map((stream) => stream.until('sse.open')));
    // Browsers keep such a connection open in case they need it.
    const spare = connect(Number(new URL(origin).port), '127.0.0.1');
    onTestFinished(() => void spare.destroy());
    spare.on('error', () => {});
    await once(spare, 'connect');

    child.signal('SIGTERM');
    let probe = await fetch(`${origin}/ready`);
    while (probe.status === 200) probe = await fetch(`${origin}/ready`);
    expect(probe.status).toBe(503);
    expect(await probe.json()).toMatchObject({ live: true, ready: false, detail: 'draining' });
    const late = await open(`${origin}/news`);
    expect(await late.next()).toMatchObject({ event: 'sse.open' });

    for (const stream of [...streams, late]) {
      expect(await stream.closed).toEqual({ reason: 'end' });
      expect(stream.events.at(-1)).toMatchObject({ event: 'sse.ping', data: '{"reason":"shutdown"}' });
      expect(stream.retry).toBeGreaterThanOrEqual(1_000);
    }
    expect(await child.ended).toMatchObject({ code: 0, stderr: '' });
  },
);

it('C15 a second signal ends the process at once', async () => {
  const child = await startChild('terminated', 'express');
  const stream = await open(`${child.said}/news`);
  await stream.until('sse.open');
  child.signal('SIGTERM');
  while ((await fetch(`${child.said}/ready`)).status === 200);
  child.signal('SIGTERM');
  expect(await child.ended).toMatchObject({ code: 1 });
  await stream.closed;
});
