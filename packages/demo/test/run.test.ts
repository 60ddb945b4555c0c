import { EventEmitter } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../src/run.js';
import { Inbox } from './inbox.js';
import { readUntil } from './read-stream.js';
import { temporaryFolder } from './temporary.js';

const ANY_PORT = ['--port', '0', '--fastify-port', '0'];

function running(...args: string[]) {
  const printed = new Inbox<string>();
  const complaints: string[] = [];
  const signals = new EventEmitter();
  const code = run(args, { print: printed.put, complain: (text) => complaints.push(text), signals }, 0);
  return { code, printed, complaints, signals };
}

describe('run', () => {
  it.each(['SIGINT', 'SIGTERM'])('tells where it is, and ends with 0 at %s', async (signal) => {
    const log = join(temporaryFolder(), 'a.log');
    await writeFile(log, 'hello\n');
    const { code, printed, complaints, signals } = running('--log', log, ...ANY_PORT);
    const lines = await printed.take(5);
    expect(lines).toContain(`The log      ${log}`);
    for (const line of lines.slice(1, 3)) {
      const url = line.split(' ').at(-1) ?? '';
      await readUntil(url, ({ data }) => data === 'hello');
    }
    signals.emit(signal);
    expect(await code).toBe(0);
    expect(complaints).toEqual([]);
    expect(signals.eventNames()).toEqual([]);
  });

  it('sends clients away with an id and a time to come back', async () => {
    const log = join(temporaryFolder(), 'a.log');
    const { code, printed, signals } = running('--log', log, ...ANY_PORT);
    const url = (await printed.take(5))[1]?.split(' ').at(-1) ?? '';
    const farewell = readUntil(url, ({ event }) => event === 'sse.ping');
    await readUntil(url, ({ event }) => event === 'sse.open');
    signals.emit('SIGTERM');
    expect((await farewell).at(-1)).toMatchObject({ id: expect.stringMatching(/./), data: '{"reason":"shutdown"}' });
    expect(await code).toBe(0);
  });

  it('prints how it is used', async () => {
    const { code, printed } = running('--help');
    expect(await code).toBe(0);
    expect(printed.items.join()).toMatch('--fastify-port');
  });

  it('ends with 2 for wrong arguments', async () => {
    const { code, complaints } = running('--port', 'x');
    expect(await code).toBe(2);
    expect(complaints[0]).toMatch('--port must be a port from 0 to 65535, not "x"\n\nUsage:');
  });

  it('complains of a log that it cannot follow, and runs', async () => {
    const { code, printed, complaints, signals } = running('--log', temporaryFolder(), ...ANY_PORT);
    await printed.take(5);
    await expect.poll(() => complaints, { interval: 5 }).toEqual([expect.stringMatching(/not a regular file$/)]);
    signals.emit('SIGINT');
    expect(await code).toBe(0);
  });

  it('ends with 1 where a port is taken', async () => {
    const first = running('--log', join(temporaryFolder(), 'a.log'), ...ANY_PORT);
    const port = new URL((await first.printed.take(5))[0]?.split(' ').at(-1) ?? '').port;
    const second = running('--port', port);
    expect(await second.code).toBe(1);
    expect(second.complaints).toEqual([
      expect.stringMatching(/^Cannot start the Express server: port \d+ .* is taken/),
    ]);
    first.signals.emit('SIGINT');
    expect(await first.code).toBe(0);
  });
});
