/** A process that waits for nothing but the end of its streams, which no socket keeps alive. */
import Fastify from 'fastify';
import { createHub, ssePlugin } from '../../../fastify/src/index.js';

const hub = createHub();
const app = Fastify();
await app.register(ssePlugin, { hub });
app.get('/', (_request, reply) => reply.sse.subscribe('news'));
await app.inject({ url: '/', payloadAsStream: true });
if (process.argv[2] === 'drain') await hub.drain({ windowMs: 300 });
else await app.close();
await hub.close();
console.log('closed');
