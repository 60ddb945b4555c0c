import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isDiagnosed } from '../src/diagnostics.js';
import type { DiagnosticsMessages, Hub } from '../src/index.js';
import { world } from './helpers.js';

/** What comes on a channel for one hub, until the test is done. */
function listen<Name extends keyof DiagnosticsMessages>(name: Name, of: () => Hub): DiagnosticsMessages[Name][] {
  const seen: DiagnosticsMessages[Name][] = [];
  const listener = (message: unknown) => {
    const typed = message as DiagnosticsMessages[Name];
    if (typed.hub === of()) seen.push(typed);
  };
  subscribe(name, listener);
  onTestFinished(() => void unsubscribe(name, listener));
  return seen;
}

describe('diagnostics channels', () => {
  it('tell of a stream from its opening to its end, without an observer', async () => {
    const { client, hub, settle } = world();
    const opened = listen('headwater:connection:open', () => hub);
    const resumed = listen('headwater:connection:resume', () => hub);
    const live = listen('headwater:connection:live', () => hub);
    const published = listen('headwater:message:publish', () => hub);
    const flushed = listen('headwater:hub:flush', () => hub);
    const closed = listen('headwater:connection:close', () => hub);
    const { connection } = client();
    connection.subscribe('news');
    await settle();
    const { id } = await hub.publish('news', 'x');
    await settle();
    connection.close({ detail: 'bye' });
    expect(opened).toEqual([{ hub, connection }]);
    expect(resumed).toEqual([{ hub, connection, resume: 'fresh', behind: 0 }]);
    expect(live).toEqual([{ hub, connection }]);
    expect(published).toEqual([{ hub, channel: 'news', id, bytes: 8, duplicate: false }]);
    expect(flushed).toMatchObject([{ frames: 1, writes: 1, events: 1 }]);
    expect(closed).toEqual([{ hub, connection, reason: 'server', detail: 'bye', durationMs: 0 }]);
  });

  it('tell of refusals, denials, resets, snapshots and lag', async () => {
    const { client, hub, settle } = world({ maxConnections: 2, origins: ['https://app.example'] });
    const refused = listen('headwater:connection:refuse', () => hub);
    const denied = listen('headwater:connection:deny', () => hub);
    const reset = listen('headwater:connection:reset', () => hub);
    const snapshot = listen('headwater:hub:snapshot', () => hub);
    const lagged = listen('headwater:connection:lag', () => hub);
    const slow = client({ lastEventId: 'old.1' });
    slow.connection.subscribe('news');
    await settle();
    expect(() => client({ origin: 'https://evil.example' }).connection.subscribe('news')).toThrow();
    client().connection.subscribe('news');
    client().connection.subscribe('news');
    slow.transport.pause();
    await hub.publish('news', 'x'.repeat(100_000));
    await settle();
    expect(refused).toMatchObject([{ why: 'too many connections' }]);
    expect(denied).toMatchObject([{ why: 'origin', detail: 'Origin "https://evil.example" is not allowed' }]);
    expect(reset).toMatchObject([{ connection: slow.connection, reason: 'epoch', channels: ['news'] }]);
    expect(snapshot).toMatchObject([{ channel: 'news', from: 'saved', found: false }]);
    expect(lagged).toEqual([{ hub, connection: slow.connection }]);
  });

  it('tell of errors, which still are process warnings where no observer hears them', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error) => void warnings.push(message);
    process.on('warning', onWarning);
    onTestFinished(() => void process.removeListener('warning', onWarning));
    const { client, hub, settle } = world();
    const errors = listen('headwater:error', () => hub);
    const { connection } = client();
    const filter = () => {
      throw new Error('bad filter');
    };
    connection.subscribe('news', { filter });
    await settle();
    await hub.publish('news', 'x');
    await settle();
    expect(errors).toMatchObject([{ hub, connection, source: 'filter', error: { message: 'bad filter' } }]);
    expect(warnings).toEqual([expect.stringContaining('bad filter')]);
  });

  it('are on only while somebody subscribes', () => {
    const listener = () => {};
    expect(isDiagnosed('flushed')).toBe(false);
    subscribe('headwater:hub:flush', listener);
    expect([isDiagnosed('flushed'), isDiagnosed('opened')]).toEqual([true, false]);
    unsubscribe('headwater:hub:flush', listener);
    expect(isDiagnosed('flushed')).toBe(false);
  });
});
