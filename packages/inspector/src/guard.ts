/** Guard: what every answer carries, and who gets none. Whether the visitor may look at all is the application's to decide, before. */
import type { NodeRequest, NodeResponse } from '@headwater/core/node';

const HEADERS = {
  // Everything is the page's own: nothing inline, nothing of others, in nobody's frame.
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-store',
};

/** What the application's CORS has said before: none of this is for other sites. */
const CORS = ['access-control-allow-origin', 'access-control-allow-credentials', 'access-control-expose-headers'];

export function secure(res: NodeResponse): void {
  for (const name of CORS) res.removeHeader(name);
  for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
}

/** Why this request gets nothing; undefined where it may. */
export function refusalOf({ method, headers }: NodeRequest): { status: number; text: string } | undefined {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, text: 'Only GET and HEAD.' };
  const { 'sec-fetch-site': site, 'sec-fetch-mode': mode, origin, host, ':authority': authority = host } = headers;
  // A link to the page may stand anywhere; what it loads comes from itself.
  if (mode === 'navigate') return undefined;
  const isForeignSite = site !== undefined && site !== 'same-origin' && site !== 'none';
  const isForeignOrigin = origin !== undefined && origin.replace(/^[a-z]+:\/\//, '') !== authority;
  return isForeignSite || isForeignOrigin ? { status: 403, text: 'Only for the page itself.' } : undefined;
}
