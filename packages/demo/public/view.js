/** The state, drawn at most once per frame. Nothing else touches the document. */
import { state } from './state.js';

const GIB = 2 ** 30;
const WIDTH = 120;
const HEIGHT = 32;

const element = (id) => document.getElementById(id);
const lines = element('lines');

let isDrawing = false;
/** The last line that is on the page. */
let shown;
let followsEnd = true;

lines.addEventListener('scroll', () => {
  followsEnd = lines.scrollTop + lines.clientHeight >= lines.scrollHeight - 8;
});

export function draw() {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    drawStream();
    if (state.sample) drawSample(state.sample);
    drawLines();
  });
}

export function drawState(name) {
  element('state').dataset.state = name;
  setText('state', name);
}

function drawStream() {
  setText('last-event-id', state.lastEventId || 'none');
  setText('resume', state.resume || '–');
  setText('reconnects', state.reconnects);
  setText('resets', state.resets);
  setText('samples', state.samples);
  setText('line-count', state.lineCount);
}

function drawSample({ time, cores, memory, load, eventLoop }) {
  setText('busy', percent(state.history.at(-1)?.busy ?? 0));
  drawHistory(time);
  drawCores(cores);
  setText('memory', `${(memory.used / GIB).toFixed(1)} GiB`);
  setText('memory-total', `of ${(memory.total / GIB).toFixed(1)} GiB`);
  element('memory-bar').value = memory.used / memory.total;
  load.forEach((value, index) => {
    setText(`load-${index}`, value.toFixed(2));
  });
  for (const [name, value] of Object.entries(eventLoop)) setText(`delay-${name}`, value.toFixed(1));
}

function drawCores(cores) {
  const list = element('cores');
  while (list.children.length > cores.length) list.lastChild.remove();
  while (list.children.length < cores.length) list.append(newCore(list.children.length));
  cores.forEach((share, index) => {
    const [, meter, text] = list.children[index].children;
    meter.value = share;
    text.textContent = percent(share);
  });
}

function newCore(index) {
  const core = document.createElement('div');
  core.className = 'core';
  const name = document.createElement('span');
  name.className = 'name';
  name.textContent = `Core ${index}`;
  const meter = document.createElement('meter');
  meter.ariaLabel = `Core ${index}`;
  core.append(name, meter, document.createElement('b'));
  return core;
}

/** By time, not by number: a hole in what was received would be seen. */
function drawHistory(now) {
  const points = state.history.map(({ time, busy }) => [WIDTH - (now - time) / 1000, HEIGHT * (1 - busy)]);
  const line = points.map(([x, y]) => `${x.toFixed(2)},${y.toFixed(2)}`).join(' L');
  element('history-line').setAttribute('d', `M${line}`);
  element('history-area').setAttribute('d', `M${points[0][0]},${HEIGHT} L${line} L${points.at(-1)[0]},${HEIGHT} Z`);
}

function drawLines() {
  const from = state.lines.lastIndexOf(shown) + 1;
  if (from === 0) lines.replaceChildren();
  for (const line of state.lines.slice(from)) {
    const item = document.createElement('li');
    item.textContent = line.text || ' ';
    if (line.isNote) item.className = 'note';
    lines.append(item);
  }
  while (lines.children.length > state.lines.length) lines.firstChild.remove();
  shown = state.lines.at(-1);
  if (followsEnd) lines.scrollTop = lines.scrollHeight;
}

function setText(id, value) {
  element(id).textContent = value;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}
