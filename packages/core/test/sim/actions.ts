/** Actions: what can happen at any moment of a run. Each takes what it finds; where there is nothing for it, nothing happens. */
import type { Published } from '../../src/channel.js';
import { Broken } from './broken.js';
import type { Client, State } from './client.js';
import type { Process } from './process.js';
import type { Stream } from './stream.js';
import type { Place } from './truth.js';
import type { World } from './world.js';

type Action = (world: World) => string | undefined;

export const ACTIONS = {
  publish: (world) => publish(world, undefined),
  publishKeyed: (world) => publish(world, `key ${world.random.below(4)}`),
  connect,
  store: (world) => world.scheduler.step(),
  turn: (world) => {
    const process = world.random.pick(world.processes);
    const count = process.clock.runTurn();
    return count > 0 ? `${process.name} runs a turn` : undefined;
  },
  take: (world) => {
    const client = connected(world);
    return client && take(client, world.random.chance(0.5) ? world.random.between(1, 3) : 1_000);
  },
  pass: (world) => pass(world, world.random.between(1, 60)),
  passLong: (world) => pass(world, world.random.between(200, 1_500)),
  cut: (world) => {
    const client = connected(world);
    if (!client) return;
    // The last bytes may still have come, or a part of them.
    if (client.stream?.isPaused && world.random.chance(0.5))
      client.stream.transport.drain(world.random.between(1, 400));
    act(world, () => take(client, world.random.pick([0, 0, 1, 2, 1_000])));
    client.cut();
    return `${client.name} is cut, its id is ${client.cursor}`;
  },
  cutUnnoticed: (world) => {
    const client = connected(world);
    client?.cut('unnoticed');
    return client && `${client.name} is cut unnoticed, its id is ${client.cursor}`;
  },
  pause: (world) => {
    const client = connected(world);
    client?.stream?.pause();
    return client && `${client.name} is paused`;
  },
  drain: (world) => {
    const paused = world.clients.filter(({ stream }) => stream?.isPaused);
    if (paused.length === 0) return;
    const client = world.random.pick(paused);
    if (world.random.chance(0.4)) client.stream?.transport.drain(world.random.between(1, 300));
    else client.stream?.drain();
    return `${client.name} is drained`;
  },
  send: (world) => {
    const client = connected(world);
    if (!client?.stream?.connection.isOpen) return;
    client.stream.connection.send({ event: 'private', data: '.'.repeat(world.random.between(1, 500)) });
    return `${client.name} is sent something of its own`;
  },
  closeByServer: (world) => {
    const client = connected(world);
    // Before the headers it is for the application to answer.
    if (!client?.stream?.connection.isOpen) return;
    client.stream.connection.close();
    return `${client.name} is closed by the server`;
  },
  subscribe: (world) => {
    const client = world.random.pick(world.clients);
    const channel = world.random.pick(world.plan.channels);
    if (client.wanted.has(channel)) return;
    client.subscribe(channel, world.makeWanted(client.habits));
    return `${client.name} subscribes to ${channel}`;
  },
  unsubscribe: (world) => {
    const client = world.random.pick(world.clients);
    const channels = [...client.wanted.keys()];
    if (channels.length < 2) return;
    const channel = world.random.pick(channels);
    client.unsubscribe(channel);
    return `${client.name} unsubscribes from ${channel}`;
  },
  sweep: (world) => {
    world.shared.sweep();
    return 'the store sweeps';
  },
  saveSnapshot,
  saveGuessed,
  corrupt: (world) => {
    const client = world.random.pick(world.clients);
    if (client.stream || client.cursor === '') return;
    client.corrupt(world.random.pick(['junk', '7', `${client.cursor}x!`, 'x'.repeat(300)]));
    return `${client.name} comes back with a wrong id`;
  },
  loseTail: (world) => on(world, 'loses its tail', ({ port }) => port.loseTail()),
  skipEntry: (world) => on(world, 'will miss an entry', ({ port }) => port.skipEntry()),
  stall: (world) => on(world, 'gets nothing from its tail any more', ({ port }) => port.stall()),
  rollback: (world) => {
    const { seq } = world.truth.head;
    const toSeq = Math.max(
      0,
      seq - (world.random.chance(0.8) ? world.random.between(0, 6) : world.random.between(0, seq)),
    );
    const hidden = world.random.pick([0, 0.5, 1]);
    // A process that stands at or below the new head, or is about to, would be taken for one that is well.
    const ahead = world.processes.filter(({ port, head }) => port.leastPlace(head) > toSeq).map(({ port }) => port);
    world.shared.rollback(toSeq, (port) => ahead.includes(port) && world.random.chance(hidden));
    return `the log goes back from ${seq} to ${toSeq}`;
  },
  wipe: (world) => {
    const hidden = world.random.pick([0, 0.5, 1]);
    world.shared.wipe(() => world.random.chance(hidden));
    return 'the log is wiped';
  },
  restart: (world) => {
    const index = world.random.pick([0, 1] as const);
    const before = world.processes[index];
    // Killed: its clients are gone before it can say anything.
    if (world.random.chance(0.5))
      for (const client of world.clients) if (client.stream?.process === before) client.cut();
    world.restart(index);
    return `${before.name} ends, ${world.processes[index].name} begins`;
  },
} satisfies Record<string, Action>;

export type ActionName = keyof typeof ACTIONS;

/** Does something and notes it. False where there was nothing to do. */
export function act(world: World, action: Action): boolean {
  const what = action(world);
  if (what !== undefined) world.note(() => what);
  return what !== undefined;
}

export function take(client: Client, count: number): string | undefined {
  const { stream } = client;
  const before = stream?.taken;
  client.take(count);
  const end = client.stream ? '' : ', and that it is over';
  return before === stream?.taken && end === '' ? undefined : `${client.name} takes ${shown(stream, before)}${end}`;
}

export function connect(world: World): string | undefined {
  const away = world.clients.filter(({ stream }) => !stream);
  if (away.length === 0) return;
  const client = world.random.pick(away);
  const process = world.random.pick(world.processes);
  client.connect(process, world.random.chance(0.1));
  const channels = [...client.wanted].map(
    ([channel, { onReset = '-', from, onLag }]) => `${channel} ${onReset} ${from} ${onLag}`,
  );
  return `${client.name} connects to ${process.name} with ${client.cursor || 'no id'} for ${channels.join(', ')}`;
}

export function publish(world: World, key: string | undefined, process = world.random.pick(world.processes)): string {
  const channel = world.random.pick(world.plan.channels);
  const token = world.keys.push(key) - 1;
  const padding = world.random.chance(0.4) ? '.'.repeat(world.random.between(1, 400)) : '';
  process.publishing++;
  const done = () => void process.publishing--;
  process.hub
    .publish(channel, `#${token} ${padding}`, key === undefined ? {} : { key })
    .then((published) => acknowledged(world, channel, token, published))
    .catch((error) => {
      if (error instanceof Broken) world.failure ??= error;
      world.note(() => `    #${token} is not acknowledged: ${error.message}`);
    })
    .then(done);
  return `${process.name} publishes ${channel}#${token}`;
}

function acknowledged(world: World, channel: string, token: number, { id, duplicate }: Published): void {
  const place = world.truth.named(id);
  world.note(
    () => `    ${channel}#${token} is acknowledged as ${id} (${place.seq})${duplicate ? ', a duplicate' : ''}`,
  );
  const isSame = place.channel === channel && world.keys[place.token] === world.keys[token];
  const isRight = duplicate ? isSame && place.token !== token : place.token === token;
  if (!isRight) throw new Broken('P1', `${channel}#${token} was acknowledged as ${id}, where #${place.token} stands`);
}

function saveSnapshot(world: World): string | undefined {
  const { truth, random } = world;
  const place = truth.at(random.below(truth.head.seq + 1));
  if (!place || place.id === '') return;
  const channel = random.pick(world.plan.channels);
  const process = random.pick(world.processes);
  process.hub.saveSnapshot(channel, exactly(place), { at: place.id }).catch(() => {});
  return `${process.name} saves a snapshot of ${channel} at ${place.id}`;
}

function exactly({ no, seq }: Place): State {
  return { covers: no, from: seq };
}

/** An application that makes an id up: its snapshot is said to include what is still to come. The store must refuse, and at once. */
function saveGuessed({ truth: { head }, random, plan, shared }: World): string | undefined {
  const at = { epoch: head.id.split('.')[0] as string, seq: head.seq + random.between(1, 3) };
  const channel = random.pick(plan.channels);
  try {
    shared.log.saveSnapshot(channel, { at, data: JSON.stringify(exactly(head)), time: shared.now }, shared.now);
  } catch {
    return;
  }
  return `a snapshot of ${channel} at ${at.seq}, which is not there yet, is taken`;
}

function pass(world: World, ms: number): string {
  world.pass(ms);
  return `${ms} ms pass`;
}

function connected(world: World): Client | undefined {
  const here = world.clients.filter(({ stream }) => stream);
  return here.length > 0 ? world.random.pick(here) : undefined;
}

function on(world: World, what: string, run: (process: Process) => void): string {
  const process = world.random.pick(world.processes);
  run(process);
  return `${process.name} ${what}`;
}

function shown(stream: Stream | undefined, from = 0): string {
  const events = stream?.transport.events.slice(from, stream.taken) ?? [];
  return events
    .map(({ event, data, id }) => `${event === 'message' ? '' : event}${data.slice(0, 60).trim()}${id && `=${id}`}`)
    .join(' ');
}
