/** Our servers, Chromium's EventSource and pages of other origins: the headers that middleware has set decide. */
import { describe, expect, it } from 'vitest';
import { BrowserSource, CLOSED } from './chromium/browser-source.js';
import { useChromium } from './chromium/chromium.js';
import { FRAMEWORKS } from './chromium/frameworks.js';

const openPage = useChromium();

describe.each(FRAMEWORKS)('%s and EventSource across origins', (_name, framework) => {
  /** A page of one server, with a cookie, and a source of another, whose answer has these headers. */
  async function connect(headers: (origin: string) => Record<string, string>, withCredentials: boolean) {
    const cookies: (string | undefined)[] = [];
    const page = await openPage((await framework.serve(() => {})).url);
    await page.evaluate(`document.cookie = 'user=1'`);
    const server = await framework.serve(({ stream, request, head }) => {
      cookies.push(request.headers.cookie);
      head(headers(request.headers.origin ?? ''));
      void stream.send({ id: 1, data: 'one' });
      if (!request.headers['last-event-id']) stream.close({ retryMs: 250 });
    });
    const source = await BrowserSource.open(page, `${server.url}/stream`, { withCredentials });
    return { source, server, cookies };
  }

  it('works for any origin without credentials, resumed without a preflight', async () => {
    const { source, server, cookies } = await connect(() => ({ 'access-control-allow-origin': '*' }), false);
    expect(await source.events(2)).toMatchObject([{ data: 'one', origin: server.url }, { data: 'one' }]);
    expect(cookies).toEqual([undefined, undefined]);
  });

  it('works with credentials for an origin that is named', async () => {
    const allow = (origin: string) => ({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      vary: 'origin',
    });
    const { source, cookies } = await connect(allow, true);
    await source.events(2);
    expect(cookies).toEqual(['user=1', 'user=1']);
  });

  it.each([
    ['no header', () => ({}), false],
    ['another origin', () => ({ 'access-control-allow-origin': 'http://other.test' }), false],
    ['any origin, but credentials', () => ({ 'access-control-allow-origin': '*' }), true],
    ['credentials not allowed', (origin: string) => ({ 'access-control-allow-origin': origin }), true],
  ] as const)('closes for ever: %s', async (_why, headers, withCredentials) => {
    const { source } = await connect(headers as (origin: string) => Record<string, string>, withCredentials);
    await source.closed();
    expect(await source.read()).toMatchObject({ events: [], opens: 0, errors: [CLOSED] });
  });
});
