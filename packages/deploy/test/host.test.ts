/** The Dockerfile and the unit of systemd: what they run exists, gets its signals, and has the time that its end takes. */
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readDocument } from '../../recipes/test/kit/document.js';
import { commandOf, problemsOfDockerfile } from './kit/dockerfile.js';
import { fill, pathOf, read } from './kit/files.js';
import { settingsOf, shutdownSeconds } from './kit/settings.js';
import { readUnit } from './kit/unit.js';

const PORT = 3000;
const context = [...readDocument(pathOf('README.md')).blocks.map(({ file }) => file), 'package-lock.json'];

describe('the Dockerfile', () => {
  it('is sound', () => {
    expect(problemsOfDockerfile(read('Dockerfile'), context, PORT)).toEqual([]);
  });

  it.each([
    ['COPY tsconfig.json', 'COPY tsconfig.jsonc', 'COPY tsconfig.jsonc: no such file'],
    ['--from=build', '--from=builder', 'no such stage'],
    ['USER 1000', 'USER node', 'USER node'],
    ['STOPSIGNAL SIGTERM', 'STOPSIGNAL SIGKILL', 'STOPSIGNAL'],
    ['EXPOSE 3000', 'EXPOSE 8080', 'EXPOSE'],
    [':3000/live', ':3000/ready', 'HEALTHCHECK'],
    ['CMD ["node", "dist/server.js"]', 'CMD ["npm", "start"]', 'CMD'],
    ['CMD ["node", "dist/server.js"]', 'CMD node dist/server.js', 'CMD'],
  ])('is not where it says, for %s, %s', (from, to, problem) => {
    expect(problemsOfDockerfile(fill('Dockerfile', { [from]: to }), context, PORT).join('\n')).toContain(problem);
  });

  it('runs the server that the unit runs too', () => {
    expect(commandOf(read('Dockerfile'), 'CMD')).toEqual(['node', 'dist/server.js']);
    expect(readUnit(read('headwater.service'))['Service.ExecStart']).toBe('/usr/bin/node dist/server.js');
  });
});

describe('the unit', () => {
  const unit = readUnit(read('headwater.service'));

  it('waits for a drain longer than the longest takes, and then for nobody', () => {
    expect(unit).toMatchObject({ 'Service.KillSignal': 'SIGTERM', 'Service.KillMode': 'mixed' });
    expect(Number(unit['Service.TimeoutStopSec'])).toBeGreaterThan(shutdownSeconds());
  });

  it('starts it again after a crash, and lets it have its files and nothing else', () => {
    expect(unit).toMatchObject({ 'Service.Restart': 'on-failure', 'Service.DynamicUser': 'yes' });
    expect(Number(unit['Service.LimitNOFILE'])).toBeGreaterThan(2 * settingsOf('server.ts').maxConnections);
  });

  it('cannot have a line that says nothing', () => {
    expect(() => readUnit('[Service]\nKillSignal SIGTERM')).toThrow('KillSignal SIGTERM');
  });
});

describe('the settings of Envoy, which no test runs', () => {
  const { listeners, clusters } = parse(read('envoy.yaml')).static_resources;
  const manager = listeners[0].filter_chains[0].filters[0].typed_config;
  const [route] = manager.route_config.virtual_hosts[0].routes;
  const heartbeatSeconds = Number(settingsOf('server.ts').defaults.HEARTBEAT_MS) / 1_000;

  it('let a stream take as long as it likes, and be silent for several heartbeats', () => {
    expect(manager['@type']).toMatch(/\.http_connection_manager\.v3\.HttpConnectionManager$/);
    expect(route).toMatchObject({ match: { path: '/events' }, route: { timeout: '0s', cluster: clusters[0].name } });
    expect(Number.parseInt(manager.stream_idle_timeout, 10)).toBeGreaterThan(3 * heartbeatSeconds);
    expect(manager.common_http_protocol_options).not.toHaveProperty('max_stream_duration');
    expect(manager.common_http_protocol_options).not.toHaveProperty('max_connection_duration');
  });

  it('ask the server whether it is ready, and count streams as requests', () => {
    const [{ health_checks, circuit_breakers, load_assignment }] = clusters;
    expect(settingsOf('server.ts').routes).toContain(health_checks[0].http_health_check.path);
    expect(circuit_breakers.thresholds[0].max_requests).toBeGreaterThan(settingsOf('server.ts').maxConnections);
    const [{ endpoint }] = load_assignment.endpoints[0].lb_endpoints;
    expect(endpoint.address.socket_address.port_value).toBe(PORT);
  });
});
