import { once } from 'node:events';
import { get, type IncomingMessage, type ServerResponse } from 'node:http';
import { PassThrough, Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { collect } from '../src/index.js';
import { serve, stream } from './serve.js';

async function answered(url: string): Promise<IncomingMessage> {
  const [response] = await once(get(url, { agent: false }), 'response');
  return response as IncomingMessage;
}

describe('collect with a URL', () => {
  it('resolves at the head, and collects what follows', async () => {
    let response: ServerResponse | undefined;
    const { url } = await serve((_request, res) => {
      response = stream(res);
    });
    const events = await collect(url);
    expect(events).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' }, events: [] });
    response!.write('data: a\nid: 1\n\n');
    expect(await events.next()).toMatchObject({ data: 'a', id: '1' });
    response!.end('data: b\n\n');
    expect(await events.take(1)).toMatchObject([{ data: 'b', lastEventId: '1' }]);
    expect(await events.closed).toEqual({ reason: 'end' });
  });

  it('sends method, headers, body and Last-Event-ID', async () => {
    const { url } = await serve(async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      const { accept, authorization, 'last-event-id': id } = request.headers;
      stream(response, `data: ${[request.method, accept, authorization, id, body]}\n\n`);
    });
    const options = { method: 'POST', headers: { authorization: 'Basic x' }, body: 'hello', lastEventId: 'a.7' };
    const events = await collect(new URL(url), options);
    expect((await events.next()).data).toBe('POST,text/event-stream,Basic x,a.7,hello');
    await events.close();
  });

  it('leaves no connection behind, whether this side closed or the server ended', async () => {
    const { url, allGone } = await serve((request, response) => {
      stream(response, 'data: a\n\n');
      if (request.url === '/end') response.end();
    });
    const [open, ended] = await Promise.all([collect(url), collect(`${url}/end`)]);
    await Promise.all([open.next(), ended.closed]);
    await open.close();
    expect(await allGone()).toBe(0);
  });

  it('makes the server see the client go', async () => {
    const gone = deferred();
    const { url } = await serve((_request, response) => {
      stream(response).on('close', gone.resolve);
    });
    await (await collect(url)).close();
    await gone.promise;
  });

  it('shows bad statuses and content types instead of throwing', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json', 'set-cookie': ['a=1', 'b=2'] }).end('{"no":1}');
    });
    const events = await collect(url);
    expect(events.status).toBe(404);
    expect(events.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    await expect(events.next()).rejects.toThrow(
      `Cannot wait for an event: the stream has ended. GET ${url}/ (404, application/json) is over. ` +
        'Received 0 events, 0 comments, 8 bytes\n  without a blank line yet: {"no":1}',
    );
  });

  it('ends at once where there is no body', async () => {
    const { url } = await serve((_request, response) => void response.writeHead(204).end());
    const events = await collect(url, { method: 'HEAD' });
    expect(events.status).toBe(204);
    expect(await events.closed).toEqual({ reason: 'end' });
    expect(events.raw).toHaveLength(0);
  });

  it('leaves content codings to fetch', async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' });
      response.end(gzipSync('data: a\n\n'));
    });
    expect(await (await collect(fetch(url))).next()).toMatchObject({ data: 'a' });
    const events = await collect(url);
    await events.closed;
    expect(events.raw).toEqual(gzipSync('data: a\n\n'));
  });

  it('tells a cut from an end', async () => {
    const { url } = await serve((_request, response) => {
      stream(response).write('data: a\n\ndata: b', () => response.destroy());
    });
    const events = await collect(url);
    expect(await events.closed).toMatchObject({ reason: 'cut', error: expect.any(Error) });
    expect(events.text).toBe('data: a\n\ndata: b');
    expect(events.events).toHaveLength(1);
  });

  it('says why it cannot connect', async () => {
    const { url, server } = await serve(() => {});
    await new Promise((closed) => server.close(closed));
    await expect(collect(url)).rejects.toThrow(`Cannot open GET ${url}/: connect ECONNREFUSED`);
  });

  it('rejects and hangs up where there is no head within timeoutMs, even under fake timers', async () => {
    const { url, allGone } = await serve(() => {});
    vi.useFakeTimers();
    try {
      const reason = `Waited 20 ms in vain for the head of ${url}: the server has sent no headers yet`;
      await expect(collect(url, { timeoutMs: 20 })).rejects.toThrow(reason);
    } finally {
      vi.useRealTimers();
    }
    expect(await allGone()).toBe(0);
  });
});

describe('collect with a response', () => {
  it('reads a fetch Response, or the promise of one, and hangs up', async () => {
    const gone: Promise<unknown>[] = [];
    const { url } = await serve((_request, response) => {
      gone.push(once(stream(response, 'data: a\n\n'), 'close'));
    });
    const fromResponse = await collect(await fetch(url));
    const fromPromise = await collect(fetch(`${url}/b`));
    expect(await fromResponse.next()).toMatchObject({ data: 'a' });
    expect(await fromPromise.next()).toMatchObject({ data: 'a' });
    await Promise.all([fromResponse.close(), fromPromise.close()]);
    await Promise.all(gone);
    expect(gone).toHaveLength(2);
  });

  it('gives the headers of a fetch Response as those of node:http', async () => {
    const headers = { 'Content-Type': 'text/event-stream', 'set-cookie': ['a=1', 'b=2'] };
    const { url } = await serve((_request, response) => void response.writeHead(200, headers).end());
    const [fetched, asked] = await Promise.all([collect(fetch(url)), collect(url)]);
    expect(fetched.headers).toMatchObject({ 'content-type': 'text/event-stream', 'set-cookie': ['a=1', 'b=2'] });
    expect(Object.keys(asked.headers)).toEqual(expect.arrayContaining(['content-type', 'set-cookie']));
  });

  it('hears of a broken fetch Response', async () => {
    const { url } = await serve((_request, response) => {
      stream(response).write('data: a\n\ndata: b', () => response.destroy());
    });
    const events = await collect(fetch(url));
    expect(await events.closed).toMatchObject({ reason: 'cut', error: { message: 'other side closed' } });
  });

  it('reads an IncomingMessage', async () => {
    const { url, allGone } = await serve((_request, response) => void stream(response, 'data: a\n\n'));
    const events = await collect(await answered(`${url}/news`));
    expect(events).toMatchObject({ status: 200, headers: { 'content-type': 'text/event-stream' } });
    expect(await events.next()).toMatchObject({ data: 'a' });
    await events.close();
    expect(await allGone()).toBe(0);
  });

  it('hears of a broken IncomingMessage', async () => {
    let response: ServerResponse | undefined;
    const { url } = await serve((_request, res) => {
      response = stream(res);
    });
    const events = await collect(await answered(url));
    response!.destroy();
    expect(await events.closed).toMatchObject({ reason: 'cut' });
  });

  it('closes a response that comes too late', async () => {
    const late = new PassThrough();
    const later = deferred<PassThrough>();
    await expect(collect(later.promise, { timeoutMs: 20 })).rejects.toThrow('the head of the response');
    later.resolve(late);
    await once(late, 'close');
  });

  it('reads text from a Readable', async () => {
    const events = await collect(Readable.from(['data: a\n', '\ndata: ü\n\n']));
    expect(await events.take(2)).toMatchObject([{ data: 'a' }, { data: 'ü' }]);
  });

  it('refuses what was read already, and what it does not know', async () => {
    const used = new Response('data: a\n\n');
    await used.text();
    await expect(collect(used)).rejects.toThrow('Cannot collect the Response: its body is already being read');
    const read = Readable.from(['data: a\n\n']);
    await read.toArray();
    await expect(collect(read)).rejects.toThrow('Cannot collect the Readable: it has already been read');
    await expect(collect({ text: 'data: a' } as unknown as Response)).rejects.toThrow(
      'Cannot collect this: give a URL',
    );
    await expect(collect('nowhere')).rejects.toThrow(TypeError);
  });

  it('hears of a Readable that was destroyed before', async () => {
    const events = await collect(new PassThrough().destroy());
    expect(await events.closed).toMatchObject({ reason: 'cut' });
  });
});

function deferred<T = void>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
