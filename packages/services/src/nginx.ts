/** nginx for tests. */
import { type ProxyKind, type ProxyOptions, type ProxyServer, startProxy } from './proxy.js';

const NGINX: ProxyKind = {
  program: {
    command: 'nginx',
    variable: 'HEADWATER_NGINX',
    debianPackage: 'nginx',
    folders: () => ['/usr/sbin', '/usr/local/sbin'],
  },
  surround: (http, { dir }) => `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    daemon off;
    pid ${dir}/pid;
    error_log stderr;
    events {}
    http {
      access_log off;
      ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join('\n')}
      ${http}
    }`,
  args: ({ dir, file }) => ['-p', dir, '-e', 'stderr', '-c', file],
};

/** Starts it with a configuration of the context `http`, as the files in Debian's `/etc/nginx/conf.d` are. */
export function startNginx(options: ProxyOptions): Promise<ProxyServer> {
  return startProxy(NGINX, options);
}
