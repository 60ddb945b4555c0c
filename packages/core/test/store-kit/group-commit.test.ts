import { describe, expect, test } from 'vitest';
import type { Appended, NewEntry } from '../../src/index.js';
import { type AppendCall, GroupCommit, type Outcome } from '../../src/store-kit/index.js';

const AT = { epoch: 'e', seq: 0 };
const entry = (size = 1): NewEntry => ({ channel: 'a', body: new Uint8Array(size), time: 0 });

/** Commits that wait until the test lets them go. */
function gated() {
  const groups: {
    calls: readonly AppendCall[];
    done: (outcomes: readonly Outcome[]) => void;
    fail: (e: Error) => void;
  }[] = [];
  const commit = new GroupCommit((calls) => new Promise((done, fail) => groups.push({ calls, done, fail })));
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { groups, commit, turn };
}

const answer = (calls: readonly AppendCall[]): Appended[][] =>
  calls.map(({ entries }, call) => entries.map((_, i) => ({ epoch: 'e', seq: call * 100 + i, duplicate: false })));

describe('GroupCommit', () => {
  test('commits the calls of one turn together, and what comes meanwhile together after them', async () => {
    const { groups, commit, turn } = gated();
    const first = [commit.append([entry()], AT), commit.append([entry(), entry()], AT)];
    await turn();
    const later = [commit.append([entry()], AT), commit.append([entry()], AT)];
    await turn();
    expect(groups.map(({ calls }) => calls.length)).toEqual([2]);
    groups[0]?.done(answer(groups[0].calls));
    expect((await Promise.all(first)).map((appended) => appended.map(({ seq }) => seq))).toEqual([[0], [100, 101]]);
    await turn();
    expect(groups.map(({ calls }) => calls.length)).toEqual([2, 2]);
    groups[1]?.done(answer(groups[1].calls));
    await Promise.all(later);
  });

  test('joins whoever comes late with those who are answered meanwhile and call again', async () => {
    const { groups, commit, turn } = gated();
    let isOver = false;
    const calls: Promise<void>[] = [];
    const callAgainAndAgain = async () => {
      while (!isOver) await commit.append([entry()], AT);
    };
    for (let i = 0; i < 63; i++) calls.push(callAgainAndAgain());
    await turn();
    calls.push(callAgainAndAgain());
    for (let i = 0; i < 6; i++) {
      isOver = i >= 3;
      groups[i]?.done(answer(groups[i]?.calls ?? []));
      await turn();
      await turn();
    }
    await Promise.all(calls);
    expect(groups.map((group) => group.calls.length)).toEqual([63, 64, 64, 64]);
  });

  test('refuses one call and answers its neighbours', async () => {
    const { groups, commit, turn } = gated();
    const calls = [commit.append([entry()], AT), commit.append([entry()], AT), commit.append([entry()], AT)];
    await turn();
    groups[0]?.done([[{ epoch: 'e', seq: 1, duplicate: false }], new Error('fenced'), []]);
    const settled = await Promise.allSettled(calls);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('refuses every call of a commit that fails, and goes on with the next', async () => {
    const { groups, commit, turn } = gated();
    const lost = [commit.append([entry()], AT), commit.append([entry()], AT)];
    await turn();
    const next = commit.append([entry()], AT);
    groups[0]?.fail(new Error('disk'));
    for (const { status } of await Promise.allSettled(lost)) expect(status).toBe('rejected');
    await turn();
    groups[1]?.done(answer(groups[1].calls));
    expect(await next).toHaveLength(1);
  });

  test('bounds a commit by entries and by bytes, and never splits a call', async () => {
    const { groups, commit, turn } = gated();
    const all = [
      ...Array.from({ length: 600 }, () => commit.append([entry()], AT)),
      commit.append(
        Array.from({ length: 700 }, () => entry()),
        AT,
      ),
      commit.append([entry(900_000)], AT),
      commit.append([entry(900_000)], AT),
    ];
    for (let i = 0; i < 5; i++) {
      while (!groups[i]) await turn();
      groups[i]?.done(answer(groups[i]?.calls ?? []));
    }
    await Promise.all(all);
    expect(groups.map(({ calls }) => calls.length)).toEqual([512, 88, 1, 1, 1]);
  });
});
