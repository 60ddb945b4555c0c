/** The text of a failure: where the stream came from, how it stands, and what it has brought. Pure. */
import { Buffer } from 'node:buffer';
import type { Received } from './received.js';

const MAX_EVENTS = 20;
const MAX_TEXT = 200;
const BLANK_LINE = /\r\n\r\n|\n\n|\r\r/g;

export interface ReportSubject {
  /** `GET http://127.0.0.1:3000/news`. */
  readonly label: string;
  /** How the stream stands: `still open`. */
  readonly state: string;
  readonly received: Received;
  /** The body, where it is kept. */
  readonly text?: string;
}

/** Ends with the bytes that no blank line has completed: the usual reason of a missing event. */
export function report({ label, state, received, text }: ReportSubject): string {
  const { events, comments } = received;
  const bytes = text === undefined ? '' : `, ${count(Buffer.byteLength(text), 'byte')}`;
  const lines = [
    `${label} is ${state}. Received ${count(events.length, 'event')}, ${count(comments.length, 'comment')}${bytes}`,
  ];
  const skipped = Math.max(0, events.length - MAX_EVENTS);
  if (skipped > 0) lines.push(`  ... ${count(skipped, 'earlier event')}`);
  events.slice(skipped).forEach(({ event, data, id }, index) => {
    lines.push(`  ${skipped + index + 1}. ${event}: ${shorten(data)}${id === '' ? '' : ` (id ${id})`}`);
  });
  const rest = text === undefined ? '' : afterLastBlankLine(text);
  if (rest !== '') lines.push(`  without a blank line yet: ${shorten(rest)}`);
  return lines.join('\n');
}

function afterLastBlankLine(text: string): string {
  let end = 0;
  for (const match of text.matchAll(BLANK_LINE)) end = match.index + match[0].length;
  return text.slice(end);
}

function shorten(text: string): string {
  return text.length <= MAX_TEXT ? quote(text) : `${quote(text.slice(0, MAX_TEXT))}...`;
}

// JSON within quotes would be hard to read; line breaks and edges that cannot be seen need them.
function quote(text: string): string {
  return /^\s|\s$|[\r\n\0]|^$/.test(text) ? JSON.stringify(text) : text;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
