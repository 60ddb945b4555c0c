import { describe, expect, test } from 'vitest';
import { label, unlabel, withTrace } from '../src/labels.js';
import type { Observer, PublishFollower } from '../src/observer.js';
import type { TraceContext } from '../src/trace-context.js';
import { world } from './helpers.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const TRACE = { traceparent: TRACEPARENT, tracestate: 'vendor=1' };

/** An observer that gives every publish a context, and notes what it is told. */
function follow(trace: unknown = TRACE) {
  const outcomes: unknown[] = [];
  const traces: unknown[] = [];
  const observer: Observer = {
    publishing: (entry) => ({
      trace: trace as TraceContext,
      stored: ({ id, duplicate }) => outcomes.push(['stored', entry.channel, entry.bytes, id, duplicate]),
      failed: (error) => outcomes.push(['failed', String(error)]),
    }),
    flushed: (flush) => traces.push(flush.traces),
    replayed: (_, part) => traces.push(part.traces),
  };
  return { outcomes, traces, observer };
}

describe('a trace context', () => {
  const body = Buffer.from('event: a\ndata: :%x\n');

  test.each([
    ['alone', { trace: TRACE }],
    ['without a state', { trace: { traceparent: TRACEPARENT } }],
    ['behind a region', { region: 'eu', trace: TRACE }],
  ])('%s goes before a body and comes off again', (_name, labels) => {
    expect(unlabel(label(body, labels))).toEqual({ region: undefined, ...labels, body });
  });

  test('is added to an entry that has a region, behind it: whoever knows only regions still finds it', () => {
    const entry = { channel: 'a', body: label(body, { region: 'eu' }), time: 1, key: 'k' };
    const traced = withTrace(entry, TRACE);
    expect({ ...traced, body: Buffer.from(traced.body).toString() }).toEqual({
      ...entry,
      body: `:@eu\n:%${TRACEPARENT} vendor=1\n${body}`,
    });
  });

  test.each([
    ['a line break', { traceparent: `${TRACEPARENT}\ndata: forged` }],
    ['upper case', { traceparent: TRACEPARENT.toUpperCase() }],
    ['an id of zeros', { traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }],
    ['no text', { traceparent: 5 as never }],
    ['a state with a line break', { traceparent: TRACEPARENT, tracestate: 'a=1\n' }],
    ['an empty state', { traceparent: TRACEPARENT, tracestate: '' }],
    ['a state that is too long', { traceparent: TRACEPARENT, tracestate: 'x'.repeat(513) }],
  ])('with %s is refused', (_name, trace) => {
    expect(() => label(body, { trace })).toThrow(TypeError);
  });
});

describe('a publish that an observer follows', () => {
  test('is stored with its context, which observers see again and clients do not', async () => {
    const { observer, outcomes, traces } = follow();
    const { hub, client, settle } = world({ observers: [observer] });
    const { id } = await hub.publish('news', 'first');
    await hub.publish('news', 'missed');
    const resumed = client({ lastEventId: id });
    resumed.connection.subscribe('news');
    await settle();
    await hub.publish('news', 'live');
    await settle();
    expect(resumed.data()).toEqual(['missed', 'live']);
    expect(resumed.transport.text).not.toContain('00-0af7');
    expect(outcomes[0]).toEqual(['stored', 'news', 'data: first\n'.length, id, false]);
    // What nobody live follows is in a flush, too, and no delivery.
    expect(traces).toEqual([undefined, [TRACE], [TRACE]]);
  });

  test('is told of a repetition, and of a failure', async () => {
    const { observer, outcomes } = follow();
    const { hub } = world({ observers: [observer, { error: () => {} }] });
    const { id } = await hub.publish('news', 'x', { key: 'k' });
    await hub.publish('news', 'x', { key: 'k' });
    await hub.close();
    await expect(hub.publish('news', 'late')).rejects.toThrow();
    expect(outcomes).toEqual([
      ['stored', 'news', 8, id, false],
      ['stored', 'news', 8, id, true],
      ['failed', expect.stringContaining('the hub is closed')],
    ]);
  });

  test('is followed by many; the first context counts', async () => {
    const [without, first, second] = [follow(null), follow(), follow({ traceparent: TRACEPARENT })];
    const { hub, client, settle } = world({ observers: [without.observer, first.observer, second.observer] });
    client().connection.subscribe('news');
    await settle();
    await hub.publish('news', 'x');
    await settle();
    expect([without, first, second].map(({ outcomes }) => outcomes.length)).toEqual([1, 1, 1]);
    expect(second.traces).toEqual([[TRACE]]);
  });

  test('is stored without a context that is none, and whatever its followers do', async () => {
    const errors: unknown[] = [];
    const broken = () => {
      throw new Error('broken');
    };
    const follower: PublishFollower = { stored: broken, failed: broken };
    const observers = [
      { publishing: broken, opening: broken },
      { publishing: () => follower },
      follow({ traceparent: 'forged\n\ndata: x\n\n' }).observer,
      { error: (error: unknown) => errors.push(String(error)) },
    ];
    const { hub, client, settle } = world({ observers });
    const { connection, data, transport } = client();
    connection.subscribe('news');
    await settle();
    await hub.publish('news', 'x');
    await settle();
    expect(data()).toEqual(['x']);
    expect(transport.text).not.toContain('forged');
    expect(errors).toEqual([
      'Error: broken',
      'Error: broken',
      'TypeError: traceparent cannot be "forged\\n\\ndata: x\\n\\n"',
      'Error: broken',
    ]);
    await hub.close();
    await expect(hub.publish('news', 'late')).rejects.toThrow(/closed/);
  });
});

describe('a stream that an observer follows', () => {
  function told() {
    const calls: string[] = [];
    const observer: Observer = {
      connecting: () => calls.push('connecting'),
      opening: () => void calls.push('opening'),
      opened: () => calls.push('opened'),
      abandoned: (_, { reason }) => calls.push(`abandoned ${reason}`),
      closed: (_, { reason }) => calls.push(`closed ${reason}`),
    };
    return { calls, observer };
  }

  test('is announced once, before it opens, and ends once', async () => {
    const { calls, observer } = told();
    const { client, settle } = world({ observers: [observer] });
    const { connection } = client();
    connection.open();
    connection.subscribe('a');
    await connection.send('x');
    await settle();
    connection.close();
    expect(calls).toEqual(['connecting', 'opening', 'opened', 'closed server']);
  });

  test('is abandoned where it never opens, and nothing where nobody asked for it', async () => {
    const { calls, observer } = told();
    const { client, settle } = world({ observers: [observer], maxConnections: 1 });
    client().transport.cut();
    expect(calls).toEqual([]);
    const reset = client({ lastEventId: 'old.1' });
    reset.connection.subscribe('a', { onReset: 'reject' }).catch(() => {});
    await settle();
    expect(calls.splice(0)).toEqual(['connecting', 'abandoned reset']);
    client().connection.open();
    client().connection.open();
    expect(calls).toEqual(['connecting', 'opening', 'opened', 'connecting', 'opening', 'abandoned limit']);
  });
});

describe('a stream that asks for traces', () => {
  const LINE = `: traceparent ${TRACEPARENT}\n`;

  test('gets a comment before each event of a trace, live and replayed, and nobody beside it does', async () => {
    let trace: TraceContext | null = TRACE;
    const observer = { publishing: () => ({ trace, stored: () => {}, failed: () => {} }) as PublishFollower };
    const { hub, client, settle } = world({ observers: [observer] });
    const { id } = await hub.publish('news', 'first');
    await hub.publish('news', 'missed');
    const filter = ({ data }: { data: string }) => data !== 'withheld';
    const [traced, linked, filtered, plain] = [
      { trace: true },
      { trace: true, prev: true },
      { trace: true, filter },
      { filter },
    ].map(({ prev, ...options }) => {
      const made = client({ lastEventId: id, ...(prev && { wishes: { prev } }) });
      made.connection.subscribe('news', options);
      return made;
    });
    await settle();
    await hub.publish('news', 'withheld');
    const live = await hub.publish('news', 'live');
    trace = null;
    await hub.publish('news', 'in no trace');
    await settle();
    for (const each of [traced, linked, filtered]) {
      const text = each?.transport.text ?? '';
      expect(text).toContain(`${LINE}data: live\nid: ${live.id}\n\n`);
      expect(text.split(LINE)).toHaveLength(each === filtered ? 3 : 4);
      expect(text.slice(text.indexOf('data: live'))).not.toContain(LINE);
    }
    expect(linked?.transport.text).toContain(`: news 3\n${LINE}data: live\nid: ${live.id}\n`);
    expect(plain?.transport.text).not.toContain('traceparent');
    expect(plain?.data()).toEqual(['missed', 'live', 'in no trace']);
    expect(filtered?.data()).toEqual(plain?.data());
    expect(traced?.data()).toEqual(['missed', 'withheld', 'live', 'in no trace']);
  });

  test('gets it within a repair, where the event itself has no id', async () => {
    const { observer } = follow();
    const { hub, client, settle } = world({ observers: [observer] });
    hub.channel('other', { snapshot: () => ({}) });
    await hub.publish('news', 'x');
    const { connection, transport } = client({ lastEventId: 'old.1' });
    connection.subscribe(['news', 'other'], { trace: true });
    await settle();
    expect(transport.text).toContain(`\n\n${LINE}data: x\n`);
  });

  test('says so by a boolean', () => {
    const { client } = world();
    expect(() => client().connection.subscribe('a', { trace: 'yes' as never })).toThrow(TypeError);
  });
});
