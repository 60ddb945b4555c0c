import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { useProgram } from './program.js';
import { type ReadEvent, readUntil } from './read-stream.js';
import { readStatus } from './status.js';
import { temporaryFolder } from './temporary.js';

const startProgram = useProgram();

const ANY_PORT = ['--port', '0', '--fastify-port', '0'];

/** With a log, and a store in a folder of the test's unless told otherwise. */
async function running(...args: string[]) {
  const folder = temporaryFolder();
  const log = join(folder, 'a.log');
  await writeFile(log, 'hello\n');
  const store = args.includes('--memory') ? [] : ['--data', join(folder, 'data')];
  return { log, folder, ...startProgram('--log', log, ...store, ...ANY_PORT, ...args) };
}

const numbersOf = (events: readonly ReadEvent[]) =>
  events.filter(({ event }) => event === 'telemetry').map(({ data }) => JSON.parse(data).number);

describe('the program', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)('tells where it is, and ends with 0 at %s', async (signal) => {
    const { ready, printed, complaints, child, ended, log } = await running();
    const { expressUrl, fastifyUrl } = await ready;
    expect(printed.items).toContain(`The log      ${log}`);
    for (const url of [expressUrl, fastifyUrl]) {
      await readUntil(`${url}events`, ({ data }) => data.includes('hello'));
    }
    child.kill(signal);
    expect(await ended).toBe(0);
    expect(complaints).toEqual([]);
  });

  it('sends clients away with an id and a time to come back', async () => {
    const { ready, child } = await running('--memory');
    const url = `${(await ready).expressUrl}events`;
    const farewell = readUntil(url, ({ event, data }) => event === 'sse.ping' && data.includes('shutdown'));
    await readUntil(url, ({ event }) => event === 'sse.open');
    child.kill('SIGTERM');
    expect((await farewell).at(-1)).toMatchObject({ id: expect.stringMatching(/./) });
  });

  it.each(['kill', 'restart'])(
    '%s: the server ends and comes back with everything, published meanwhile too',
    async (how) => {
      const { ready, printed, complaints } = await running();
      const { expressUrl } = await ready;
      const url = `${expressUrl}telemetry`;
      const before = await readUntil(url, ({ event }) => event === 'telemetry');
      const { pid } = await readStatus(expressUrl);
      expect((await fetch(`${expressUrl}demo/${how}`, { method: 'POST' })).status).toBe(202);
      const answered = () => readStatus(expressUrl);
      await expect.poll(() => answered().catch(() => ({})), { timeout: 20_000 }).toMatchObject({ run: 2 });
      expect((await answered()).pid).not.toBe(pid);

      const last = before.at(-1);
      const [first] = numbersOf(before.slice(-1));
      const after = await readUntil(url, () => false, last?.id, 20);
      expect(JSON.parse(after[0]?.data ?? '')).toMatchObject({ resume: 'resumed' });
      expect(numbersOf(after)).toEqual(Array.from({ length: 19 }, (_, index) => first + 1 + index));
      expect(printed.items.at(-1)).toMatch(
        how === 'kill'
          ? 'The server killed by SIGKILL: starting it again'
          : 'The server ended with 0: starting it again',
      );
      expect(complaints).toEqual([]);
    },
  );

  it('goes on after its own end where it was: the numbers have no gap', async () => {
    const first = await running();
    const urlOf = async ({ ready }: typeof first) => `${(await ready).expressUrl}telemetry`;
    const before = await readUntil(await urlOf(first), ({ event }) => event === 'telemetry');
    first.child.kill('SIGKILL');
    await first.ended;
    const second = { ...first, ...startProgram('--log', first.log, '--data', join(first.folder, 'data'), ...ANY_PORT) };
    const after = await readUntil(await urlOf(second), () => false, before.at(-1)?.id, 10);
    const [number] = numbersOf(before.slice(-1));
    expect(numbersOf(after)).toEqual(Array.from({ length: 9 }, (_, index) => number + 1 + index));
  });

  it('fifty clients get everything, each for itself, across a kill of the server', async () => {
    const { ready } = await running();
    const { expressUrl } = await ready;
    const post = (path: string) => fetch(`${expressUrl}demo/${path}`, { method: 'POST' });
    /** Nothing while there is no server. */
    const status = () => readStatus(expressUrl);
    // While the server is away.
    const statusOrNone = () => status().catch(() => ({}));
    expect((await post('crowd?count=50')).status).toBe(204);
    await expect.poll(status, { timeout: 20_000 }).toMatchObject({ crowd: { wanted: 50, open: 50, complete: 50 } });
    const { received } = (await status()).crowd;
    await post('kill');
    await expect.poll(statusOrNone, { timeout: 20_000 }).toMatchObject({
      run: 2,
      crowd: { open: 50, complete: 50, received: expect.toSatisfy((now) => now > received + 500) },
    });
    await post('crowd?count=0');
    await expect.poll(async () => (await status()).crowd).toEqual({ wanted: 0, open: 0, complete: 0, received: 0 });
  });

  it('prints how it is used', async () => {
    const { ended, printed } = startProgram('--help');
    expect(await ended).toBe(0);
    expect(printed.items.join()).toMatch('--fastify-port');
  });

  it('ends with 2 for wrong arguments', async () => {
    const { ended, complaints } = startProgram('--port', 'x');
    expect(await ended).toBe(2);
    expect(complaints.join('\n')).toMatch('--port must be a port from 0 to 65535, not "x"\n\nUsage:');
  });

  it('complains of a log that it cannot follow, and runs', async () => {
    const { ready, complaints, child, ended } = startProgram('--memory', '--log', temporaryFolder(), ...ANY_PORT);
    await ready;
    await expect.poll(() => complaints, { interval: 5 }).toEqual([expect.stringMatching(/not a regular file$/)]);
    child.kill('SIGINT');
    expect(await ended).toBe(0);
  });

  it('ends with 1 where a port is taken, and leaves nothing running', async () => {
    const first = await running('--memory');
    const { port } = new URL((await first.ready).expressUrl);
    const second = startProgram('--memory', '--port', port, '--fastify-port', '0');
    expect(await second.ended).toBe(1);
    expect(second.complaints).toEqual([
      expect.stringMatching(/^Cannot start the Express server: port \d+ .* is taken/),
    ]);
  });
});
