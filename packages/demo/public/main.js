/** The page: connects the stream, the state, the proof and what is shown. */
import { serverNow, setServerTime } from './clock.js';
import { plotAll, startPlots } from './plot.js';
import { addLine, addSample, forget, saveSoon, setLines, state } from './state.js';
import { began, finished, lost, opened, tell } from './story.js';
import { openStream } from './stream.js';
import { readStatus, startSwitches } from './switches.js';
import { draw, drawStatus } from './view.js';

const { log, ports, time, switches } = await (await fetch('demo.json')).json();
document.getElementById('log-path').textContent = log;

/** From this age on a sample came late: it waited for a cut or a slow line to end. */
const LATE_MS = 500;

let close = () => {};
setServerTime(time);
startPlots();
startSwitches(switches);
draw();
connect();

for (const input of document.querySelectorAll('input[name=server]')) {
  input.checked = input.value === state.server;
  input.addEventListener('change', () => {
    state.server = input.value;
    saveSoon();
    connect();
  });
}

/** To whichever server: both serve one log, so a place in it is good for both. */
function connect() {
  close();
  const url = new URL(`/events?page=${state.page}`, location.href);
  if (state.server === 'fastify') url.port = ports.fastify;
  let openings = 0;
  close = openStream({
    url: url.href,
    lastEventId: state.lastEventId,
    types: ['telemetry', 'line', 'lines'],
    onEvent(event) {
      if (event.type === 'sse.open' && openings++ > 0) state.reconnects++;
      take(event);
    },
    onStatus(status) {
      if (openings > 0 && (status.state === 'connecting' || status.state === 'offline')) lost();
      drawStatus(status);
    },
  });
}

function take({ type, data, text, id }) {
  if (type === 'telemetry') takeSample(data);
  else if (type === 'line') addLine(text);
  else if (type === 'lines') setLines(data);
  else if (type === 'sse.open') begin(data);
  else if (type === 'sse.reset') startAgain(data);
  // What was received and up to where change together: see state.js.
  state.lastEventId = id;
  saveSoon();
  draw();
}

function takeSample(sample) {
  if (state.counter.received === 0) {
    state.beganAt = serverNow();
    began(sample);
  }
  // What is older than the count was not waited for: a new page gets some history.
  const isLate = sample.time > state.beganAt && serverNow() - sample.time > LATE_MS;
  addSample(sample, isLate);
  finished(sample);
}

function begin({ resume }) {
  // To the server a page without an id resumes as well, at the place where the history begins that it is given.
  state.resume = resume === 'resumed' && state.lastEventId === '' ? 'fresh' : resume;
  opened();
  readStatus();
}

function startAgain({ channels, reason }) {
  state.resets++;
  forget(channels);
  tell(`The history of ${channels.join(' and ')} is gone (${reason}): the count begins anew.`, 'bad');
  plotAll();
}
