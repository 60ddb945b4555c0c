/** RawRequest: one GET written byte by byte, for what no HTTP client would send. */
import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  /** What `sse.open` says, undefined where there was none. */
  readonly resume: string | undefined;
  /** The body as far as it was read. */
  readonly body: string;
  /** From the last byte of the request to the first of the answer, in milliseconds. */
  readonly ms: number;
}

/** The stream's first event, with what it says. */
export const OPEN: RegExp = /event: sse\.open\ndata: (\{.*\})\n/;

const BLANK = '\r\n\r\n';

/** Hangs up as soon as `isEnough` of the body is there; an answer that is no stream is read to its end. */
export function rawGet(
  port: number,
  path: string,
  headers: readonly string[],
  isEnough: (body: string) => boolean,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = '';
    let sentAt = 0;
    let ms = 0;
    const socket = connect(port, '127.0.0.1', () => {
      const lines = [`GET ${path} HTTP/1.1`, 'Host: localhost', 'Connection: close', ...headers];
      sentAt = performance.now();
      socket.write(Buffer.from(`${lines.join('\r\n')}${BLANK}`, 'latin1'));
    });
    const finish = () => {
      socket.destroy();
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0);
      const body = text.slice(text.indexOf(BLANK) + BLANK.length);
      const open = OPEN.exec(body)?.[1];
      resolve({ status, resume: open && (JSON.parse(open) as { resume: string }).resume, body, ms });
    };
    socket.on('error', reject);
    socket.on('end', finish);
    socket.on('data', (bytes: Buffer) => {
      ms ||= performance.now() - sentAt;
      text += bytes.toString('latin1');
      if (text.startsWith('HTTP/1.1 200') && isEnough(text)) finish();
    });
  });
}
