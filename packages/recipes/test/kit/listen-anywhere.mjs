// Loaded into every server before its own code: what listens on port 3000 gets a free port instead, or the given one, and the
// parent is told.
import { Server } from 'node:net';

const { listen } = Server.prototype;
const port = Number(process.env.LISTEN_ANYWHERE_PORT ?? 0);

Server.prototype.listen = function (...args) {
  const isOptions = typeof args[0] === 'object' && args[0] !== null;
  if ((isOptions ? args[0].port : args[0]) === 3000) {
    args[0] = isOptions ? { ...args[0], port } : port;
    this.once('listening', () => process.send?.(this.address()));
  }
  return listen.apply(this, args);
};

// No server outlives its test. The channel itself keeps nobody alive.
process.once('disconnect', () => process.exit());
process.channel?.unref();
