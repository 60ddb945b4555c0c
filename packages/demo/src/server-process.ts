/** The server process: serves until its supervisor says stop, or is gone. It may be killed at any time; that is what the demo shows. */
import { once } from 'node:events';
import { type Demo, startDemo } from './demo.js';
import { type CrowdStatus, NO_CROWD } from './keeper.js';
import { ListenError } from './listen.js';
import type { ToServer, ToSupervisor } from './messages.js';

export async function serve(): Promise<void> {
  // Ctrl-C reaches every process of the terminal; the supervisor decides what comes of it.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  let crowd: CrowdStatus = NO_CROWD;
  let demo: Demo | undefined;
  const stop = async () => {
    await demo?.close();
    process.exit();
  };

  const [start] = (await once(process, 'message')) as [Extract<ToServer, { type: 'start' }>];
  process.on('message', (message: ToServer) => {
    if (message.type === 'crowd') crowd = message.status;
    if (message.type === 'stop') void stop();
  });
  process.on('disconnect', () => void stop());
  const { options, run, withSources, drainMs } = start;
  const keeper = { run, restart: stop, gather: (count: number) => tell({ type: 'gather', count }), crowd: () => crowd };
  try {
    demo = await startDemo({
      ...options,
      withSources,
      drainMs,
      keeper,
      onError: (error) => tell({ type: 'error', text: error instanceof Error ? error.message : String(error) }),
    });
    // Whoever is told of a server that is ready may count on its store as well.
    await demo.hub.ready();
    tell({ type: 'ready', expressUrl: demo.expressUrl, fastifyUrl: demo.fastifyUrl });
  } catch (error) {
    tell({ type: 'failed', text: describe(error) }, () => process.exit(1));
  }
}

function tell(message: ToSupervisor, done: () => void = () => {}): void {
  // A supervisor that has gone is answered by ending, not by an error.
  if (process.connected) process.send?.(message, undefined, undefined, done);
  else done();
}

/** What people can act on comes as a sentence, what is a bug with its stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error instanceof ListenError ? error.message : (error.stack ?? error.message);
}
