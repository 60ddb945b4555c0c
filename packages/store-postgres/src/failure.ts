/** What an error of `pg` means for the connection that it came over. Pure. */

/** Asked of a server that has shut down, is starting, or is a standby by now. */
const GONE = /^(08|57P0[1-3]|25006)/;

/** True where the server itself has answered, and would answer again. */
export function isAnswer(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !GONE.test(code);
}

/** The SQLSTATE of an error that the server has sent. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('severity' in error)) return undefined;
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
