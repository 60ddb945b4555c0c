/**
 * What the page has received, and up to where. Both are saved as one value, so that they cannot disagree: whatever is not in a
 * saved state comes after its position, and the server sends it again.
 */

const KEY = 'headwater-demo';
const MAX_LINES = 500;
const HISTORY_MS = 120_000;
const SAVE_MS = 250;

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

export function addSample(sample) {
  state.samples++;
  state.sample = sample;
  const busy = sample.cores.reduce((sum, core) => sum + core, 0) / sample.cores.length;
  state.history = state.history.filter(({ time }) => time > sample.time - HISTORY_MS);
  state.history.push({ time: sample.time, busy });
}

export function addLine(text, isNote = false) {
  if (!isNote) state.lineCount++;
  state.lines.push({ text, isNote });
  if (state.lines.length > MAX_LINES) state.lines.shift();
}

/** What was received of these channels is no longer the beginning of what comes. */
export function forget(channels) {
  if (channels.includes('telemetry')) state.history = [];
  if (channels.includes('log')) state.lines = [];
}

function load() {
  const fresh = {
    server: 'express',
    lastEventId: '',
    resume: '',
    reconnects: 0,
    resets: 0,
    samples: 0,
    lineCount: 0,
    sample: undefined,
    history: [],
    lines: [],
  };
  return { ...fresh, ...JSON.parse(sessionStorage.getItem(KEY) ?? '{}') };
}
