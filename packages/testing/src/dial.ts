/**
 * Sockets of clients that misbehave. With TLS there are two: the one that speaks, and the TCP socket below it, which alone can
 * be reset.
 */
import type { Buffer } from 'node:buffer';
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/**
 * What `https:` URLs need where the server's certificate is not one that the machine trusts.
 * @example
 * const client = await slowClient('https://127.0.0.1:8443/news', { tls: { ca: certificate } });
 */
export interface TlsOptions {
  /** The certificate to trust, in PEM. */
  readonly ca?: string | Buffer;
  /** False accepts every certificate. Default: true. */
  readonly rejectUnauthorized?: boolean;
  /** The name to ask for and to verify. Default: the URL's host, if it is a name. */
  readonly servername?: string;
}

export interface Line {
  /** Where plain bytes are written and read. Its errors have a listener already. */
  readonly socket: Socket;
  /** RST: the server sees ECONNRESET. */
  reset(): void;
}

export function dial(url: URL, tls: TlsOptions = {}): Line {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new TypeError(`Cannot connect to ${url}: only http: and https: URLs can be opened`);
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  const wire = connect({ host, port, noDelay: true });
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = url.protocol === 'https:' ? connectTls({ socket: wire, host, ...servername, ...tls }) : wire;
  // A reset makes errors on both; they reach whoever cares through `close` or a listener of its own.
  wire.on('error', () => {});
  if (socket !== wire) socket.on('error', () => {});
  const reset = () => {
    wire.resetAndDestroy();
    if (socket !== wire) socket.destroy();
  };
  return { socket, reset };
}
