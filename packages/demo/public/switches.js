/** The switches: what they ask of the server, and what the server says about itself, once a second. */
import { state } from './state.js';
import { lost, opened, tell } from './story.js';
import { drawServer } from './view.js';

const STATUS_MS = 1_000;

const element = (id) => document.getElementById(id);

/** Set while there is nobody to ask: until the stream is back, questions would only fill the console. */
let isServerGone = false;
let pid;
/** How often a switch was used: an answer from before that is no news. */
let uses = 0;

export function startSwitches({ line, process }) {
  for (const id of ['cut', 'cut-seconds', 'slow']) element(id).disabled = !line;
  for (const id of ['crowd', 'restart', 'kill']) element(id).disabled = !process;
  if (!line) tell('The switches work only on the machine that runs the demo.');

  element('cut').addEventListener('click', cut);
  element('slow').addEventListener('click', () => slow(!isOn('slow')));
  element('crowd').addEventListener('click', () => gather(isOn('crowd') ? 0 : 50));
  element('restart').addEventListener('click', () => endServer('restart', 'The server was asked to restart.'));
  element('kill').addEventListener('click', () => endServer('kill', 'The server was killed.'));
  setInterval(() => document.hidden || isServerGone || askStatus(), STATUS_MS);
}

/** To be called when the stream is open: there is a server. */
export function readStatus() {
  isServerGone = false;
  void askStatus();
}

async function askStatus() {
  const { received } = state.counter;
  const usesBefore = uses;
  const query = new URLSearchParams({ page: state.page, after: state.lastEventId });
  try {
    const status = await (await fetch(`demo/status.json?${query}`)).json();
    if (uses !== usesBefore) return;
    // What has come while the answer was on its way is no longer ahead of us.
    if (status.behind !== undefined) {
      status.behind = Math.max(0, status.behind - (state.counter.received - received));
    }
    if (pid !== undefined && status.pid !== pid) tell(`A new server process answers: ${status.pid}.`);
    pid = status.pid;
    // A server that was started anew knows of no slow line.
    if (isOn('slow') && !status.isSlow) opened('Fast again');
    setSwitch('slow', status.isSlow);
    setSwitch('crowd', status.crowd.wanted > 0);
    drawServer(status);
  } catch {
    isServerGone = true;
  }
}

async function cut() {
  const seconds = Number(element('cut-seconds').value);
  if (!(await post(`cut?page=${state.page}&seconds=${seconds}`))) return;
  tell(`The line is cut for ${seconds} s.`);
  countDown(element('cut'), seconds);
}

async function slow(on) {
  if (!(await post(`slow?page=${state.page}&on=${on}`))) return;
  setSwitch('slow', on);
  if (on) {
    tell('The line is slow: 400 bytes a second.');
    lost('Fast again');
  } else {
    opened('Fast again');
  }
}

async function gather(count) {
  if (!(await post(`crowd?count=${count}`))) return;
  setSwitch('crowd', count > 0);
  tell(count > 0 ? `${count} more clients, each with a connection of its own.` : 'The other clients have left.');
}

async function endServer(how, text) {
  isServerGone = true;
  if (await post(how)) tell(text);
  else isServerGone = false;
}

async function post(path) {
  uses++;
  try {
    const { ok, status } = await fetch(`demo/${path}`, { method: 'POST' });
    if (!ok) tell(`The server refused that (${status}).`, 'bad');
    return ok;
  } catch {
    tell('The server cannot be reached right now.', 'bad');
    return false;
  }
}

function countDown(button, seconds) {
  const text = button.textContent;
  const end = Date.now() + seconds * 1_000;
  button.disabled = true;
  const timer = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1_000);
    button.textContent = left > 0 ? `${left} s` : text;
    if (left > 0) return;
    button.disabled = false;
    clearInterval(timer);
  }, 100);
}

function isOn(id) {
  return element(id).ariaChecked === 'true';
}

function setSwitch(id, on) {
  element(id).ariaChecked = String(on);
}
