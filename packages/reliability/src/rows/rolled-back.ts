/**
 * Rows 10 and 37: an older copy takes the place of the log. Who was within what is lost is told; who was below it goes on; nobody
 * keeps lost messages as history. Where the store has a server, processes and clients stay connected meanwhile.
 */
import { until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';
import type { Reader, Trial } from '../trial.js';

const CHANNELS = ['a', 'b'];

export const tailLoss = define(
  'tail-loss',
  'of a log that loses its newest entries',
  { lost: 50, after: 200 },
  { lost: 50, after: 200 },
);

export const backupRestore = define(
  'backup-restore',
  'of a log that is restored from an older copy',
  { lost: 30, after: 60 },
  { lost: 300, after: 500 },
);

interface Loss {
  readonly [name: string]: number;
  readonly lost: number;
  readonly after: number;
}

function define(name: string, what: string, short: Loss, full: Loss) {
  return defineRow({
    name,
    promise: `the clients ${what} are reset if they had seen what is lost, and resume exactly if they had not`,
    needs: ['durable'],
    short: { base: 50, ...short },
    full: { base: 5_000, ...full },
    async run(trial, { base, lost, after }) {
      await trial.serve({ hub: { headCheckMs: 500 } });
      if (trial.kind.isShared) await trial.serve({ hub: { headCheckMs: 500 } });
      const early = await trial.read({ channels: CHANNELS });
      const older = await trial.publish(base, CHANNELS);
      await trial.judge();
      const below = early.follower.lastEventId;
      early.follower.close();
      await trial.service.copy();
      const [stays, leaves, elsewhere] = await Promise.all([
        trial.read({ channels: CHANNELS, lastEventId: below }),
        trial.read({ channels: CHANNELS, lastEventId: below }),
        trial.read({ channels: CHANNELS, lastEventId: below, url: () => lastServer(trial).stream(CHANNELS) }),
      ]);
      const gone = new Set(await trial.publish(lost, CHANNELS));
      for (const reader of [stays, leaves, elsewhere]) {
        await until('what will be lost', () => reader.diary.received.length === lost);
      }
      leaves.follower.close();
      await goBack(trial);
      const kept = await trial.publish(after, CHANNELS);
      const late = await trial.read({ channels: CHANNELS, lastEventId: leaves.follower.lastEventId });
      const old = await trial.read({ channels: CHANNELS, lastEventId: below });
      const reasons: string[] = [];
      for (const reader of [stays, elsewhere, late]) reasons.push(await mustStartAgain(reader, [...older, ...kept]));
      await until('what followed', () => old.diary.last >= seqOf(kept.at(-1) as string));
      if (old.follower.resets.length > 0) throw new Error('Who had seen nothing of what is lost was reset');
      mustHave(old, kept, gone);
      return {
        base,
        lost,
        after,
        'reset who stayed': reasons[0] as string,
        'on the other process': reasons[1] as string,
        'who was away': reasons[2] as string,
        'resumed from below': 1,
        'passed over': 0,
      };
    },
  });
}

function lastServer({ servers }: Trial) {
  return servers.at(-1) as (typeof servers)[number];
}

async function goBack({ kind, service, servers }: Trial): Promise<void> {
  if (kind.isEmbedded) await Promise.all(servers.map((server) => server.kill()));
  await service.restore();
  if (kind.isEmbedded) for (const server of servers) await server.restart();
  for (const server of servers) await server.ready();
}

/** After its one reset a client has the whole log as it is now, and so nothing of what is lost. Resolves to why it was reset. */
async function mustStartAgain({ name, diary, follower }: Reader, log: readonly string[]): Promise<string> {
  await until(
    () => `${name} to have the log again; resets: ${follower.resets.length}, received: ${diary.received.length}`,
    () => follower.resets.length > 0 && diary.received.at(-1)?.id === log.at(-1),
  );
  const [reset, another] = follower.resets;
  if (!reset || another) throw new Error(`${name} had ${follower.resets.length} resets`);
  if (reset.reason !== 'rollback' && reset.reason !== 'epoch') throw new Error(`${name} was reset: ${reset.reason}`);
  const history = diary.received.slice(-log.length).map(({ id }) => id);
  if (history.join() !== log.join()) throw new Error(`${name} does not have the log as it is now`);
  return reset.reason;
}

function mustHave({ diary, name }: Reader, kept: readonly string[], gone: ReadonlySet<string>): void {
  const ids = diary.received.map(({ id }) => id);
  if (ids.join() !== kept.join()) throw new Error(`${name} got ${ids.length}, not the ${kept.length} that followed`);
  if (ids.some((id) => gone.has(id))) throw new Error(`${name} got something that is lost`);
}
