/** Row 21: a client whose network goes dark without a word, in a network namespace of the row's own. */
import { execFileSync, spawn } from 'node:child_process';
import { get } from 'node:http';
import { createHub } from '@headwater/core';
import { quantile, rounded } from '../harness/figures.js';
import { pause, until } from '../harness/wait.js';
import type { Row, Size } from '../row.js';
import type { Trial } from '../trial.js';
import { once } from './needs.js';
import { startSite } from './site.js';

export const blackholed: Row = {
  name: 'blackholed',
  promise:
    'a client whose network goes dark is given up after the stall time once what the system buffers for it is full, and the others keep their heartbeats',
  short: { others: 5, stallMs: 1_000 },
  full: { others: 100, stallMs: 5_000 },
  unfit: once,
  missing: whyNoNamespace,
  run: async (trial, size) => run(trial, size),
};

const HEARTBEAT_MS = 500;

async function run(trial: Trial, { others = 0, stallMs = 0 }: Size) {
  const link = Link.create();
  trial.defer(() => link.remove());
  const ends: { address: unknown; reason: string; at: number }[] = [];
  const hub = createHub({
    stallMs,
    heartbeatMs: HEARTBEAT_MS,
    heartbeatBoundsMs: [HEARTBEAT_MS, HEARTBEAT_MS],
    observers: [
      { closed: ({ principal }, { reason }) => void ends.push({ address: principal, reason, at: performance.now() }) },
    ],
  });
  const site = await startSite({
    framework: 'express',
    hub,
    host: '0.0.0.0',
    rights: (headers) => ({ principal: headers['x-principal']?.toString() }),
  });
  trial.defer(async () => {
    await hub.close();
    await site.close();
  });
  const victim = link.follow(site.port);
  trial.defer(() => victim.kill('SIGKILL'));
  const gaps: number[] = [];
  for (let n = 0; n < others; n++) trial.defer(listenForBeats(site.port, gaps));
  await until('everybody to be open', () => hub.connections.size === others + 1);

  link.cut();
  const dark = [...hub.connections].find(({ principal }) => principal === 'victim');
  if (!dark) throw new Error('The victim is not there');
  // Only the victim follows this channel. The system takes some megabytes for it before anything waits.
  while (dark.isOpen && dark.pendingBytes === 0) {
    await hub.publish('dark', 'x'.repeat(100_000));
    await pause(5);
  }
  const stuckAt = performance.now();
  await until('the victim to be given up', () => ends.length > 0, stallMs + 10_000);
  const [end] = ends;
  if (end?.address !== 'victim' || end.reason !== 'slow') throw new Error(`Ended: ${JSON.stringify(ends)}`);
  const reapedMs = end.at - stuckAt;
  await until('its descriptor to be free', () => !isConnectedTo(link.peer));
  trial.atMost('ms to the end of the victim', reapedMs, stallMs + HEARTBEAT_MS);
  trial.atMost('the slowest heartbeat of others, in intervals,', quantile(gaps, 1) / HEARTBEAT_MS, 1.2);
  return { others, 'reaped after ms': rounded(reapedMs), 'slowest beat ms': rounded(quantile(gaps, 1)) };
}

/** Notes the milliseconds between heartbeats. Returns what ends it. */
function listenForBeats(port: number, gaps: number[]): () => void {
  let last = 0;
  const request = get(`http://127.0.0.1:${port}/events?channels=quiet`, { agent: false }, (response) => {
    response.on('error', () => {});
    response.setEncoding('utf8').on('data', (text: string) => {
      if (text !== ':\n') return;
      const now = performance.now();
      if (last > 0) gaps.push(now - last);
      last = now;
    });
  });
  request.on('error', () => {});
  return () => void request.destroy();
}

/** Whether this process still holds a socket to `peer`. */
function isConnectedTo(peer: string): boolean {
  const handles = (process as unknown as { _getActiveHandles(): { remoteAddress?: string }[] })._getActiveHandles();
  return handles.some(({ remoteAddress }) => remoteAddress?.endsWith(peer) === true);
}

const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });

/** Why there can be no namespace here; undefined where there can. */
function whyNoNamespace(): string | undefined {
  const name = `hw-probe-${process.pid}`;
  try {
    ip('netns', 'add', name);
    ip('netns', 'del', name);
    return undefined;
  } catch {
    return 'needs root and iproute2 for a network namespace of its own';
  }
}

/** A pair of virtual interfaces, one of them in a namespace of its own. */
class Link {
  readonly peer: string;
  readonly #own: string;
  readonly #namespace: string;
  readonly #there: string;

  private constructor(number: number) {
    this.#namespace = `hw-${number}`;
    this.#there = `hwb${number}`;
    // Of the block for tests of devices, RFC 2544.
    const net = `198.18.${number % 250}`;
    this.#own = `${net}.1`;
    this.peer = `${net}.2`;
    ip('netns', 'add', this.#namespace);
    ip('link', 'add', `hwa${number}`, 'type', 'veth', 'peer', 'name', this.#there, 'netns', this.#namespace);
    ip('address', 'add', `${this.#own}/24`, 'dev', `hwa${number}`);
    ip('link', 'set', `hwa${number}`, 'up');
    ip('-n', this.#namespace, 'address', 'add', `${this.peer}/24`, 'dev', this.#there);
    ip('-n', this.#namespace, 'link', 'set', this.#there, 'up');
  }

  static create(): Link {
    return new Link(process.pid % 100_000);
  }

  /** A client in the namespace that reads as fast as it comes. */
  follow(port: number) {
    const headers = JSON.stringify({ 'x-principal': 'victim' });
    const program = `require('http').get('http://${this.#own}:${port}/events?channels=dark', { headers: ${headers} }, (r) => r.resume())`;
    return spawn('ip', ['netns', 'exec', this.#namespace, process.execPath, '-e', program], { stdio: 'ignore' });
  }

  /** What is sent from here on disappears. */
  cut(): void {
    ip('-n', this.#namespace, 'link', 'set', this.#there, 'down');
  }

  remove(): void {
    ip('netns', 'del', this.#namespace);
  }
}
