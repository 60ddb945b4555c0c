/** What happened, in sentences: each interruption, and whether everything that was missed has come. */
import { serverNow } from './clock.js';
import { isComplete, missing } from './counter.js';
import { addStory, state } from './state.js';
import { drawStory } from './view.js';

/** Samples that are younger than that at a return were not missed. */
const FRESH_MS = 100;

/** The interruption that is not over: since when, until when, and how many samples have come that were due before its end. */
let interruption;

export function tell(text, kind = '') {
  addStory(text, kind);
  drawStory();
}

export function began({ number }) {
  tell(`Began to count at sample ${number.toLocaleString('en')}.`);
}

/** Nothing, or not everything, arrives from now on. `why` begins the sentence that will be told. */
export function lost(why = 'Back') {
  if (interruption) interruption.until = undefined;
  else interruption = { why, since: serverNow(), until: undefined, late: 0 };
}

/** What `why` stands for is over: from now on everything can arrive. A line that was mended may still be slow. */
export function opened(why = 'Back') {
  if (interruption?.why === why) interruption.until ??= serverNow();
}

/** Tells of the interruption's end at the first sample that is younger than it. */
export function finished({ time }) {
  if (interruption?.until === undefined) return;
  if (time < interruption.until - FRESH_MS) {
    interruption.late++;
    return;
  }
  const { why, since, until, late } = interruption;
  interruption = undefined;
  const seconds = ((until - since) / 1_000).toFixed(1);
  const { counter } = state;
  if (!isComplete(counter))
    tell(`${why} after ${seconds} s: ${missing(counter)} missing, ${counter.twice} twice.`, 'bad');
  else if (late === 0) tell(`${why} after ${seconds} s. Nothing had been missed.`, 'good');
  else tell(`${why} after ${seconds} s. ${late} missed samples came, each once and in order.`, 'good');
}
