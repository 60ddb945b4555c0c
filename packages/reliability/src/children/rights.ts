/** Who may follow what: `private.<name>` is for the principal of that name, everything else for everybody. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Grant } from '@headwater/core/node';

const PRINCIPAL_HEADER = 'x-principal';

const PRIVATE = 'private.';

export function grantFor(headers: IncomingHttpHeaders, channels: readonly string[]): Grant | false {
  const principal = headers[PRINCIPAL_HEADER]?.toString();
  const mayRead = channels.every((name) => !name.startsWith(PRIVATE) || name === `${PRIVATE}${principal}`);
  return mayRead && { principal };
}
