/**
 * Source: a supertest `Test` that nobody has awaited yet. Its server stays up until the stream is over.
 */
import { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Flow } from '../collector.js';
import type { Begin, Open } from './source.js';

/**
 * A supertest `Test`, as far as it is needed here.
 * @example
 * const stream = await collect(request(app).get('/news').set('last-event-id', '7').expect(200));
 * await stream.close(); // throws if an expectation failed
 */
export interface SupertestTest {
  readonly method: string;
  readonly url: string;
  buffer(value: boolean): unknown;
  parse(parser: (response: never, done: never) => void): unknown;
  end(callback: (error: Error | null, response: unknown) => void): unknown;
  abort(): unknown;
}

interface Answer {
  readonly statusCode: number;
  readonly headers: IncomingHttpHeaders;
}

type Done = (error: Error | null, body: unknown) => void;

export function openSupertest(test: SupertestTest): Open {
  return (begin, signal) =>
    new Promise<void>((resolve, reject) => {
      const outcome = new Outcome();
      let flow: Flow | undefined;
      const start = (answer: Answer): Flow => {
        resolve();
        return beginTest(test, answer, outcome, begin);
      };
      signal.addEventListener('abort', () => test.abort());
      // Buffered, though nothing is: an unbuffered response counts as complete at its head, and then supertest closes the server.
      test.buffer(true);
      test.parse((response: Readable & Answer, done: Done) => {
        flow = start(response);
        response.on('error', (error) => outcome.break(error));
        feed(response, flow, done);
      });
      test.end((error, response) => {
        outcome.settle(error);
        // No parser is called for HEAD, nor where the request failed.
        if (flow === undefined && isAnswer(response)) start(response).end();
        else reject(new Error(`Cannot open ${test.method} ${test.url}: ${error?.message}`, { cause: error }));
      });
    });
}

function beginTest(test: SupertestTest, answer: Answer, outcome: Outcome, begin: Begin): Flow {
  const stop = () => {
    test.abort();
    return outcome.check();
  };
  return begin({ label: `${test.method} ${test.url}`, status: answer.statusCode, headers: answer.headers, stop });
}

/** What supertest says when all is over: its server is closed, and the expectations are checked. */
class Outcome {
  readonly #settled: Promise<Error | null>;
  #settle!: (error: Error | null) => void;
  #broken: Error | undefined;

  constructor() {
    this.#settled = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  settle(error: Error | null): void {
    this.#settle(error);
  }

  break(error: Error): void {
    this.#broken = error;
  }

  /** Rejects with a failed expectation. A broken connection is none: `closed` has told of it. */
  async check(): Promise<void> {
    const error = await this.#settled;
    if (error !== null && error !== this.#broken) throw error;
  }
}

// Listeners only: for a compressed response superagent puts its decompression behind `on`.
function feed(response: Readable, flow: Flow, done: Done): void {
  const chunks: Buffer[] = [];
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    flow.push(chunk);
  });
  response.on('error', (error) => flow.fail(error));
  response.on('end', () => {
    flow.end();
    // Where superagent looks for the text that expectations of the body are compared with.
    (response as { text?: string }).text = Buffer.concat(chunks).toString('utf8');
    done(null, {});
  });
}

function isAnswer(response: unknown): response is Answer {
  return typeof response === 'object' && response !== null && 'statusCode' in response;
}
