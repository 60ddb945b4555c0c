/** The stream: the client of the suite, which keeps the connection up and says how it is doing. */
import { connect } from '@headwater/client';

/** Of the protocol: what tells how the stream goes on, and what moves the place in the log. */
const CONTROL = ['sse.open', 'sse.reset', 'sse.live'];

/**
 * The waits between attempts are random, so that the clients of a server that was lost come back apart, and grow up to half a minute.
 * Here nobody else waits, and whoever cuts the line wants to see it mended: up to half a second, beside what the server asks for.
 */
const random = () => Math.random() / 60;

/**
 * Follows the stream at `url`, from after `lastEventId` on. `onEvent` gets each event of `types` and of the protocol, `onStatus`
 * the status whenever it changes. Returns what ends it, without another word.
 */
export function openStream({ url, lastEventId, types, onEvent, onStatus }) {
  const stream = connect(url, { lastEventId, random });
  const stops = [...types, ...CONTROL].map((type) => stream.on(type, onEvent));
  stops.push(stream.on('sse.status', onStatus));
  onStatus(stream.status);
  return () => {
    for (const stop of stops) stop();
    stream.close();
  };
}
