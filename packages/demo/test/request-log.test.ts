import { EventEmitter } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RequestLog } from '../src/request-log.js';
import { temporaryFolder } from './temporary.js';

function logging() {
  const path = join(temporaryFolder(), 'requests.log');
  const errors: unknown[] = [];
  const log = new RequestLog(path, (error) => errors.push(error));
  return { path, log, errors };
}

describe('RequestLog', () => {
  it('writes whole lines in order, each with its time', async () => {
    const { path, log } = logging();
    for (let n = 0; n < 100; n++) log.write(`line ${n}`);
    await log.close();
    const lines = (await readFile(path, 'utf8')).split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /, ''))).toEqual(
      Array.from({ length: 100 }, (_, n) => `line ${n}`),
    );
  });

  it('records a request when its response is over', async () => {
    const { path, log } = logging();
    const response = Object.assign(new EventEmitter(), { statusCode: 200 }) as unknown as ServerResponse;
    log.record('express', { method: 'GET', url: '/a?b' } as IncomingMessage, response);
    response.statusCode = 404;
    response.emit('close');
    await log.close();
    expect(await readFile(path, 'utf8')).toMatch(/Z express GET \/a\?b 404 \d+ ms\n$/);
  });

  it('begins a new file when the old one is large', async () => {
    const { path, log } = logging();
    await writeFile(path, 'x'.repeat(2 ** 20 + 1));
    log.write('new');
    await log.close();
    expect(await readFile(path, 'utf8')).toMatch(/new\n$/);
    expect((await stat(path)).size).toBeLessThan(100);
    expect((await stat(`${path}.1`)).size).toBe(2 ** 20 + 1);
  });

  it('reports a disk that fails, and fails nobody', async () => {
    const errors: unknown[] = [];
    const log = new RequestLog(join(temporaryFolder(), 'no', 'such', 'folder'), (error) => errors.push(error));
    log.write('a');
    await log.close();
    expect(errors).toMatchObject([{ code: 'ENOENT' }]);
  });
});
