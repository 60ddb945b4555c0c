/** What the Dockerfile and the unit of systemd say, done: the build, the commands, the end by a signal. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from '@headwater/services';
import { describe, expect, it, onTestFinished } from 'vitest';
import { App } from './kit/app.js';
import { open } from './kit/clients.js';
import { commandOf } from './kit/dockerfile.js';
import { fill, read } from './kit/files.js';
import { type Framework, SERVERS, useProject } from './kit/project.js';

const project = useProject();

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

function run(program: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(program, args, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}

describe('the Dockerfile', () => {
  const dockerfile = read('Dockerfile');

  it('builds what it starts', () => {
    const [, program = ''] = commandOf(dockerfile, 'CMD');
    expect(existsSync(join(project.folder, program))).toBe(true);
  });

  it('finds a server healthy that lives, and one that does not not', async () => {
    const app = await App.start(project);
    const [, ...args] = commandOf(dockerfile, 'HEALTHCHECK').map((part) => part.replace(':3000/', `:${app.port}/`));
    expect(await run(process.execPath, args)).toEqual({ code: 0, output: '' });
    await app.kill();
    expect(await run(process.execPath, args)).toEqual({ code: 1, output: '' });
  });
});

describe('the unit', () => {
  const analyze = findProgram({
    command: 'systemd-analyze',
    variable: 'HEADWATER_SYSTEMD_ANALYZE',
    debianPackage: 'systemd',
  });

  const verify = (replacements: Readonly<Record<string, string>>): Promise<Outcome> => {
    const folder = mkdtempSync(join(tmpdir(), 'headwater-unit-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'headwater.service');
    writeFileSync(file, fill('headwater.service', { '/usr/bin/node': process.execPath, ...replacements }));
    return run(analyze, ['verify', '--man=no', file]);
  };

  it('is sound in the eyes of systemd', async () => {
    const { code, output } = await verify({});
    expect(output.split('\n').filter((line) => line.includes('headwater'))).toEqual([]);
    expect(code).toBe(0);
  });

  it('would not be, with a setting that systemd does not know', async () => {
    const { output } = await verify({ 'KillSignal=SIGTERM': 'KillSignals=SIGTERM' });
    expect(output).toMatch(/headwater\.service.*KillSignals/);
  });
});

describe.each(Object.keys(SERVERS) as Framework[])('SIGTERM, to the server in %s', (framework) => {
  it('ends every stream in order, each with its place, and the process with 0', async () => {
    const app = await App.start(project, { framework, env: { DELAY_MS: '0', WINDOW_MS: '500' } });
    const streams = await Promise.all(Array.from({ length: 20 }, () => open(`${app.url}/events`, 'http/1.1')));
    await app.publish('news', 'the last one');
    await Promise.all(streams.map((stream) => stream.until(({ data }) => data === 'the last one')));
    expect(await app.terminate()).toBe(0);
    const endings = await Promise.all(streams.map(({ closed }) => closed));
    expect(new Set(endings.map(({ reason }) => reason))).toEqual(new Set(['end']));
    expect(streams.every(({ lastEventId }) => lastEventId !== '')).toBe(true);
  });
});
