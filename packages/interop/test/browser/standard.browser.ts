/**
 * The package's EventSource beside Chromium's own, on the same answers: what the standard says of formats, types, statuses, redirects
 * and requests (WHATWG HTML, section 9.2), and where the two differ.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { CASES, LINE_ENDS } from '../../../client/test/kit/cases.js';
import { listen, type Served } from '../../../client/test/kit/servers.js';
import { CLOSED, CONNECTING } from '../../../suite/test/chromium/browser-source.js';
import { useChromium } from '../../../suite/test/chromium/chromium.js';
import { pageScript } from './kit/page-script.js';

const openPage = useChromium();

const STREAM = { 'content-type': 'text/event-stream' };
const PAGE = '<!doctype html><link rel="icon" href="data:,">';
const TYPES = [...new Set(CASES.flatMap(([, , events]) => events.map(({ type }) => type)))];

/** Their names in the page. */
const NATIVE = 'EventSource';
const OWN = 'headwater.EventSource';

interface Said {
  readonly events: readonly { type: string; data: string; lastEventId: string; origin: string }[];
  readonly opens: number;
  readonly readyState: number;
}

type Answer = (res: ServerResponse, req: IncomingMessage, path: readonly string[]) => unknown;

/** A page of a server that answers everything else by `answer`, which gets the parts of the path. */
async function open(answer: Answer): Promise<{ page: Page; server: Served }> {
  const server = await listen((req, res) => {
    const { url = '' } = req;
    if (url === '/') res.setHeader('content-type', 'text/html').end(PAGE);
    else answer(res, req, url.split('/').slice(1));
  });
  const page = await openPage(server.url);
  // Random waits are short ones.
  await page.addScriptTag({ content: `Math.random = () => 0.1; ${await pageScript()}` });
  return { page, server };
}

/** What a source of that class says of each path, until an `error` after which its state is one of these. */
const ask = (page: Page, name: string, paths: readonly string[], until = [CONNECTING, CLOSED]): Promise<Said[]> =>
  page.evaluate(`Promise.all(${JSON.stringify(paths)}.map((path) => new Promise((resolve) => {
    const source = new ${name}(path, { withCredentials: true });
    const events = [];
    let opens = 0;
    for (const type of ${JSON.stringify(TYPES)}) {
      source.addEventListener(type, ({ data, lastEventId, origin }) => events.push({ type, data, lastEventId, origin }));
    }
    source.onopen = () => opens++;
    source.onerror = () => {
      const { readyState } = source;
      if (!${JSON.stringify(until)}.includes(readyState)) return;
      source.close();
      resolve({ events, opens, readyState });
    };
  })))`);

const stateOf = ({ readyState }: Said) => readyState;
const eventsOf = ({ events }: Said) => events;

it.each(LINE_ENDS)('lines that end with %s, whole and byte by byte', async (_name, end) => {
  const { page, server } = await open(async (res, _req, [number, cut]) => {
    const wire = Buffer.from(CASES[Number(number)]![1].replaceAll('\n', end));
    res.writeHead(200, STREAM);
    res.socket?.setNoDelay();
    const pieces = cut ? [...wire].map((byte) => Uint8Array.of(byte)) : [wire];
    for (const piece of pieces) await new Promise((written) => res.write(piece, written));
    res.end();
  });
  const paths = CASES.map((_, index) => `/${index}`);
  const all = [...paths, ...paths.map((path) => `${path}/bytes`)];
  const expected = (name: string) =>
    CASES.map(([what, , events]) => {
      // To the standard an id without data is one; the package's parser leaves it out.
      let lastEventId = name === NATIVE && what === 'a block without data is none' ? '1' : '';
      return events.map(({ type, data, id }) => {
        lastEventId = id ?? lastEventId;
        return { type, data, lastEventId, origin: server.url };
      });
    });
  for (const name of [NATIVE, OWN]) {
    const events = (await ask(page, name, all)).map(eventsOf);
    expect(events).toEqual([...expected(name), ...expected(name)]);
  }
});

it('content types: any that is text/event-stream, whatever its parameters; a charset closes Chromium’s', async () => {
  const right = [
    'text/event-stream',
    'text/event-stream;',
    'TEXT/Event-Stream ; x=y',
    'text/event-stream;charset=utf-8',
  ];
  const wrong = ['x bogus', 'text/x-bogus', 'text/html', 'text/event-streams'];
  const types = [...right, ...wrong, 'text/event-stream;charset=windows-1252'];
  const { page } = await open((res, _req, [number]) =>
    res.writeHead(200, { 'content-type': types[Number(number)] }).end('data: ü\n\n'),
  );
  const paths = types.map((_, index) => `/${index}`);
  for (const name of [NATIVE, OWN]) {
    const seen = (await ask(page, name, paths)).map(({ events, opens }) => (opens ? events[0]?.data : 'closed'));
    const last = name === NATIVE ? 'closed' : 'ü';
    expect(seen).toEqual([...right.map(() => 'ü'), ...wrong.map(() => 'closed'), last]);
  }
});

it('statuses: all but 200 close; the package’s comes back after those that pass', async () => {
  const closing = [204, 205, 210, 299, 400, 401, 403, 404, 410];
  const passing = [429, 500, 502, 503];
  const { page } = await open((res, _req, [status]) => {
    const isEmpty = status === '204' || status === '205';
    res.writeHead(Number(status), STREAM).end(isEmpty ? undefined : 'data: x\n\n');
  });
  const paths = [...closing, ...passing].map((status) => `/${status}`);
  for (const name of [NATIVE, OWN]) {
    const said = await ask(page, name, paths);
    const afterThose = name === NATIVE ? CLOSED : CONNECTING;
    expect(said.map(stateOf)).toEqual([...closing.map(() => CLOSED), ...passing.map(() => afterThose)]);
    expect(said.flatMap(({ events, opens }) => [events.length, opens])).toEqual(paths.flatMap(() => [0, 0]));
  }
});

it('redirects lead to other origins, which are the events’', async () => {
  const elsewhere = await listen((req, res) => {
    const cors = { 'access-control-allow-origin': req.headers.origin, 'access-control-allow-credentials': 'true' };
    res.writeHead(200, { ...STREAM, ...cors }).end(`data: ${req.url}\n\n`);
  });
  const { page } = await open((res, _req, [status]) =>
    res.writeHead(Number(status), { location: `${elsewhere.url}/${status}` }).end(),
  );
  const paths = ['/301', '/302', '/303', '/307', '/308'];
  for (const name of [NATIVE, OWN]) {
    expect((await ask(page, name, paths)).map(eventsOf)).toEqual(
      paths.map((data) => [{ type: 'message', data, lastEventId: '', origin: elsewhere.url }]),
    );
  }
});

it('requests say what they want, and that no cache may answer', async () => {
  const asked: unknown[] = [];
  const { page } = await open((res, { headers }) => {
    const { accept, 'cache-control': cache, pragma } = headers;
    asked.push({ accept, cache, pragma });
    res.writeHead(200, STREAM).end();
  });
  for (const name of [NATIVE, OWN]) await ask(page, name, ['/stream']);
  const same = { accept: 'text/event-stream', cache: 'no-cache', pragma: 'no-cache' };
  expect(asked).toEqual([same, same]);
});

it('any id comes back as it was; the package’s asks another origin before it sends one, Chromium’s never does', async () => {
  const ids = ['abc', 'a'.repeat(255), 'e5p3n<3k0k0s', '…'];
  const echoed: string[][] = ids.map(() => []);
  let preflights = 0;
  const { server } = await open((res, { method, headers }, [number]) => {
    res.setHeader('access-control-allow-origin', String(headers.origin));
    res.setHeader('access-control-allow-credentials', 'true');
    if (method === 'OPTIONS') {
      preflights++;
      return res.writeHead(204, { 'access-control-allow-headers': 'last-event-id' }).end();
    }
    const echo = headers['last-event-id'];
    if (echo === undefined)
      return res.writeHead(200, STREAM).end(`retry: 250\nid: ${ids[Number(number)]}\ndata: x\n\n`);
    // The bytes of the header are the id's in UTF-8.
    echoed[Number(number)]!.push(Buffer.from(String(echo), 'latin1').toString());
    return res.writeHead(204).end();
  });
  const { page } = await open(() => {});
  const paths = ids.map((_, index) => `${server.url}/${index}`);
  await ask(page, NATIVE, paths, [CLOSED]);
  expect(preflights).toBe(0);
  await ask(page, OWN, paths, [CLOSED]);
  expect(preflights).toBe(ids.length);
  expect(echoed).toEqual(ids.map((id) => [id, id]));
});

it('an answer that the page may not read closes Chromium’s; the package’s cannot tell it from a lost one', async () => {
  const elsewhere = await listen((_req, res) => res.writeHead(200, STREAM).end('data: secret\n\n'));
  const { page } = await open(() => {});
  expect(await ask(page, NATIVE, [elsewhere.url])).toEqual([{ events: [], opens: 0, readyState: CLOSED }]);
  expect(await ask(page, OWN, [elsewhere.url])).toEqual([{ events: [], opens: 0, readyState: CONNECTING }]);
});
