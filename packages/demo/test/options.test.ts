import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError } from '../src/options.js';

describe('parseOptions', () => {
  it('has a default for everything', () => {
    expect(parseOptions([])).toMatchObject({ ownLog: true, host: '127.0.0.1', port: 3000, fastifyPort: 3001 });
    expect(parseOptions([])?.log).toMatch(/demo\/requests\.log$/);
    expect(parseOptions([])?.data).toMatch(/demo\/\.data\/3000$/);
    expect(parseOptions(['--port', '8080'])?.data).toMatch(/demo\/\.data\/8080$/);
    expect(parseOptions(['--memory'])?.data).toBeUndefined();
  });

  it('reads every option', () => {
    const args = [
      '--log',
      '/var/log/syslog',
      '--port',
      '0',
      '--fastify-port=8081',
      '--host',
      '::',
      '--data',
      '/var/lib/demo',
    ];
    expect(parseOptions(args)).toEqual({
      log: '/var/log/syslog',
      ownLog: false,
      data: '/var/lib/demo',
      host: '::',
      port: 0,
      fastifyPort: 8081,
    });
  });

  it('answers undefined where help is wanted', () => {
    expect(parseOptions(['--help', '--port', 'x'])).toBeUndefined();
  });

  it.each([
    [['--port', '65536'], '--port must be a port from 0 to 65535, not "65536"'],
    [['--port', ''], '--port must be a port from 0 to 65535, not ""'],
    [['--fastify-port', '-1'], "Option '--fastify-port' argument is ambiguous"],
    [['--fastify-port', '80a'], '--fastify-port must be a port from 0 to 65535, not "80a"'],
    [['--log'], "Option '--log <value>' argument missing"],
    [['--memory', '--data', 'x'], '--memory and --data contradict each other'],
    [['--nope'], "Unknown option '--nope'"],
    [['file'], "Unexpected argument 'file'"],
  ])('refuses %j', (args, message) => {
    expect(() => parseOptions(args)).toThrow(UsageError);
    expect(() => parseOptions(args)).toThrow(message);
  });
});
