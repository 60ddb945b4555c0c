/** Varnish for tests. It speaks no TLS. */
import { type ProxyKind, type ProxyOptions, type ProxyServer, startProxy } from './proxy.js';

const VARNISH: ProxyKind = {
  program: {
    command: 'varnishd',
    variable: 'HEADWATER_VARNISHD',
    debianPackage: 'varnish',
    folders: () => ['/usr/sbin', '/usr/local/sbin'],
  },
  args: ({ dir, file, port }) => [
    ...['-j', 'none', '-F', '-n', dir, '-a', `127.0.0.1:${port}`, '-T', 'none', '-s', 'malloc,32m'],
    ...['-f', file],
  ],
};

/** Starts it with a program in VCL; the port is that of the only address on which it listens. Parameters are arguments: `['-p', 'name=value']`. */
export function startVarnish(options: ProxyOptions): Promise<ProxyServer> {
  return startProxy(VARNISH, options);
}
