/** Source: a `Response` that the caller has fetched. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Flow } from '../collector.js';
import type { Open } from './source.js';

export function openResponse(response: Response): Open {
  return async (begin) => {
    if (response.bodyUsed || response.body?.locked === true) {
      throw new TypeError('Cannot collect the Response: its body is already being read');
    }
    const reader = response.body?.getReader();
    // A body that failed cannot be cancelled, and need not be.
    const stop = () => reader?.cancel().catch(() => undefined);
    const label = response.url || 'The Response';
    const flow = begin({ label, status: response.status, headers: toRecord(response.headers), stop });
    if (reader === undefined) flow.end();
    else void pump(reader, flow);
  };
}

async function pump(reader: ReadableStreamDefaultReader<Uint8Array>, flow: Flow): Promise<void> {
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return flow.end();
      flow.push(value);
    }
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    // undici says `terminated`; its cause says how.
    flow.fail(error.cause instanceof Error ? error.cause : error);
  }
}

function toRecord(headers: Headers): IncomingHttpHeaders {
  const record: IncomingHttpHeaders = Object.fromEntries(headers);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) record['set-cookie'] = cookies;
  return record;
}
