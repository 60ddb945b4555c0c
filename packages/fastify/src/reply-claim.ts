/**
 * ReplyClaim: who answers one reply, from the first touch of `reply.sse` on: the application, Fastify's error handling, or the
 * stream. Once it is the stream, whatever else is sent is dropped or reported, never written.
 * Invariant: the stream's payload is sent at most once, and a stream whose payload does not arrive ends with reason `error`.
 */
import { hasCode, type SseError } from '@headwater/core';
import type { NodeResponse } from '@headwater/core/node';
import type { FastifyReply } from 'fastify';
import type { Claimant, Opening } from './claimant.js';
import { isHandling } from './handling.js';
import { describe, isOwnResult, replacedError, toError, tooLateError } from './payload-errors.js';
import { type PayloadUser, StreamPayload } from './stream-payload.js';

/**
 * `free`: nobody has answered. `answered`: someone else has. `opening`: the stream's payload is with the hooks. `open`: the
 * response is the stream's. `failed`: the hooks have failed, and Fastify answers. `refused`: a status instead of a stream.
 */
type State = 'free' | 'answered' | 'opening' | 'open' | 'failed' | 'refused';

const claims = new WeakMap<FastifyReply, ReplyClaim>();

/** The claim on `reply`, if its stream was ever touched. */
export function claimOf(reply: FastifyReply): ReplyClaim | undefined {
  return claims.get(reply);
}

export class ReplyClaim implements PayloadUser {
  readonly #reply: FastifyReply;
  readonly #claimant: Claimant;
  readonly #send: (payload: unknown) => FastifyReply;
  #state: State = 'free';
  #opening: Opening | undefined;
  #payload: StreamPayload | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(reply: FastifyReply, claimant: Claimant) {
    this.#reply = reply;
    this.#claimant = claimant;
    this.#send = (reply.send as (payload: unknown) => FastifyReply).bind(reply);
    reply.send = (payload?: unknown) => this.#intercept(payload);
    claims.set(reply, this);
  }

  /** True while nobody has answered. */
  get isFree(): boolean {
    const { raw, sent } = this.#reply;
    return this.#state === 'free' && !sent && !raw.headersSent;
  }

  /** Sends the stream through the hooks. @throws what they throw, where nobody else answers. */
  stream(opening: Opening): void {
    this.#state = 'opening';
    this.#opening = opening;
    this.#payload = new StreamPayload(this);
    claims.set(this.#reply, this);
    try {
      this.#send(this.#payload);
    } catch (error) {
      // Otherwise a hook was told of it, and Fastify answers.
      if (this.#opening === opening) {
        this.#state = 'free';
        this.#opening = undefined;
        opening.cancel();
      }
      throw error;
    }
  }

  /** Answers with a text instead of a stream. */
  refuse(text: string): void {
    this.#state = 'refused';
    this.#send(text);
  }

  /** Answers with an error from before the head, unless the application does. */
  fail(error: unknown): void {
    this.#failure = { error };
    // A turn later: who was told by a promise has answered by then.
    if (!isHandling(this.#reply)) setImmediate(() => this.#answer(error, 'free'));
  }

  // ---- what the hooks tell

  /** Fastify is about to answer with an error. */
  answersError(error: unknown): void {
    if (this.#state === 'opening') this.#abandon(error);
    else if (this.#state === 'free') this.#state = 'answered';
  }

  /** The error for a payload that takes the stream's place, undefined for every other. */
  replaced(payload: unknown): SseError | undefined {
    // Fastify itself empties the payload of its own HEAD routes.
    if (this.#state !== 'opening' || payload === this.#payload || this.#claimant.isHead) return undefined;
    return replacedError(`An onSend hook has replaced the event stream by ${describe(payload)}`);
  }

  /** The response is over, or the client has gone. */
  closed(): void {
    if (this.#state !== 'opening' || !this.#reply.raw.headersSent || this.#claimant.isHead) return;
    this.#abandon(replacedError('Something else was sent in place of the event stream'));
  }

  // ---- what the handler says

  /** What becomes of the value that the handler has returned or resolved to. @throws an error that it left unanswered. */
  settled(value: unknown): unknown {
    if (this.#isTaken || this.#isPending) return undefined;
    if (this.#state === 'answered') return value;
    if (!this.#claimant.isAlive) return undefined;
    if (value === undefined && this.#failure) throw this.#failure.error;
    return value;
  }

  /** True where it is too late for an answer to the handler's failure. */
  threw(error: unknown): boolean {
    if (!this.#isTaken || this.#state === 'opening') return false;
    this.#failLate(error);
    return true;
  }

  // ---- what happens to the payload

  piped(destination: unknown): void {
    const { raw } = this.#reply;
    if (this.#state !== 'opening') return;
    // @fastify/compress does so for `inflateIfDeflated`.
    if (destination !== raw) throw replacedError('An onSend hook pipes the event stream into something else');
    if (raw.headersSent) return this.#abandon(replacedError('Something else was sent before the event stream'));
    // A hook may have set it for the payload that it saw.
    raw.removeHeader('content-length');
    this.#opening?.take(raw as NodeResponse);
    this.#state = 'open';
    this.#opening = undefined;
    this.#payload = undefined;
    // As for a hijacked reply: no hook, handler or timeout answers any more. But `request.signal` stays alive.
    Object.defineProperty(this.#reply, 'sent', { value: true, configurable: true, enumerable: true });
  }

  read(): Error | undefined {
    if (this.#state !== 'opening' || this.#claimant.isHead) return undefined;
    const error = replacedError('An onSend hook reads the event stream');
    // The hook may wait for an end that would never come.
    setImmediate(() => this.#answer(error, 'opening'));
    return error;
  }

  // ---- inside

  /** Stands in for `reply.send`. Never throws by itself: Fastify calls it where nobody would catch. */
  #intercept(payload: unknown): FastifyReply {
    // What an unwrapped handler resolves to. With the head gone it is no such: Fastify has looked at `reply.sent` before.
    if (payload === undefined && this.#state !== 'open' && (this.#isTaken || this.#isPending)) return this.#reply;
    if (this.#isTaken && isOwnResult(payload)) return this.#reply;
    const isError = payload instanceof Error;
    if (this.#state === 'open' || (this.#state === 'opening' && !isError)) {
      if (isError) this.#failLate(payload);
      else this.#claimant.report(tooLateError(payload));
      return this.#reply;
    }
    this.answersError(payload);
    return this.#send(payload);
  }

  #answer(error: unknown, expected: State): void {
    if (this.#state !== expected || !this.#claimant.isAlive) return;
    try {
      this.#reply.send(toError(error));
    } catch (cause) {
      // A hook that runs for another error allows no answer.
      this.#claimant.report(cause);
    }
  }

  #abandon(error: unknown): void {
    this.#state = 'failed';
    this.#opening?.cancel();
    this.#opening = undefined;
    // Of others Fastify's error handling tells.
    if (hasCode(error, 'ERR_SSE_PAYLOAD_REPLACED')) this.#claimant.report(error);
    this.#claimant.connection.close({ reason: 'error', detail: toError(error).message });
  }

  #failLate(error: unknown): void {
    this.#claimant.report(error);
    this.#claimant.connection.close({ reason: 'error', detail: toError(error).message });
  }

  get #isTaken(): boolean {
    return this.#state !== 'free' && this.#state !== 'answered';
  }

  /** True while it is open whether there will be a stream: a subscription waits with the head for what it may have to reject. */
  get #isPending(): boolean {
    const { connection } = this.#claimant;
    return this.#state === 'free' && connection.channels.length > 0 && !connection.isOpen && !connection.signal.aborted;
  }
}
