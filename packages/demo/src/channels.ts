/** What the demo publishes, and how a client follows it: the same for both frameworks. */
import type { Connection } from '@headwater/core';
import type { Telemetry } from './telemetry.js';

/** Channel, event, data. */
export type DemoEvents = {
  telemetry: { telemetry: Telemetry };
  log: { line: string };
};

/** New clients see the machine from now on and the log from as far back as it is kept; others get what they missed of both. */
export function follow(stream: Connection): Promise<unknown> {
  void stream.subscribe('telemetry');
  return stream.subscribe('log', { from: 'earliest' });
}
