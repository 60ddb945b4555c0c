/** What a driver serves: one function for every request, whatever the framework. */

import type { IncomingHttpHeaders } from 'node:http';
import type { Server } from 'node:net';
import type { Readable } from 'node:stream';
import type { Connection, Hub } from '@headwater/core';
import type { AcceptOptions, NodeResponse } from '@headwater/core/node';

/** A request and its response, in the words that all frameworks share. */
export interface Context {
  /** The framework's own request. */
  readonly request: unknown;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The parsed body of a JSON request. */
  readonly body: unknown;
  /** The body of an `application/octet-stream` request, which nobody has read. */
  readonly upload: Readable;
  readonly raw: NodeResponse;
  setHeader(name: string, value: string | string[]): void;
  setStatus(status: number): void;
  /** Answers without a stream: an object as JSON, nothing as nothing. */
  answer(status: number, body?: object): unknown;
  redirect(status: number, location: string): unknown;
}

/** A handler of the application's own. A value or a promise is returned to the framework. */
export type Handler = (connection: Connection, context: Context) => unknown;

/** One that decides when it touches the connection, if at all. */
export type LazyHandler = (connection: () => Connection, context: Context) => unknown;

export interface App {
  readonly hub: Hub;
  readonly options: Pick<AcceptOptions, 'trustQuery' | 'replay'>;
  readonly handler: LazyHandler;
  /** What reached the framework's error handling. */
  failed(error: unknown): void;
}

/** A server that listens on no port yet. */
export interface Driven {
  readonly server: Server;
  /** Whatever has to happen before it listens. */
  ready?(): Promise<unknown>;
  /** Ends the framework, as an application does when it shuts down. */
  close(): Promise<unknown>;
}

/** The answer of the application's own error handler. */
export function errorAnswer(error: unknown): { status: number; body: object } {
  const { statusCode, code, message } = error as { statusCode?: number; code?: string; message?: string };
  const status = statusCode ?? 500;
  return { status, body: { handledBy: 'the application', code, ...(status < 500 && { message }) } };
}
