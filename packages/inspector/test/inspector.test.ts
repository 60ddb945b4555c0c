import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { createHub } from '@headwater/core';
import { collect } from '@headwater/testing';
import { describe, expect, it } from 'vitest';
import { inspectorHandler } from '../src/index.js';
import { expressSite, fastifySite, follow, SITES } from './site.js';

// biome-ignore lint/suspicious/noExplicitAny: what comes is compared as a whole
const json = async (url: string): Promise<any> => (await fetch(url)).json();

describe.each(SITES)('the inspector in %s', (_name, serve) => {
  it('is behind what the application puts before it, every part of it', async () => {
    const { page } = await serve({ token: 'secret' });
    for (const path of ['', 'main.js', 'feed', 'overview.json', 'connections.json', 'resume.json?id=x&channels=a']) {
      expect([path, (await fetch(page + path)).status]).toEqual([path, 401]);
    }
    expect((await fetch(page, { headers: { cookie: 'token=secret' } })).status).toBe(200);
  });

  it('serves its files, and nothing else', async () => {
    const { page, url } = await serve();
    const bare = await fetch(`${url}/sse-inspector`, { redirect: 'manual' });
    expect([bare.status, bare.headers.get('location')]).toEqual([302, './sse-inspector/']);
    const html = await (await fetch(page)).text();
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file as string);
    for (const file of files) expect([file, (await fetch(page + file)).status]).toEqual([file, 200]);
    expect(files).toHaveLength(4);
    for (const path of ['nothing', '../package.json', '%2e%2e/package.json', 'constructor', '__proto__']) {
      expect((await fetch(page + path)).status).toBe(404);
    }
    expect((await fetch(page, { method: 'HEAD' })).headers.get('content-type')).toBe('text/html; charset=utf-8');
  });

  it('allows nothing inline, no frame, no other site', async () => {
    const { page } = await serve();
    const { headers } = await fetch(page);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(await (await fetch(page)).text()).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=|https?:\/\//);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('access-control-allow-origin')).toBeNull();
    // Not by fetch, which says by itself in which mode it is.
    const statusOf = async (path: string, sent: Record<string, string>) => {
      const [response] = (await once(get(page + path, { headers: sent }), 'response')) as [IncomingMessage];
      response.destroy();
      return response.statusCode;
    };
    for (const path of ['overview.json', 'feed', 'main.js']) {
      expect(await statusOf(path, { 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await statusOf(path, { 'sec-fetch-site': 'same-site' })).toBe(403);
      expect(await statusOf(path, { origin: 'https://evil.example' })).toBe(403);
    }
    expect(await statusOf('overview.json', { 'sec-fetch-site': 'same-origin', origin: new URL(page).origin })).toBe(
      200,
    );
    // A link from a chat.
    expect(await statusOf('', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(200);
    // Fastify has no route for it and does not ask us.
    expect([404, 405]).toContain((await fetch(page, { method: 'POST' })).status);
  });

  it('shows connections, channels and events as they are', async () => {
    const site = await serve();
    const { hub, page } = site;
    await Promise.all([follow(site, 1), follow(site, 2), follow(site, 3, 'old.1')]);
    const { id } = await hub.publish('news', { event: 'story', data: '<img src=x onerror=alert(1)>' });
    const all = await json(`${page}connections.json`);
    expect(all).toMatchObject({ total: 3, isPartial: false });
    expect(all.connections[0]).toMatchObject({
      address: '127.0.0.1',
      route: '/users/:id/news',
      isLive: true,
      behind: 0,
    });
    expect(await json(`${page}connections.json?find=user-2&limit=1`)).toMatchObject({
      total: 1,
      connections: [{ principal: 'user-2', channels: ['news', 'user:2'] }],
    });
    const { channels } = await json(`${page}channels.json`);
    expect(channels[0]).toMatchObject({ name: 'news', followers: 3, floor: 0, head: { id, seq: 1 } });
    const { events } = await json(`${page}events.json?channel=news`);
    expect(events).toMatchObject([{ id, event: 'story', data: '<img src=x onerror=alert(1)>', isCut: false }]);
    const { resets, failures } = await json(`${page}overview.json`);
    expect(resets).toMatchObject([{ what: 'epoch', detail: 'news: earliest, user:3: earliest' }]);
    expect(failures).toEqual([]);
  });

  it('tries to resume from any id, and changes nothing by it', async () => {
    const { hub, page } = await serve();
    const { id } = await hub.publish('news', '1');
    await hub.publish('news', '2');
    const before = hub.stats();
    const tried = (from: string) => json(`${page}resume.json?${new URLSearchParams({ id: from, channels: 'news' })}`);
    expect(await tried(id)).toMatchObject({ outcome: 'resumed', events: 1, seq: 1, head: 2 });
    expect(await tried('zzzzzzzz.9')).toMatchObject({ outcome: 'reset', reason: 'epoch', events: 2 });
    expect(await tried('\u0000<script>')).toMatchObject({ outcome: 'reset', reason: 'malformed' });
    expect(hub.stats()).toEqual(before);
  });

  it('answers wrong questions with 400', async () => {
    const { page } = await serve();
    const paths = ['connections.json?limit=501', 'connections.json?offset=-1', 'events.json', 'resume.json?id=a'];
    for (const path of [...paths, 'events.json?channel=a%20b', 'resume.json?id=a&channels=a%20b']) {
      const response = await fetch(page + path);
      expect([path, response.status, (await response.text()).length > 10]).toEqual([path, 400, true]);
    }
  });

  it('streams the overview without being a connection of the hub, and ends with it', async () => {
    const site = await serve();
    const { hub, page } = site;
    const feed = await collect(`${page}feed`);
    const { stats, health, store } = (await feed.until('overview')).json<Record<string, Record<string, unknown>>>();
    expect(stats).toMatchObject({ connections: 0, subscriptions: 0, admitted: 0 });
    expect(health).toMatchObject({ ready: true });
    expect(store).toMatchObject({ isReachable: true, head: 0 });
    expect(hub.connections.size).toBe(0);
    // Also where nobody thinks of the inspector.
    await hub.close();
    const last = await feed.until(({ data }) => data.includes('"detail":"closed"'));
    expect(last.json()).toMatchObject({ health: { live: false, ready: false }, store: { isReachable: false } });
    await feed.closed;
  });

  it('shows no events where it is told not to', async () => {
    const { hub, page } = await serve({ events: false });
    await hub.publish('news', 'secret');
    expect((await fetch(`${page}events.json?channel=news`)).status).toBe(400);
    expect(await (await fetch(`${page}channels.json`)).text()).not.toContain('secret');
  });
});

describe('failures', () => {
  it('are kept, escaped, and leave process warnings as they are', async () => {
    const site = await expressSite({ hub: createHub({ maxConnections: 1 }) });
    await follow(site, 1);
    await (await collect(`${site.url}/users/2/news`)).closed;
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    site.hub.observe({
      published: () => {
        throw new Error('bad\nobserver');
      },
    });
    await site.hub.publish('news', 'x');
    expect((await warned).message).toContain('bad\nobserver');
    const { failures } = await json(`${site.page}overview.json`);
    expect(failures).toMatchObject([
      { no: 1, what: 'refused', detail: 'too many connections' },
      { no: 2, what: 'observer', detail: 'bad\\nobserver' },
    ]);
  });

  it('of the arguments are errors at once', async () => {
    expect(() => inspectorHandler({} as never)).toThrow(/createHub/);
    expect(() => inspectorHandler(createHub(), { token: 'x' } as never)).toThrow(/Unknown option "token"/);
    await expect(fastifySite({ hub: {} as never })).rejects.toThrow(/createHub/);
  });
});
