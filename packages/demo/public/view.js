/** The state in words and figures, drawn at most once per frame. The curves: plot.js. */
import { isComplete, missing } from './counter.js';
import { state } from './state.js';

const GIB = 2 ** 30;

const element = (id) => document.getElementById(id);
const lines = element('lines');
const log = element('log');
const story = element('journal');

let isDrawing = false;
/** How the stream is doing: see drawStatus. */
let status = { state: 'connecting', since: 0 };
/** The last line, and the last sentence, that are on the page. */
let shownLine;
let shownStory;
let followsEnd = true;
/** The head is asked for once a second. Whoever was there by then is at the head with each event that comes. */
let isAtHead = false;

log.addEventListener('scroll', () => {
  followsEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 8;
});
drawStory();

export function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    drawState();
    drawProof();
    drawStream();
    if (state.sample) drawSample(state.sample);
    drawLines();
  });
}

/** What the client says of the stream. Of two that come at once only the later one is worth reading. */
export function drawStatus(next) {
  status = next;
  draw();
}

/** What the server says of itself: see controls.ts. */
export function drawServer({ pid, run, store, connections, head, behind, heldBytes, crowd, isSlow }) {
  isAtHead = behind === 0;
  setText('head', head);
  setText('server', run === 1 ? `${pid}` : `${pid}, start no. ${run}`);
  setText('clients', number(connections));
  setText('store', store);
  const waiting = heldBytes > 0 ? `, ${number(heldBytes)} bytes held back` : '';
  setText('behind', behind === undefined ? 'unknown' : plural(behind, 'event') + waiting);
  element('behind').classList.toggle('late', isSlow || behind > 5);
  if (store === 'memory') setText('kill-note', 'History in memory is gone with it.');
  const { wanted, open, complete, received } = crowd;
  const each = 'Each counts for itself, as this page does.';
  setText('crowd-status', wanted ? `${open} open, ${complete} complete, ${number(received)} samples in all.` : each);
}

/** Appended, not redrawn: a screen reader says what is new, once. */
export function drawStory() {
  for (const entry of state.story.slice(state.story.lastIndexOf(shownStory) + 1)) {
    const item = document.createElement('li');
    item.className = entry.kind;
    const time = document.createElement('time');
    time.textContent = clock(entry.time);
    const text = document.createElement('p');
    text.textContent = entry.text;
    item.append(time, text);
    story.append(item);
  }
  while (story.children.length > state.story.length) story.firstChild.remove();
  shownStory = state.story.at(-1);
  element('story').scrollTop = element('story').scrollHeight;
}

function drawState() {
  const { state: name, since } = status;
  element('state').dataset.state = name;
  setText('state', name === 'offline' ? `offline since ${clock(since)}` : name.replace('-', ' '));
}

function drawProof() {
  const { counter } = state;
  const { received, twice, disordered, since } = counter;
  setCount('received', received, false);
  setCount('missing', missing(counter), true);
  setCount('twice', twice, true);
  setText('order', disordered === 0 ? 'in order' : `${number(disordered)} out of order`);
  setText('since', received === 0 ? '–' : clock(since).slice(0, 5));
  element('proof').dataset.verdict = received === 0 ? 'waiting' : isComplete(counter) ? 'complete' : 'broken';
}

function drawStream() {
  setText('last-event-id', state.lastEventId || 'none');
  if (isAtHead) setText('head', state.lastEventId);
  setText('resume', state.resume || '–');
  setText('reconnects', number(state.reconnects));
  setText('resets', number(state.resets));
  setText('line-count', number(state.lineCount));
}

function drawSample({ memory, load, eventLoop }) {
  setText('busy', `${Math.round((state.history.at(-1)?.busy ?? 0) * 100)} %`);
  setText('delay', `${eventLoop.p99.toFixed(1)} ms`);
  setText('memory', `${(memory.used / GIB).toFixed(1)} of ${(memory.total / GIB).toFixed(1)} GiB`);
  load.forEach((value, index) => {
    setText(`load-${index}`, value.toFixed(2));
  });
}

function drawLines() {
  const from = state.lines.lastIndexOf(shownLine) + 1;
  if (from === 0) lines.replaceChildren();
  for (const line of state.lines.slice(from)) {
    const item = document.createElement('li');
    item.textContent = line.text || ' ';
    lines.append(item);
  }
  while (lines.children.length > state.lines.length) lines.firstChild.remove();
  shownLine = state.lines.at(-1);
  if (followsEnd) log.scrollTop = log.scrollHeight;
}

/** `isFault` for figures that should be 0. */
function setCount(id, value, isFault) {
  setText(id, number(value));
  element(id).classList.toggle('wrong', isFault && value > 0);
}

/** Not where it is there already: that would still be a change to whoever listens. */
function setText(id, value) {
  const target = element(id);
  if (target.textContent !== value) target.textContent = value;
}

function number(value) {
  return value.toLocaleString('en');
}

function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function clock(time) {
  return new Date(time).toLocaleTimeString('en-GB');
}
