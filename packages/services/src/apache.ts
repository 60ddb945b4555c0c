/** Apache httpd for tests, with the modules that a proxy with TLS and HTTP/2 needs. */
import { type ProxyKind, type ProxyOptions, type ProxyServer, startProxy } from './proxy.js';

const MODULES = [
  ...['mpm_event', 'authz_core', 'env', 'filter', 'deflate', 'headers', 'http2', 'proxy', 'proxy_http'],
  ...['setenvif', 'socache_shmcb', 'ssl'],
];

const APACHE: ProxyKind = {
  program: {
    command: 'apache2',
    variable: 'HEADWATER_APACHE',
    debianPackage: 'apache2-bin',
    folders: () => ['/usr/sbin', '/usr/local/sbin'],
  },
  // It does not serve as root.
  surround: (sites, { dir, port }) => `
${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerRoot ${dir}
ServerName localhost
DefaultRuntimeDir ${dir}
PidFile ${dir}/pid
ErrorLog ${dir}/log
${process.getuid?.() === 0 ? 'User #65534\nGroup #65534' : ''}
Listen 127.0.0.1:${port}
${sites}`,
  args: ({ file }) => ['-D', 'FOREGROUND', '-f', file],
};

/** Starts it with virtual hosts, as the files in Debian's `/etc/apache2/sites-enabled` are. */
export function startApache(options: ProxyOptions): Promise<ProxyServer> {
  return startProxy(APACHE, options);
}
