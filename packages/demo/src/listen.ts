/** Listening, with errors that say what to do. */
export class ListenError extends Error {}

export interface Address {
  readonly host: string;
  readonly port: number;
  /** The option that chose the port. */
  readonly option: string;
}

/** Runs `listen` and explains its failure. */
export async function listen(name: string, { host, port, option }: Address, start: () => Promise<unknown>) {
  try {
    await start();
  } catch (cause) {
    throw new ListenError(
      `Cannot start the ${name} server: ${reason(cause, host, port)}. Choose with ${option} <n>; 0 takes any free port`,
      { cause },
    );
  }
}

/** The address of a server as a URL. */
export function urlOf(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}/`;
}

function reason(cause: unknown, host: string, port: number): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `port ${port} of ${host} is taken`;
  if (code === 'EACCES') return `port ${port} is not allowed without more rights`;
  return message;
}
