/** The page: connects the stream, the state, the proof and what is shown. */
import { serverNow, setServerTime } from './clock.js';
import { plotAll, startPlots } from './plot.js';
import { addLine, addSample, forget, saveSoon, setLines, state } from './state.js';
import { began, finished, lost, opened, tell } from './story.js';
import { openStream } from './stream.js';
import { readStatus, startSwitches } from './switches.js';
import { draw, drawState } from './view.js';

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
  let wasLive = false;
  close = openStream({
    url: url.href,
    lastEventId: state.lastEventId,
    types: ['telemetry', 'line', 'lines'],
    onEvent: take,
    onState(name) {
      if (name === 'live') {
        if (wasLive) state.reconnects++;
        wasLive = true;
        opened();
        readStatus();
      } else if (wasLive && name === 'reconnecting') {
        lost();
      }
      drawState(name);
      draw();
    },
  });
}

function take({ type, data, lastEventId }) {
  if (type === 'telemetry') takeSample(JSON.parse(data));
  else if (type === 'line') addLine(data);
  else if (type === 'lines') setLines(JSON.parse(data));
  else if (type === 'sse.open') state.resume = resumeOf(JSON.parse(data));
  else if (type === 'sse.reset') startAgain(JSON.parse(data));
  // What was received and up to where change together: see state.js.
  if (lastEventId) state.lastEventId = lastEventId;
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

/** To the server a page without an id resumes as well, at the place where the history begins that it is given. */
function resumeOf({ resume }) {
  return resume === 'resumed' && state.lastEventId === '' ? 'fresh' : resume;
}

function startAgain({ channels, reason }) {
  state.resets++;
  forget(channels);
  tell(`The history of ${channels.join(' and ')} is gone (${reason}): the count begins anew.`, 'bad');
  plotAll();
}
