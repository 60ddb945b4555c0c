/** The newest events of one channel. */
import { createList } from './tables.js';
import { bytes, clock, plural, setText } from './text.js';

const element = (id) => document.getElementById(id);

let channel = '';
let askServer;
let pick = () => {};
const draw = createList(element('events'), ({ id }) => id, make, fill);

/** `ask(path, query)` answers JSON. */
export function startWatching(ask) {
  askServer = ask;
  element('watch-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void watch(element('watched').value.trim());
  });
}

/** `onPick(id, channel)` is called when an event's id is pressed. */
export function onPick(handler) {
  pick = handler;
}

export function watch(name) {
  channel = name;
  element('watched').value = name;
  // Most likely it is what somebody wants to resume as well.
  element('resume-channels').value ||= name;
  draw([]);
  setText(element('watch-text'), 'the newest first');
  return drawEvents();
}

/** Draws what has come since. */
export async function drawEvents() {
  const asked = channel;
  if (asked === '') return;
  try {
    const { events } = await askServer('events.json', { channel: asked });
    if (asked !== channel) return;
    draw(events.toReversed());
    setText(
      element('watch-text'),
      events.length === 0 ? 'no event in memory' : `${plural(events.length, 'event')}, the newest first`,
    );
  } catch (error) {
    setText(element('watch-text'), error.message);
  }
}

function make() {
  const item = document.createElement('li');
  const head = document.createElement('p');
  const id = document.createElement('button');
  id.type = 'button';
  id.className = 'link mono';
  id.title = 'Try to resume from here';
  id.addEventListener('click', () => pick(id.textContent, channel));
  head.append(id, document.createElement('b'), document.createElement('span'));
  item.append(head, document.createElement('pre'));
  return item;
}

function fill(item, { id, event, data, time, bytes: size, isCut }) {
  const [button, name, rest] = item.firstElementChild.children;
  setText(button, id);
  setText(name, event);
  setText(rest, `${clock(time)}, ${bytes(size)}`);
  setText(item.lastElementChild, isCut ? `${data}\n… cut here` : data);
}
