/**
 * From a response whose headers are set to a sink: sends the head and the first bytes, then chooses the fastest way that is safe.
 * Invariant: nothing of the stream's bytes leaves before the head, and whoever wrapped the response keeps seeing every byte.
 */
import { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import { Socket } from 'node:net';
import type { Batch } from '../batch.js';
import type { Sink, SinkEvents } from '../sink.js';
import { Http2Sink } from './http2-sink.js';
import { hasBody, isHttp2, isOver, type NodeResponse } from './response.js';
import { ResponseSink } from './response-sink.js';
import { SocketSink } from './socket-sink.js';

/**
 * Takes hold of a response: flushes its head and `prelude` in one write, and answers the sink for what follows.
 * Status and headers are the response's own; they may have been sent already. A response that cannot carry a body (HEAD, 204)
 * is ended, and one that is over is left alone: their sinks are gone from the start.
 * @throws what the sending of the head throws (a wrapper's hook, a header that node:http refuses), with nothing sent.
 */
export function takeHold(res: NodeResponse, prelude: Batch, events: SinkEvents): Sink {
  if (isOver(res)) return goneSink(events);
  const socket = isHttp2(res) ? null : res.socket;
  // Headers and first bytes in one segment: some proxies hold the headers back until they see a byte of the body.
  socket?.cork();
  try {
    // The compatibility API has it too; its types do not tell.
    (res as ServerResponse).flushHeaders();
    // Whoever hooks the head may have ended or destroyed the response.
    if (isOver(res)) return goneSink(events);
    if (!hasBody(res)) {
      res.end();
      return goneSink(events);
    }
    const sink = chooseSink(res, events);
    sink.write(prelude);
    return sink;
  } finally {
    socket?.uncork();
  }
}

function chooseSink(res: NodeResponse, events: SinkEvents): Sink {
  if (!isBare(res)) return new ResponseSink(res, events);
  if (isHttp2(res)) return new Http2Sink(res, events);
  // Requests that are pipelined have no socket yet, and `inject` has one of its own kind.
  return res.socket instanceof Socket ? new SocketSink(res, res.socket, events) : new ResponseSink(res, events);
}

/** True where `write` and `end` are Node's own, so that going past them changes nothing. */
function isBare(res: NodeResponse): boolean {
  const { write, end } = isHttp2(res) ? Http2ServerResponse.prototype : ServerResponse.prototype;
  return res.write === write && res.end === end;
}

/** A stream that was over before it began. */
function goneSink(events: SinkEvents): Sink {
  // Not at once: the caller has no sink yet.
  queueMicrotask(() => events.gone());
  return { pendingBytes: 0, write: () => false, end() {}, destroy() {} };
}
