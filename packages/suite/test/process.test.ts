/** C14, and promises that nobody awaits: what an application's process sees. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildChildren, removeChildren, runChild } from './kit/child.js';
import { PLAIN_LEGS } from './kit/legs.js';
import { onEach } from './kit/on-each.js';

beforeAll(() => buildChildren(['draining', 'exit', 'floating', 'idle']));
afterAll(removeChildren);

/** In the order of the alphabet. */
const SOURCES = ['publish', 'publish', 'publish', 'snapshot', 'source', 'subscribe', 'subscribe'];

onEach(PLAIN_LEGS, (leg) => {
  const orders = leg.framework === 'fastify' ? ['framework, then hub', 'framework'] : ['hub, then framework'];

  it.each(orders)('C14 a process ends by itself once its application was closed (%s)', async (order) => {
    expect(await runChild('exit', leg.name, order)).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  });

  it('floating promises that reject never end the process, and the observers are told', async () => {
    const ended = await runChild('floating', leg.name, 'observed');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(ended.stdout)).toEqual({ heard: SOURCES });
  });
});

it('floating promises that reject never end the process, and are warnings where nobody listens', async () => {
  const { code, stdout, stderr } = await runChild('floating', PLAIN_LEGS[0]?.name ?? '', 'alone');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '{"heard":[]}\n' });
  expect(stderr.match(/HeadwaterWarning: Headwater \((\w+)\)/g)).toHaveLength(SOURCES.length);
});

it('C14 a process ends by itself though nobody has closed its hub', async () => {
  expect(await runChild('idle')).toEqual({ code: 0, stdout: 'published\n', stderr: '' });
});

it.each(['drain', 'close'])(
  'a process waits for its streams to end (%s), though no socket keeps it alive',
  async (way) => {
    expect(await runChild('draining', way)).toEqual({ code: 0, stdout: 'closed\n', stderr: '' });
  },
);
