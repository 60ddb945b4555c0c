import { describe, expect, test } from 'vitest';
import { type Item, memoryStore, type Operation } from '../src/index.js';
import { toChange } from '../src/keyed.js';
import { changed, world } from './helpers.js';

interface Todo extends Item {
  readonly title?: string;
}

type Events = { todos: { message: Operation<Todo> } };

/** What a client holds after these events, folded as the protocol says. */
function fold(events: readonly { event: string; data: string }[]): Map<unknown, Todo> {
  const held = new Map<unknown, Todo>();
  for (const { event, data } of events) {
    if (event === 'sse.reset') held.clear();
    if (event === 'sse.snapshot') for (const item of JSON.parse(data).data as Todo[]) held.set(item.id, item);
    if (event !== 'message') continue;
    const { op, item } = JSON.parse(data) as Operation<Todo>;
    if (op === 'delete') held.delete(item.id);
    else held.set(item.id, item);
  }
  return held;
}

describe('a keyed channel', () => {
  test('gives a client whose history is gone all items as one snapshot, and what follows', async () => {
    const { client, hub, settle } = world({ store: memoryStore({ retention: { count: 2 } }) });
    const todos = hub.channel('todos', { keyed: true });
    await todos.publish({ data: { op: 'create', item: { id: 2, title: 'b' } } });
    await todos.publish({ data: { op: 'create', item: { id: 1, title: 'a' } } });
    await todos.publish({ data: { op: 'create', item: { id: 'x', title: 'c' } } });
    await todos.publish({ data: { op: 'update', item: { id: 1, title: 'A' } } });
    await todos.publish({ data: { op: 'delete', item: { id: 'x' } } });
    const { connection, transport } = client({ lastEventId: 'old.1' });
    connection.subscribe(todos);
    await settle();
    const snapshot = transport.events.find(({ event }) => event === 'sse.snapshot');
    expect(snapshot).toMatchObject({
      data: '{"channel":"todos","data":[{"id":1,"title":"A"},{"id":2,"title":"b"}]}',
      id: hub.health().head,
    });
    await todos.publish({ data: { op: 'update', item: { id: 2, title: 'B' } } });
    await settle();
    expect([...fold(transport.events).values()]).toEqual([
      { id: 1, title: 'A' },
      { id: 2, title: 'B' },
    ]);
  });

  test('without any operation yet has an empty snapshot', async () => {
    const { client, hub, settle } = world();
    hub.channel('todos', { keyed: true });
    const { connection, transport } = client({ lastEventId: 'old.1' });
    connection.subscribe('todos');
    await settle();
    const snapshot = transport.events.find(({ event }) => event === 'sse.snapshot');
    expect(snapshot?.data).toBe('{"channel":"todos","data":[]}');
  });

  test('does not apply an operation twice that came twice with one key', async () => {
    const { hub } = world();
    const todos = hub.channel('todos', { keyed: true });
    await todos.publish({ data: { op: 'create', item: { id: 1 } } }, { key: 'k' });
    await todos.publish({ data: { op: 'delete', item: { id: 1 } } });
    expect(await todos.publish({ data: { op: 'create', item: { id: 1 } } }, { key: 'k' })).toMatchObject({
      duplicate: true,
    });
    const result = await hub.sync({ channels: ['todos'], after: 'old.1' });
    expect(result.snapshots).toEqual([{ channel: 'todos', data: [] }]);
  });

  test('gives way to a provider of its own', async () => {
    const { client, hub, settle } = world();
    hub.channel('todos', { keyed: true, snapshot: () => 'own' });
    await hub.publish('todos', { data: { op: 'create', item: { id: 1 } } });
    const { connection, transport } = client({ lastEventId: 'old.1' });
    connection.subscribe('todos');
    await settle();
    expect(transport.events.find(({ event }) => event === 'sse.snapshot')?.data).toBe(
      '{"channel":"todos","data":"own"}',
    );
  });

  test.each([
    ['text'],
    [undefined],
    [{ op: 'create' }],
    [{ op: 'make', item: { id: 1 } }],
    [{ op: 'create', item: {} }],
    [{ op: 'create', item: { id: '' } }],
    [{ op: 'create', item: { id: Number.NaN } }],
    [{ op: 'create', item: { id: 'x'.repeat(201) } }],
    [{ op: 'create', item: { id: '\ud800' } }],
    [{ op: 'delete', item: null }],
  ])('refuses %j, and nothing is published', async (data) => {
    const { hub } = world();
    hub.channel('todos', { keyed: true });
    await hub.ready();
    const { head } = hub.health();
    expect(() => hub.publish('todos', { data })).toThrow(TypeError);
    expect(hub.health().head).toBe(head);
  });

  test('needs a store that keeps items', () => {
    const store = memoryStore();
    const without = changed(store, { supports: { ...store.supports, items: false } });
    const { hub } = world({ store: without });
    expect(() => hub.channel('todos', { keyed: true })).toThrow('supports.items');
    expect(() => hub.channel('todos', { keyed: 'yes' as never })).toThrow('keyed must be a boolean');
  });

  test('types its operations', () => {
    const typed: Operation<Todo> = { op: 'delete', item: { id: 1 } };
    expect(toChange('todos', typed)).toEqual({ id: '1', json: undefined });
    // @ts-expect-error an operation that does not exist
    const wrong: Events['todos']['message'] = { op: 'remove', item: { id: 1 } };
    expect(() => toChange('todos', wrong)).toThrow(TypeError);
  });
});
