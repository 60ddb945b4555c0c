/** Legs: every server that the suite runs on. A behaviour is written once and runs on each. */
type Framework = 'node' | 'express' | 'express4' | 'fastify';

/** `https` is HTTP/1.1 over TLS, `h2c` is HTTP/2 without TLS, `h2` with. */
export type Protocol = 'http' | 'https' | 'h2c' | 'h2';

export interface Leg {
  readonly name: string;
  readonly framework: Framework;
  readonly protocol: Protocol;
  /** True where a middleware has put its own `write` and `end` in the response's place. */
  readonly isWrapped: boolean;
}

const leg = (name: string, framework: Framework, protocol: Protocol, isWrapped = false): Leg => ({
  name,
  framework,
  protocol,
  isWrapped,
});

/** Express has no HTTP/2. */
export const LEGS: readonly Leg[] = [
  leg('node:http', 'node', 'http'),
  leg('node:https', 'node', 'https'),
  leg('node:http2', 'node', 'h2c'),
  leg('Express 5', 'express', 'http'),
  leg('Express 5 over TLS', 'express', 'https'),
  leg('Express 5 behind compression', 'express', 'http', true),
  leg('Express 4', 'express4', 'http'),
  leg('Express 4 over TLS', 'express4', 'https'),
  leg('Fastify', 'fastify', 'http'),
  leg('Fastify over TLS', 'fastify', 'https'),
  leg('Fastify over HTTP/2', 'fastify', 'h2'),
];

export const isHttp2 = ({ protocol }: Leg): boolean => protocol === 'h2c' || protocol === 'h2';
export const isTls = ({ protocol }: Leg): boolean => protocol === 'https' || protocol === 'h2';

/** The legs that speak HTTP/1.1. */
export const HTTP1_LEGS: readonly Leg[] = LEGS.filter((one) => !isHttp2(one));
/** The legs that speak HTTP/2. */
export const HTTP2_LEGS: readonly Leg[] = LEGS.filter(isHttp2);
/** One leg for each framework, over bare HTTP/1.1. */
export const PLAIN_LEGS: readonly Leg[] = LEGS.filter(({ protocol, isWrapped }) => protocol === 'http' && !isWrapped);
