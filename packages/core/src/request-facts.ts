/**
 * Request facts: what logs and the inspector tell of a request, whichever framework made it. Nothing here throws, and no URL is
 * read: queries hold tokens.
 */

/** Who asked, and for what. */
export interface RequestFacts {
  /** `request.ip` of the framework, which obeys its trust in proxies; the socket's address without one. */
  readonly address: string | undefined;
  /** `TLSv1.3`, say; undefined without TLS on this process's own socket. */
  readonly tls: string | undefined;
  /** The pattern that matched, `/users/:id/events`. In Express as its router knows it: without where the router is mounted. */
  readonly route: string | undefined;
}

/** What the requests of Express, Fastify and node:http have of it. */
interface Known {
  readonly ip?: unknown;
  readonly socket?: { readonly remoteAddress?: unknown; readonly getProtocol?: () => unknown };
  /** Express. */
  readonly route?: { readonly path?: unknown };
  /** Fastify. */
  readonly routeOptions?: { readonly url?: unknown };
}

export function factsOf(request: unknown): RequestFacts {
  const known = (request ?? {}) as Known;
  return {
    address: read(() => known.ip ?? known.socket?.remoteAddress),
    tls: read(() => known.socket?.getProtocol?.()),
    route: read(() => known.routeOptions?.url ?? known.route?.path),
  };
}

/** Sockets that are gone throw, and so may what an application trusts proxies by. */
function read(get: () => unknown): string | undefined {
  try {
    const value = get();
    return value === undefined || value === null ? undefined : oneLine(String(value));
  } catch {
    return undefined;
  }
}

/** Anything that a line break or a terminal's command could be made of, and what turns the order of a line around. */
const CONTROLS = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu;

/** A text from outside as it may stand in a log: on one line, short, without controls. Proxies pass on addresses that are none. */
export function oneLine(text: string, most = 200): string {
  return text.slice(0, most).replaceAll(CONTROLS, '?');
}
