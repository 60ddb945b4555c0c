/**
 * What a response of node:http or node:http2 tells about itself, where the two differ or keep silent. No state of its own.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { constants, type Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { Socket } from 'node:net';

/** A request of node:http, or of node:http2's compatibility API. */
export type NodeRequest = IncomingMessage | Http2ServerRequest;

/** A response of node:http, or of node:http2's compatibility API. */
export type NodeResponse = ServerResponse | Http2ServerResponse;

export function isHttp2(res: NodeResponse): res is Http2ServerResponse {
  return res instanceof Http2ServerResponse;
}

/** True once nothing more can reach the client through this response. */
export function isOver(res: NodeResponse): boolean {
  if (res.writableEnded) return true;
  // The compatibility API has no `destroyed`, and a stream that was reset is closed before it is destroyed.
  if (isHttp2(res)) return res.stream.destroyed || res.stream.closed;
  if (res.destroyed) return true;
  const socket = res.socket ?? res.req.socket;
  return socket.destroyed || !socket.writable;
}

/** Calls `fn` when the response is over, however it ends; it may call more than once. Returns what removes the listeners. */
export function onClosed(res: NodeResponse, fn: () => void): () => void {
  // The compatibility API keeps a HEAD's `close` back until someone calls `end`; the stream does not.
  const target = isHttp2(res) ? res.stream : res;
  // A response that is queued behind another one (pipelining) has no socket yet, and hears nothing of that socket's end.
  const shared = !isHttp2(res) && res.socket === null ? res.req.socket : undefined;
  target.on('close', fn);
  shared?.on('close', fn);
  return () => {
    target.removeListener('close', fn);
    shared?.removeListener('close', fn);
  };
}

/** True for a status whose response may have a body (RFC 9110, sections 15.2, 15.3.5, 15.3.6 and 15.4.5). */
export function statusHasBody(status: number): boolean {
  return status >= 200 && status !== 204 && status !== 205 && status !== 304;
}

/** False where HTTP forbids a body: HEAD, and statuses without one. */
export function hasBody(res: NodeResponse): boolean {
  return res.req.method !== 'HEAD' && statusHasBody(res.statusCode);
}

/** Gives the response up at once; the client sees an error, not an end. A socket that was given back is left alone. */
export function abort(res: NodeResponse): void {
  if (isHttp2(res)) {
    res.stream.close(constants.NGHTTP2_CANCEL);
    // Without this the stream would stay until a stalled session has taken the RST_STREAM.
    res.stream.destroy();
    return;
  }
  // Null unless the response owns its connection.
  if (res.socket instanceof Socket) reset(res.socket);
  // Queued behind another one: Node 24 hands the connection to a destroyed response too, which would never give it back.
  else if (res.socket === null) res.once('socket', (socket) => socket.destroy());
  res.destroy();
}

/** RST instead of FIN: the kernel drops what a stalled client never took, instead of holding on to it for minutes. */
function reset(socket: Socket): void {
  if (socket.destroyed) return;
  try {
    socket.resetAndDestroy();
  } catch {
    // Only bare TCP can be reset: not TLS, not a Unix socket.
    socket.destroy();
  }
}
