/** One program, three parts: the coordinator starts itself again as the server and as the clients. */
import { ROLE_VARIABLE } from './harness/rpc.js';

const role = process.env[ROLE_VARIABLE];
if (role === 'server') await import('./server/server.js');
else if (role === 'client') await import('./client/client.js');
else process.exitCode = await (await import('./run.js')).run(process.argv.slice(2));
