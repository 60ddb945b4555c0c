/**
 * A client process that persists what it applies: one line for each event, `<id> <number> <sha1>`, written before the next one is looked
 * at. The file is its state and its place at once, so that the two cannot disagree wherever it is killed; a line that was being
 * written then is cut off at the next start, and its event comes again.
 */
import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { Follower } from '../harness/follower.js';
import { digestOf } from '../oracle/ledger.js';

const { url, file } = JSON.parse(process.argv[2] as string) as { url: string; file: string };

const written = existsSync(file) ? readFileSync(file, 'utf8') : '';
const whole = written.slice(0, written.lastIndexOf('\n') + 1);
const out = openSync(file, 'a');
ftruncateSync(out, Buffer.byteLength(whole));

new Follower({
  url: () => url,
  lastEventId: whole.trimEnd().split('\n').at(-1)?.split(' ')[0] ?? '',
  onEvent: ({ id, data }) => void writeSync(out, `${id} ${Number.parseInt(data, 10)} ${digestOf(data)}\n`),
  onControl: ({ event }) => {
    if (event === 'sse.open') process.send?.({ open: true });
  },
});
process.on('disconnect', () => {
  closeSync(out);
  process.exit(0);
});
