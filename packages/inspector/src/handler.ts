/** The handler: which answer a path gets. Knows nothing of frameworks. */
import { type AnyHub, hasCode, inspect } from '@headwater/core';
import { coreOf, type NodeRequest, type NodeResponse, readQuery } from '@headwater/core/node';
import { ANSWERS, type Subject, Wrong } from './answers.js';
import { assetAt } from './assets.js';
import { Feed } from './feed.js';
import { refusalOf, secure } from './guard.js';
import { Incidents } from './incidents.js';

/** Options of `inspectorHandler`. */
export interface InspectorOptions {
  /** False: what events say cannot be watched. Default true. */
  readonly events?: boolean | undefined;
}

/** A request, and where it is: below the page's own path, and as the browser asked for it. */
interface Exchange {
  readonly req: NodeRequest;
  readonly res: NodeResponse;
  readonly url: string;
  readonly originalUrl: string;
}

/** What both frameworks' ways in share. */
export interface Inspector {
  serve(exchange: Exchange): void;
  close(): Promise<void>;
}

/** Serves the page. Whoever gets here sees everything: put your own authorisation before it. */
export interface InspectorHandler {
  (req: NodeRequest, res: NodeResponse): void;
  /** Ends the streams of those who look, and stops observing the hub. Idempotent. */
  close(): Promise<void>;
}

const MEMBERS = ['events'];

/**
 * A page that shows what `hub` is doing: its connections, channels and store, resets and failures; the newest events of a channel, and
 * what a client would get that came back with an id. It changes nothing.
 *
 * For Express and node:http; the paths below its own are its own. It asks nobody who they are: **the application decides who may
 * come here**, before it. For Fastify see `@headwater/inspector/fastify`.
 * @throws TypeError for a `hub` that is none, and for wrong options.
 * @example
 * app.use('/sse-inspector', requireAdmin, inspectorHandler(hub));
 */
export function inspectorHandler(hub: AnyHub, options: InspectorOptions = {}): InspectorHandler {
  const { serve, close } = createInspector(hub, options);
  const handler = (req: NodeRequest, res: NodeResponse): void => {
    const { url = '/' } = req;
    // Express takes the path that the handler is mounted at away from `url`.
    const { originalUrl = url } = req as { originalUrl?: string };
    serve({ req, res, url, originalUrl });
  };
  return Object.assign(handler, { close });
}

export function createInspector(hub: AnyHub, options: InspectorOptions): Inspector {
  coreOf(hub);
  const unknown = Object.keys(options).find((name) => !MEMBERS.includes(name));
  if (unknown) throw new TypeError(`Unknown option "${unknown}" of the inspector. Known: ${MEMBERS.join(', ')}`);
  const incidents = new Incidents(hub);
  const subject = { hub, inspection: inspect(hub), incidents, showsEvents: options.events !== false };
  const feed = new Feed(subject);
  const serve = (exchange: Exchange): void => {
    const { req, res, url, originalUrl } = exchange;
    secure(res);
    const refusal = refusalOf(req);
    if (refusal) return say(res, refusal.status, refusal.text);
    const path = withoutQuery(url).replace(/^\//, '');
    let asset: ReturnType<typeof assetAt>;
    try {
      asset = assetAt(path);
    } catch {
      return say(res, 500, 'The files of the page are missing. Was the server bundled without them?');
    }
    // Without the slash the page's relative addresses would be those of something else.
    if (path === '' && !withoutQuery(originalUrl).endsWith('/')) redirect(exchange);
    else if (asset) send(req, res, asset.type, asset.body);
    else if (path === 'feed') feed.open(req, res);
    else if (Object.hasOwn(ANSWERS, path)) void answer(subject, path, exchange);
    else say(res, 404, 'There is nothing here.');
  };
  const close = async (): Promise<void> => {
    incidents.stop();
    await feed.close();
  };
  return { serve, close };
}

function withoutQuery(url: string): string {
  return url.split('?', 1)[0] as string;
}

/** Relative, so that it is right behind a proxy that takes a part of the path away, and never another host. */
function redirect({ res, originalUrl }: Exchange): void {
  res.setHeader('location', `./${withoutQuery(originalUrl).split('/').at(-1)}/`);
  say(res, 302, 'The page is below.');
}

async function answer(subject: Subject, path: string, { req, res, url }: Exchange): Promise<void> {
  try {
    const value = await ANSWERS[path]?.(subject, readQuery(url) ?? new URLSearchParams());
    send(req, res, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(value)));
  } catch (error) {
    if (error instanceof Wrong) return say(res, 400, error.message);
    const isAway = hasCode(error, 'ERR_SSE_STORE') || hasCode(error, 'ERR_SSE_CLOSED');
    say(res, isAway ? 503 : 500, isAway ? (error as Error).message : 'This look has failed.');
  }
}

function send(req: NodeRequest, res: NodeResponse, type: string, body: Buffer): void {
  res.setHeader('content-type', type);
  res.setHeader('content-length', body.length);
  res.statusCode = 200;
  if (req.method === 'HEAD') res.end();
  else res.end(body);
}

function say(res: NodeResponse, status: number, text: string): void {
  res.statusCode = status;
  if (status === 405) res.setHeader('allow', 'GET, HEAD');
  res.setHeader('content-type', 'text/plain; charset=utf-8');
  res.end(`${text}\n`);
}
