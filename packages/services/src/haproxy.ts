/** HAProxy for tests. */
import { type ProxyKind, type ProxyOptions, type ProxyServer, startProxy } from './proxy.js';

const HAPROXY: ProxyKind = {
  program: {
    command: 'haproxy',
    variable: 'HEADWATER_HAPROXY',
    debianPackage: 'haproxy',
    folders: () => ['/usr/sbin', '/usr/local/sbin'],
  },
  args: ({ file }) => ['-db', '-f', file],
};

/** Starts it with a complete configuration. */
export function startHaproxy(options: ProxyOptions): Promise<ProxyServer> {
  return startProxy(HAPROXY, options);
}
