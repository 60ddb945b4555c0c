import { request } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startDemo } from '../src/demo.js';
import { type Keeper, NO_CROWD } from '../src/keeper.js';
import { type ReadEvent, readUntil } from './read-stream.js';
import { readStatus } from './status.js';
import { temporaryFolder } from './temporary.js';

/** A server whose keeper only notes what it is asked. */
async function start({ kept = true } = {}) {
  const asked: string[] = [];
  const keeper: Keeper = {
    run: 3,
    restart: () => asked.push('restart'),
    gather: (count) => asked.push(`gather ${count}`),
    crowd: () => NO_CROWD,
  };
  const demo = await startDemo({
    log: join(temporaryFolder(), 'a.log'),
    ownLog: false,
    data: undefined,
    host: '127.0.0.1',
    port: 0,
    fastifyPort: 0,
    intervalMs: 10,
    drainMs: 0,
    keeper: kept ? keeper : undefined,
    onError: (error) => expect.unreachable(String(error)),
  });
  onTestFinished(() => demo.close());
  const status = (query = '') => readStatus(demo.expressUrl, query);
  return { demo, asked, status };
}

/** As anybody could send it: fetch does not let everything through. */
function post(url: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}

const isTelemetry = ({ event }: ReadEvent) => event === 'telemetry';

describe('the switches', () => {
  it.each(['cut?page=a&seconds=1', 'slow?page=a&on=true', 'crowd?count=50', 'restart', 'kill'])(
    'no page of another site reaches %s',
    async (path) => {
      const { demo, asked, status } = await start();
      const url = `${demo.expressUrl}demo/${path}`;
      const { port } = new URL(demo.expressUrl);
      for (const headers of [
        { origin: 'http://evil.test' },
        { origin: 'null' },
        { origin: `http://127.0.0.1:${Number(port) + 1}` },
        { host: 'evil.test' },
        { host: `evil.test:${port}`, origin: `http://evil.test:${port}` },
      ]) {
        expect(await post(url, headers)).toBe(403);
      }
      expect(asked).toEqual([]);
      expect(await status('page=a')).toMatchObject({ pid: process.pid, isSlow: false });
    },
  );

  it('our own page reaches them, under each name of this machine', async () => {
    const { demo, asked } = await start();
    const { port } = new URL(demo.expressUrl);
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const headers = { host: `${name}:${port}`, origin: `http://${name}:${port}` };
      expect(await post(`${demo.expressUrl}demo/crowd?count=50`, headers)).toBe(204);
    }
    expect(await post(`${demo.expressUrl}demo/restart`)).toBe(202);
    await expect.poll(() => asked, { interval: 5 }).toEqual(['gather 50', 'gather 50', 'gather 50', 'restart']);
  });

  it('refuse what makes no sense', async () => {
    const { demo, asked } = await start();
    for (const path of ['cut?page=a', 'cut?page=a&seconds=0', 'cut?page=a&seconds=61', 'crowd?count=51', 'crowd']) {
      expect({ path, status: await post(`${demo.expressUrl}demo/${path}`) }).toEqual({ path, status: 400 });
    }
    expect(asked).toEqual([]);
  });

  it('end no process that nobody would start again', async () => {
    const { demo } = await start({ kept: false });
    for (const path of ['restart', 'kill', 'crowd?count=1']) {
      expect(await post(`${demo.expressUrl}demo/${path}`)).toBe(404);
    }
  });

  it('cut resets the line of that page alone, and refuses it until the time is over', async () => {
    const { demo } = await start();
    for (const base of [demo.expressUrl, demo.fastifyUrl]) {
      const url = `${base}events?page=mine`;
      const mine = readUntil(url, () => false);
      const other = readUntil(`${base}events?page=other`, () => false, undefined, 30);
      await readUntil(url, isTelemetry);
      expect(await post(`${demo.expressUrl}demo/cut?page=mine&seconds=1`)).toBe(204);
      await expect(mine).rejects.toThrow();
      await expect(readUntil(url, isTelemetry)).rejects.toThrow();
      expect(await other).toHaveLength(30);
      await expect
        .poll(
          () =>
            readUntil(url, isTelemetry).then(
              () => true,
              () => false,
            ),
          { timeout: 5_000 },
        )
        .toBe(true);
    }
  });

  it('slow holds back the bytes of that page alone, and lets go of every one of them', async () => {
    const { demo, status } = await start();
    const url = `${demo.expressUrl}events?page=mine`;
    const mine = readUntil(url, ({ data }) => data.startsWith('{"number":200,'));
    await readUntil(url, isTelemetry);
    expect(await post(`${demo.expressUrl}demo/slow?page=mine&on=true`)).toBe(204);
    await expect
      .poll(() => status('page=mine'), { interval: 20, timeout: 10_000 })
      .toMatchObject({
        isSlow: true,
        heldBytes: expect.toSatisfy((bytes) => bytes > 10_000),
      });
    await readUntil(`${demo.expressUrl}events?page=other`, ({ data }) => data.startsWith('{"number":150,'));
    expect(await post(`${demo.expressUrl}demo/slow?page=mine&on=false`)).toBe(204);
    const numbers = (await mine).filter(isTelemetry).map(({ data }) => JSON.parse(data).number);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, index) => numbers[0] + index));
    expect(await status('page=mine')).toMatchObject({ isSlow: false, heldBytes: 0 });
  });

  it('status tells how far a page is behind the head', async () => {
    const { demo, status } = await start();
    const first = (await readUntil(`${demo.expressUrl}events`, isTelemetry)).at(-1);
    await expect
      .poll(() => status(`after=${first?.id}`))
      .toMatchObject({
        run: 3,
        store: 'memory',
        behind: expect.toSatisfy((behind) => behind > 5),
      });
    expect((await status('after=zzz.1')).behind).toBeUndefined();
    const { head } = await status();
    expect((await status(`after=${head}`)).behind).toBeLessThan(5);
  });
});
