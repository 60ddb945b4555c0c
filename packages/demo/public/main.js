/** The page: connects the stream, the state and the view. */
import { addLine, addSample, forget, saveSoon, state } from './state.js';
import { openStream } from './stream.js';
import { draw, drawState } from './view.js';

const { log, ports } = await (await fetch('demo.json')).json();
document.getElementById('log-path').textContent = log;

let close = () => {};
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
  const url = new URL('/events', location.href);
  if (state.server === 'fastify') url.port = ports.fastify;
  let wasLive = false;
  close = openStream({
    url: url.href,
    lastEventId: state.lastEventId,
    types: ['telemetry', 'line'],
    onEvent: take,
    onState(name) {
      if (name === 'live' && wasLive) state.reconnects++;
      wasLive ||= name === 'live';
      drawState(name);
      draw();
    },
  });
}

function take({ type, data, lastEventId }) {
  if (type === 'telemetry') addSample(JSON.parse(data));
  else if (type === 'line') addLine(data);
  else if (type === 'sse.open') state.resume = JSON.parse(data).resume;
  else if (type === 'sse.reset') startAgain(JSON.parse(data));
  if (lastEventId) state.lastEventId = lastEventId;
  saveSoon();
  draw();
}

function startAgain({ channels, reason }) {
  state.resets++;
  forget(channels);
  if (channels.includes('log')) addLine(`The log starts again (${reason}): its history here is gone.`, true);
}
