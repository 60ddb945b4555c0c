/** Three servers that keep one log: what a majority has confirmed outlives any one of them. */
import { Recorder } from '@headwater/conformance';
import type { EpochStart } from '@headwater/core';
import { freePort, type NatsServer, startNats, until } from '@headwater/services';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, onTestFinished, test } from 'vitest';
import { begin, entry, open } from './kit.js';

/** The servers wait 4 to 9 seconds for a leader before they elect another one, and may have to do so twice. */
const ELECTION_MS = 30_000;

async function startCluster(): Promise<readonly NatsServer[]> {
  const ports = await Promise.all([freePort(), freePort(), freePort()]);
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
  const servers = await Promise.all(
    ports.map((port, i) =>
      startNats({
        config: `
          server_name: s${i}
          jetstream: { store_dir: "." }
          cluster: { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }
        `,
      }),
    ),
  );
  onTestFinished(async () => {
    await Promise.all(servers.map((server) => server.stop()));
  });
  return servers;
}

test('a log of three replicas goes on without the server that led it, with everything that was acknowledged', async () => {
  const servers = await startCluster();
  const urls = servers.map(({ url }) => url);
  const store = open({ servers: urls, replicas: 3, timeoutMs: 2_000 });
  const at = await until('the cluster has a leader', () => begin(store, 'e1'), ELECTION_MS);
  const follower = await Recorder.of(store, at);
  const acknowledged: number[] = [];
  let isOver = false;
  const { epoch, seq } = at;
  const publisher = async (name: string) => {
    for (let i = 0; !isOver; i++) {
      const [appended] = await store
        .append([entry('a', `${name} ${i}`, `${name} ${i}`)], { epoch, seq })
        .catch(() => []);
      if (appended) acknowledged.push(appended.seq);
      else await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  const publishers = Promise.all(['x', 'y'].map(publisher));
  await until('some are acknowledged', () => acknowledged.length > 50);
  const nc = await connect({ servers: urls });
  const { cluster } = await (await jetstreamManager(nc)).streams.info('HW_LOG_headwater');
  await nc.close();
  const leader = servers[Number(cluster?.leader?.slice(1))] as NatsServer;
  await leader.kill();
  const before = acknowledged.length;
  await until('another one leads', () => acknowledged.length > before + 50, ELECTION_MS);
  isOver = true;
  await publishers;
  await leader.restart();
  const { head, epochs } = await until('it is back', () => store.state(), ELECTION_MS);
  // Each time that the store has connected anew it began an epoch: what is found there may be an older copy.
  expect(epochs[0]).toEqual({ epoch: 'e1', start: 0 });
  for (const { start } of epochs.slice(1)) expect(start).toBeGreaterThan(acknowledged[50] as number);
  expect(acknowledged.filter((one) => one > head)).toEqual([]);
  const { entries } = await store.read(0, ['a'], 100_000);
  expect(entries.map(({ seq: one }) => one)).toEqual(Array.from({ length: head }, (_, i) => i + 1));
  expect(new Set(acknowledged).size).toBe(acknowledged.length);
  expect(follower.seqs).toEqual(Array.from({ length: follower.seqs.length }, (_, i) => i + 1));

  const last = Math.max(...acknowledged);
  const inForce = epochs.findLast(({ start }) => start <= last) as EpochStart;
  await store.append([entry('a', 'after')], { epoch: inForce.epoch, seq: last });
}, 90_000);
