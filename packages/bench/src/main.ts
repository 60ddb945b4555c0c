/** One program in parts: the coordinator starts itself again as the server, as the clients and as who appends. */
import { ROLE_VARIABLE } from './harness/rpc.js';

const role = process.env[ROLE_VARIABLE];
if (role === 'server') await import('./server/server.js');
else if (role === 'client') await import('./client/client.js');
else if (role === 'appender') await import('./server/appender.js');
else process.exitCode = await (await import('./run.js')).run(process.argv.slice(2));
