import { describe, expect, it } from 'vitest';
import { SseError } from '../../src/errors.js';
import { causeOfDenial, causeOfEnd, causeOfError, levelOf } from '../../src/logs/cause.js';

class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
}

describe('causeOfError', () => {
  it.each([
    [new SseError('ERR_SSE_STORE', 'x'), 'publish', 'store'],
    [new Error('connection refused'), 'store', 'store'],
    [new SseError('ERR_SSE_CALLBACK', 'x', { cause: new TimeoutError() }), 'subscribe', 'sync_timeout'],
    [new SseError('ERR_SSE_CALLBACK', 'x', { cause: new Error('database down') }), 'subscribe', 'upstream'],
    [new Error('the model is away'), 'source', 'upstream'],
    [new Error('token service is away'), 'authorize', 'auth_failed'],
    [new SseError('ERR_SSE_CALLBACK', 'x', { cause: new TimeoutError() }), 'authorize', 'auth_failed'],
    [new SseError('ERR_SSE_ORIGIN', 'x'), 'subscribe', 'origin_denied'],
    [new SseError('ERR_SSE_REGION', 'x'), 'subscribe', 'region_denied'],
    [new TypeError('bad filter'), 'filter', 'application'],
    [new SseError('ERR_SSE_HEADERS_SENT', 'x'), 'subscribe', 'transport'],
    [{ code: 'constructor' }, 'transport', 'transport'],
    [undefined, 'observer', 'application'],
  ] as const)('%o of %s is %s', (error, source, cause) => {
    expect(causeOfError(error, source)).toBe(cause);
  });
});

describe('levels', () => {
  it('say that a client which goes away, or is refused what it may not have, is no error of the server', () => {
    expect(levelOf(causeOfEnd('client'))).toBe('info');
    expect(levelOf(causeOfEnd('shutdown'))).toBe('info');
    expect(levelOf(causeOfEnd('slow'))).toBe('warn');
    expect(levelOf(causeOfDenial('authorize'))).toBe('warn');
    expect(levelOf('bad_request')).toBe('info');
    expect(levelOf('store')).toBe('error');
  });
});
