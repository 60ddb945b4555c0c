/** Row 9: the log is gone, and a new one has grown past the places of the old one. */
import { until } from '../harness/wait.js';
import { seqOf } from '../oracle/ledger.js';
import { defineRow } from '../row.js';
import type { Reader } from '../trial.js';

export const wiped = defineRow({
  name: 'wiped',
  promise:
    'an id of a log that was wiped is a reset, also where the new log has grown past its place: nobody takes the new history for the old',
  needs: ['durable'],
  short: { before: 20, after: 40 },
  full: { before: 1_000, after: 2_000 },
  async run(trial, { before, after }) {
    const { isEmbedded } = trial.kind;
    const server = await trial.serve({ hub: { headCheckMs: 500 } });
    const away = await trial.read({ channels: ['a'] });
    const stays = await trial.read({ channels: ['a'] });
    await trial.publish(before, ['a']);
    await trial.judge();
    const { lastEventId } = away.follower;
    away.follower.close();
    if (isEmbedded) await server.kill();
    await trial.service.wipe();
    if (isEmbedded) await server.restart();
    await server.ready();
    const fresh = new Set(await trial.publish(after, ['a']));
    const back = await trial.read({ channels: ['a'], lastEventId });
    for (const [who, reader, from] of [
      ['the one that was away', back, 0],
      ['the one that stayed', stays, before],
    ] as const) {
      await until(`${who} to have all`, () => reader.diary.received.length >= from + fresh.size);
      mustBeFresh(who, reader, from, fresh);
    }
    const reasonOf = ({ follower }: Reader) => follower.resets.map(({ reason }) => reason).join();
    if (reasonOf(back) !== 'epoch') throw new Error(`The one that was away was reset because of ${reasonOf(back)}`);
    return { before, after, 'reset of who was away': reasonOf(back), 'reset of who stayed': reasonOf(stays), wrong: 0 };
  },
});

/** After its reset: the new log, whole and in order, and nothing else. */
function mustBeFresh(who: string, { diary, follower }: Reader, from: number, fresh: ReadonlySet<string>): void {
  const after = diary.received.slice(from);
  const seqs = after.map(({ id }) => seqOf(id));
  const isOrdered = seqs.every((seq, index) => index === 0 || seq > (seqs[index - 1] as number));
  if (follower.resets.length !== 1) throw new Error(`${who} had ${follower.resets.length} resets`);
  if (after.length !== fresh.size || !isOrdered || after.some(({ id }) => !fresh.has(id))) {
    throw new Error(`${who} got ${after.length} events, not the ${fresh.size} of the new log in order`);
  }
}
