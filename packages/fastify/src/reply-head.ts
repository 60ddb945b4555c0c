/** The head of a stream on a Fastify reply: status and headers, set through the reply so that hooks and other plugins see them. */
import type { HeaderChange } from '@headwater/core/node';
import type { FastifyReply } from 'fastify';

/** Sets status and headers. Returns what takes the change back, for an error page that must not look like a stream. */
export function applyReplyHead(reply: FastifyReply, status: number, changes: readonly HeaderChange[]): () => void {
  const statusBefore = reply.statusCode;
  const before = changes.map(([name]): HeaderChange => {
    const value = reply.getHeader(name);
    return [name, typeof value === 'number' ? String(value) : value];
  });
  setHeaders(reply, changes);
  if (status !== statusBefore) reply.code(status);
  return () => {
    setHeaders(reply, before);
    // Unless the error has set its own.
    if (reply.raw.statusCode === status) reply.raw.statusCode = statusBefore;
  };
}

function setHeaders(reply: FastifyReply, changes: readonly HeaderChange[]): void {
  for (const [name, value] of changes) {
    // Also before a new value: `reply.header` adds to cookies, and what is on the raw response would stay there.
    reply.removeHeader(name);
    if (value !== undefined) reply.header(name, value);
  }
}
