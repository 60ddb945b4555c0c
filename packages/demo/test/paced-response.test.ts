import { once } from 'node:events';
import { createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { PacedResponse } from '../src/paced-response.js';

/** A response under way, and what has arrived of it. */
async function responding() {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const requested = once(server, 'request');
  const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [, res] = await requested;
  const paced = new PacedResponse(res);
  res.flushHeaders();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let arrived = '';
  response.setEncoding('utf8').on('data', (text: string) => {
    arrived += text;
  });
  return { res, paced, response, arrived: () => arrived };
}

describe('PacedResponse', () => {
  it('lets everything pass where nobody slows it down', async () => {
    const { res, paced, arrived } = await responding();
    expect(res.write('one')).toBe(true);
    await expect.poll(arrived).toBe('one');
    expect(paced.heldBytes).toBe(0);
  });

  it('holds back what comes too fast, says that it has no room, and lets it out in portions and in order', async () => {
    const { res, paced, response, arrived } = await responding();
    paced.setPace(100);
    const sizes: number[] = [];
    response.on('data', (text: string) => sizes.push(text.length));
    expect(res.write('0123456789')).toBe(false);
    expect(res.write(Buffer.from('abcdefghij'))).toBe(false);
    expect(paced.heldBytes).toBe(20);
    const drained = once(res, 'drain');
    await expect.poll(arrived, { interval: 5 }).toBe('0123456789');
    await drained;
    await expect.poll(arrived).toBe('0123456789abcdefghij');
    expect(sizes).toEqual([10, 10]);
  });

  it('lets go of what it holds when it is fast again', async () => {
    const { res, paced, arrived } = await responding();
    paced.setPace(1);
    res.write('x'.repeat(10_000));
    const drained = once(res, 'drain');
    paced.setPace(Number.POSITIVE_INFINITY);
    await drained;
    await expect.poll(() => arrived().length).toBe(10_000);
    expect(paced.heldBytes).toBe(0);
    expect(res.write('y')).toBe(true);
  });

  it('ends only after what it holds', async () => {
    const { res, paced, response, arrived } = await responding();
    paced.setPace(1_000);
    res.write('a'.repeat(150));
    res.end('b');
    await once(response, 'end');
    expect(arrived()).toBe(`${'a'.repeat(150)}b`);
  });
});
