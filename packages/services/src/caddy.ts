/** Caddy for tests. */
import { type ProxyKind, type ProxyOptions, type ProxyServer, startProxy } from './proxy.js';

const CADDY: ProxyKind = {
  program: {
    command: 'caddy',
    variable: 'HEADWATER_CADDY',
    debianPackage: 'caddy',
  },
  // No second port, neither for its API nor for redirects from HTTP.
  surround: (sites) => `{\n\tadmin off\n\tauto_https disable_redirects\n\tskip_install_trust\n}\n${sites}`,
  args: ({ file }) => ['run', '--adapter', 'caddyfile', '--config', file],
  env: ({ dir }) => ({ XDG_CONFIG_HOME: dir, XDG_DATA_HOME: dir }),
};

/** Starts it with the sites of a Caddyfile, without global options. */
export function startCaddy(options: ProxyOptions): Promise<ProxyServer> {
  return startProxy(CADDY, options);
}
