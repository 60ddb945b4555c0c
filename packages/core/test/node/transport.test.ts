import type * as http from 'node:http';
import { describe, expect, it, vi } from 'vitest';
import { textBatch } from '../../src/batch.js';
import { type NodeRequest, NodeTransport, type NodeTransportOptions } from '../../src/node/index.js';
import { connect, connectHttp2, serve, serveHttp2, until } from './wire.js';

const idle = (): void => {};

/** A transport for one request with that target and those headers, whose response is not touched. */
async function request(target: string, headers: string[] = ['Host: x'], options: Partial<NodeTransportOptions> = {}) {
  const { port, stream } = await serve(idle);
  connect(port).request(`GET ${target} HTTP/1.1`, headers);
  const { req, res } = await stream();
  return { req, res, transport: new NodeTransport(req, res, { fail: idle, ...options }) };
}

describe('NodeTransport', () => {
  it("hands over the framework's request, or its own", async () => {
    const own = await request('/');
    expect(own.transport.request).toBe(own.req);
    const framework = {};
    expect((await request('/', undefined, { request: framework })).transport.request).toBe(framework);
  });

  it('reads id and wishes from header and query, as often as asked', async () => {
    const { transport } = await request('/news?lastEventId=b.2&heartbeat=30,event&prev=1', [
      'Host: x',
      'Last-Event-ID: a.1',
    ]);
    for (let i = 0; i < 2; i += 1) {
      expect(transport.lastEventId).toBe('a.1');
      expect(transport.wishes).toMatchObject({ heartbeatSeconds: 30, heartbeatEvent: true, prev: true });
      expect(transport.isHead).toBe(false);
    }
    expect((await request('/news?lastEventId=b.2')).transport.lastEventId).toBe('b.2');
  });

  it('takes no id from the query under trustQuery: false', async () => {
    const { transport } = await request('/?lastEventId=b.2&prev=1', undefined, { trustQuery: false });
    expect(transport.lastEventId).toBeUndefined();
    expect(transport.wishes.prev).toBe(true);
  });

  it('takes a repeated header as it comes', async () => {
    const { transport } = await request('/', ['Host: x', 'Last-Event-ID: a.1', 'Last-Event-ID: b.2']);
    expect(transport.lastEventId).toBe('a.1, b.2');
  });

  it('counts by address, or by what the application says', async () => {
    expect((await request('/')).transport.clientKey).toBe('127.0.0.1');
    const clientKey = (req: NodeRequest) => String(req.headers['x-user']);
    expect((await request('/', ['Host: x', 'X-User: ann'], { clientKey })).transport.clientKey).toBe('ann');
    const { port, stream } = await serveHttp2(idle);
    (await connectHttp2(port)).request({ ':path': '/?heartbeat=7' });
    const { transport } = await stream();
    expect(transport.clientKey).toBe('127.0.0.1');
    expect(transport.wishes.heartbeatSeconds).toBe(7);
  });

  it.each([
    ['/', ['Host: [']],
    ['//', ['Host: x']],
    ['//?lastEventId=%zz', ['Host: ']],
    ['http://[/%00?lastEventId=%', ['Host: x:y:z']],
    ['/%E0%A4?%', ['Host: x', 'Accept: ;;;,"', 'Last-Event-ID: ']],
  ])('opens for the target %j and the headers %j', async (target, headers) => {
    const { port, stream } = await serve((opened) => {
      expect(() => [opened.transport.lastEventId, opened.transport.wishes]).not.toThrow();
      opened.open();
    });
    const client = connect(port).request(`GET ${target} HTTP/1.1`, headers);
    await stream();
    await client.sees('retry: 2000\n:\n');
  });
});

describe('NodeTransport.watch', () => {
  it('calls back once when the client leaves, and isAlive turns false', async () => {
    const { port, stream } = await serve(idle);
    const client = connect(port).request('GET / HTTP/1.1');
    const { transport } = await stream();
    const gone = vi.fn();
    transport.watch(gone);
    expect(transport.isAlive).toBe(true);
    client.socket.destroy();
    await until(() => gone.mock.calls.length > 0);
    expect(transport.isAlive).toBe(false);
    const late = vi.fn();
    transport.watch(late);
    expect(late).not.toHaveBeenCalled();
    await until(() => late.mock.calls.length > 0);
    expect(gone).toHaveBeenCalledOnce();
  });

  it('calls back once when an HTTP/2 client leaves', async () => {
    const { port, stream } = await serveHttp2(idle);
    const session = await connectHttp2(port);
    for (const method of ['GET', 'HEAD']) {
      const received = session.request({ ':path': '/', ':method': method });
      received.on('error', idle);
      const { transport } = await stream(method === 'GET' ? 0 : 1);
      const gone = vi.fn();
      transport.watch(gone);
      expect(transport.isAlive).toBe(true);
      received.close(8);
      await until(() => gone.mock.calls.length > 0);
      expect(transport.isAlive).toBe(false);
    }
  });

  it('leaves the end of an open stream to its sink', async () => {
    const gone = vi.fn();
    const { port, stream } = await serve((opened) => {
      opened.transport.watch(gone);
      opened.open();
      expect(opened.res.listenerCount('close')).toBe(1);
    });
    const client = connect(port).request('GET / HTTP/1.1');
    const opened = await stream();
    await client.head();
    client.socket.destroy();
    await until(() => opened.ends === 1);
    expect(gone).not.toHaveBeenCalled();
  });

  it('does not take a request for gone whose body has been read', async () => {
    const gone = vi.fn();
    const { port, stream } = await serve((opened) => {
      opened.transport.watch(gone);
      opened.req.resume().on('close', () => opened.open());
    });
    const client = connect(port).request('POST / HTTP/1.1', ['Host: x', 'Content-Length: 2']);
    client.socket.write('{}');
    const opened = await stream();
    await client.sees('retry: 2000\n:\n');
    expect(opened.req.destroyed).toBe(true);
    expect(gone).not.toHaveBeenCalled();
    expect(opened.sink.write(textBatch('data: x\n\n'))).toBe(true);
  });
});

describe('NodeTransport.refuse', () => {
  it('answers 503 with Retry-After', async () => {
    const { port, stream } = await serve((opened) => {
      opened.res.setHeader('Content-Type', 'text/event-stream');
      opened.transport.refuse(2.2);
      opened.transport.refuse(9);
    });
    const client = connect(port).request('GET / HTTP/1.1');
    await stream();
    await client.sees('later.\n');
    const head = await client.head();
    expect(head).toMatch(/^HTTP\/1.1 503 Service Unavailable\r\n/);
    expect(head).toContain('\r\nretry-after: 3\r\n');
    expect(head).toContain('\r\ncache-control: no-store\r\n');
    expect(head).toContain('\r\ncontent-type: text/plain; charset=utf-8\r\n');
  });

  it.each(['GET', 'HEAD'])('answers %s over HTTP/2', async (method) => {
    const { port } = await serveHttp2((opened) => opened.transport.refuse(1));
    const received = (await connectHttp2(port)).request({ ':path': '/', ':method': method });
    const headers = await new Promise<Record<string, unknown>>((resolve) => received.once('response', resolve));
    expect(headers).toMatchObject({ ':status': 503, 'retry-after': '1' });
    received.resume();
    await until(() => received.closed);
    expect(received.rstCode).toBe(0);
  });

  it('does nothing to an open stream', async () => {
    const { port, stream } = await serve((opened) => opened.open().transport.refuse(1));
    const client = connect(port).request('GET / HTTP/1.1');
    const opened = await stream();
    opened.sink.end(true);
    await until(() => client.ended);
    expect(client.text).not.toContain('503');
  });
});

describe('NodeTransport.fail', () => {
  it('hands an error over a turn later, unless someone has answered', async () => {
    const error = new Error('nobody awaits this');
    const { port, stream } = await serve((opened) => {
      opened.transport.fail(error);
      if (opened.req.url === '/answered') (opened.res as http.ServerResponse).end('answered');
      if (opened.req.url === '/open') opened.open();
    });
    const silent = connect(port).request('GET / HTTP/1.1');
    const answered = connect(port).request('GET /answered HTTP/1.1');
    const open = connect(port).request('GET /open HTTP/1.1');
    await stream(2);
    await answered.sees('answered');
    await open.head();
    const streams = [await stream(0), await stream(1), await stream(2)];
    const ofSilent = streams.find(({ req }) => req.url === '/')!;
    await until(() => ofSilent.failures.length === 1);
    expect(streams.flatMap(({ failures }) => failures)).toEqual([error]);
    silent.socket.destroy();
    await until(() => !ofSilent.transport.isAlive);
    ofSilent.transport.fail(error);
    await new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(ofSilent.failures).toEqual([error]);
  });
});
