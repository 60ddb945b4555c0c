/**
 * Intake: what arrives, in the order in which the application gets it. Control events move the position and begin and end repairs;
 * the application's own events pass if they are neither duplicates nor behind a gap.
 *
 * Everything from `sse.reset` to the next id is held back and delivered whole or not at all. A cut in between drops it: the client
 * still has its old id, and the server repeats the reset. A reset within a repair joins it, because the server does not repeat what
 * it has already sent of healthy channels.
 */
import { ClientError } from './errors.js';
import type { Incoming, Open } from './events.js';
import type { Arrived } from './features.js';
import { parseJson, type Resolved } from './options.js';
import type { Position } from './position.js';

export interface Intake {
  isRepairing(): boolean;
  /** A stream begins, or an answer of the fallback, which is Headwater's for sure. */
  begin(isKnown: boolean): void;
  /** @throws ClientError where the stream cannot go on. */
  take(frame: Arrived): void;
  /** A stream is over: what was held back is not applied. */
  cut(): void;
}

/** @param event May throw: then the stream cannot go on. */
export function createIntake(
  { parse, maxEventChars }: Resolved,
  position: Position,
  event: (event: Incoming) => void,
  failed: (error: unknown) => void,
): Intake {
  /** An event of the protocol has come: this is one of Headwater's streams. */
  let isOurs = false;
  let held: Arrived[] | undefined;
  let heldChars = 0;

  const emit = ({ type, text, link, channel }: Arrived, data: unknown) => {
    const { id, channels } = position;
    const sole = channels.length === 1 ? channels[0] : undefined;
    event({ type, data, text, id, channel: channel ?? link?.channel ?? sole });
  };

  const hold = (frame: Arrived) => {
    held ??= [];
    held.push(frame);
    // An event takes some memory even where it is empty.
    heldChars += frame.text.length + 99;
    if (heldChars > 16 * maxEventChars) throw new ClientError('ERR_CLIENT_TOO_LARGE', 'Too large');
    if (frame.id === undefined) return;
    // Whole: nothing can come in between.
    const frames = held;
    cut();
    frames.forEach(deliver);
  };

  const deliver = (frame: Arrived) => {
    const { type, text, id, link } = frame;
    if (isControl(type)) {
      if (id !== undefined) position.repaired(id);
      return emit(frame, parseJson(text));
    }
    if (id !== undefined) {
      const gap = position.take(id, isOurs ? link : undefined);
      if (gap) emit({ ...frame, type: 'sse.gap' }, gap);
      if (gap?.isLost === false) throw new ClientError('ERR_CLIENT_GAP', `Gap in ${gap.channel}`);
    }
    let data: unknown;
    try {
      data = parse(text, type);
    } catch (error) {
      // Left out: asked for again it would fail again.
      return failed(error);
    }
    emit(frame, data);
  };

  const control = (frame: Arrived) => {
    const { type, id } = frame;
    const data = parseJson(frame.text) as Open | null;
    const isOpen = type === 'sse.open';
    if (typeof data !== 'object' || !data || (isOpen && !Array.isArray(data.channels))) return;
    const isFirst = !isOurs;
    isOurs = true;
    if (isOpen) position.opened(data, id, isFirst);
    else if (type === 'sse.reset') {
      position.reset(data.channels);
      return hold(frame);
    } else if (held && /(snapshot|live)$/.test(type)) {
      return hold(frame);
    } else if (id !== undefined) position.move(id);
    emit(frame, data);
  };

  const cut = () => {
    held = undefined;
    heldChars = 0;
  };

  return {
    isRepairing: () => held !== undefined,
    begin(isKnown) {
      isOurs = isKnown;
    },
    take(frame) {
      const { type, id, link } = frame;
      if (isControl(type)) control(frame);
      else if (isOurs && id !== undefined && position.isDuplicate(id, link)) return;
      else if (held) hold(frame);
      else deliver(frame);
    },
    cut,
  };
}

/** True for the events of the protocol. */
export const isControl = (type: string): boolean => type.startsWith('sse.');
