/** C14: an application that was closed leaves nothing behind that keeps its process alive. Nobody calls `process.exit`. */
import { startApplication } from './streaming.js';

const [, , leg = '', how] = process.argv;

const application = await startApplication(leg, { maxAgeMs: 60_000 }, (connection) => connection.subscribe('news'));
await application.read('/', { until: 'event: sse.open' });
await application.hub.publish('news', 'one');
if (how === 'hub, then framework') await application.hub.close();
await application.close();
if (how === 'framework, then hub') await application.hub.close();
console.log('closed');
