/** What is compared: a server that sends the same events to everyone who asks for `/`, the way its library's documentation shows it. */
import type { Server } from 'node:net';

export interface Contender {
  readonly server: Server;
  /** Sends `data` to everyone who is connected. A promise is awaited only to see how long it takes. */
  publish(data: string): unknown;
  /** Where a library tells how long it held the event loop at most, in milliseconds per flush, it tells this. */
  onHold?: (holdMs: number) => void;
}

/** Makes a contender whose server listens. */
export type StartContender = () => Promise<Contender>;
