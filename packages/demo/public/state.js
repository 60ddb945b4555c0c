/**
 * What the page has received, and up to where. Both are saved as one value, so that they cannot disagree: whatever is not in a
 * saved state comes after its position, and the server sends it again.
 */
import { count, newCounter } from './counter.js';

const KEY = 'headwater-demo';
const MAX_LINES = 500;
const MAX_STORY = 50;
/** A little more than the plots are wide. */
const HISTORY_MS = 125_000;
const SAVE_MS = 500;

export const state = load();

let timer;

/** Soon: a burst of events is saved once. */
export function saveSoon() {
  timer ??= setTimeout(save, SAVE_MS);
}

function save() {
  clearTimeout(timer);
  timer = undefined;
  sessionStorage.setItem(KEY, JSON.stringify(state));
}

addEventListener('pagehide', save);

export function addSample(sample, isLate) {
  count(state.counter, sample.number);
  const { number, time, cores, eventLoop } = sample;
  const busy = cores.reduce((sum, core) => sum + core, 0) / cores.length;
  state.sample = sample;
  state.history.push({ number, time, busy, delay: eventLoop.p99, isLate });
  while (state.history[0].time < time - HISTORY_MS) state.history.shift();
}

export function addLine(text) {
  state.lineCount++;
  state.lines.push({ text });
  if (state.lines.length > MAX_LINES) state.lines.shift();
}

/** What the log held before the place where a new page begins. Has no id, so it may come again: it replaces. */
export function setLines(texts) {
  state.lines = texts.map((text) => ({ text }));
  state.lineCount = texts.length;
}

/** `kind` is good, bad, or empty for what is neither. */
export function addStory(text, kind) {
  state.story.push({ time: Date.now(), text, kind });
  if (state.story.length > MAX_STORY) state.story.shift();
  saveSoon();
}

/** What was received of these channels is no longer the beginning of what comes. */
export function forget(channels) {
  if (channels.includes('log')) state.lines = [];
  if (!channels.includes('telemetry')) return;
  state.history = [];
  state.counter = newCounter();
}

function load() {
  const fresh = {
    /** Names this page to the server, which spoils the line of nobody else. */
    page: Math.random().toString(36).slice(2),
    server: 'express',
    lastEventId: '',
    resume: '',
    reconnects: 0,
    resets: 0,
    lineCount: 0,
    counter: newCounter(),
    /** By the server's clock. */
    beganAt: 0,
    sample: undefined,
    history: [],
    lines: [],
    story: [],
  };
  return { ...fresh, ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') };
}
