/** The page: the feed says how things are once a second, and what is on the screen is asked for with it. */
import { drawOverview } from './overview.js';
import { startResume, tryFrom } from './resume.js';
import { createRows } from './tables.js';
import { bytes, number, plural, setText, span } from './text.js';
import { drawEvents, startWatching, watch } from './watch.js';

const PAGE = 100;
const element = (id) => document.getElementById(id);

let offset = 0;
let serverTime = Date.now();
let isAsking = false;

const drawConnections = createRows(
  element('connection-rows'),
  [
    { label: 'Id', text: ({ id }) => id, className: 'mono' },
    { label: 'Address', text: ({ address, tls }) => [address, tls].filter(Boolean).join(' ') || '–' },
    { label: 'Route', text: ({ route }) => route ?? '–' },
    { label: 'Principal', text: ({ principal, clientId }) => [principal, clientId].filter(Boolean).join(' / ') || '–' },
    { label: 'Channels', text: ({ channels }) => listed(channels) },
    { label: 'Place', text: placeOf },
    { label: 'Waiting', text: ({ pendingBytes }) => bytes(pendingBytes), className: 'number' },
    { label: 'Sent', text: (row) => `${plural(row.events, 'event')}, ${bytes(row.bytes)}`, className: 'number' },
    { label: 'Age', text: ({ ageMs }) => span(ageMs), className: 'number' },
  ],
  ({ id }) => id,
);
const drawChannels = createRows(
  element('channel-rows'),
  [
    { label: 'Name', text: ({ name }) => name, press: ({ name }) => void watch(name) },
    { label: 'Followers', text: ({ followers }) => number(followers), className: 'number' },
    { label: 'Trimmed up to', text: ({ floor }) => floor ?? '–', className: 'number' },
    {
      label: 'Newest',
      text: ({ head }) => (head ? `${head.seq}, ${span(serverTime - head.time)} ago` : 'not in memory'),
    },
    { label: 'In memory', text: ({ inMemory }) => number(inMemory), className: 'number' },
  ],
  ({ name }) => name,
);

startWatching(ask);
startResume(ask);
startFinding();
startFeed();

function startFeed() {
  const source = new EventSource('feed');
  source.onopen = () => drawFeed('live', 'good');
  source.onerror = () => drawFeed(source.readyState === EventSource.CLOSED ? 'closed' : 'reconnecting', 'late');
  source.addEventListener('overview', ({ data }) => {
    const overview = JSON.parse(data);
    serverTime = overview.time;
    drawOverview(overview, { onHead: tryFrom });
    void refresh();
  });
}

function startFinding() {
  const again = () => {
    offset = 0;
    void refresh();
  };
  element('find').addEventListener('input', again);
  element('only-behind').addEventListener('change', again);
  element('find-form').addEventListener('submit', (event) => {
    event.preventDefault();
    again();
  });
  element('previous').addEventListener('click', () => turn(-PAGE));
  element('next').addEventListener('click', () => turn(PAGE));
}

function turn(by) {
  offset = Math.max(0, offset + by);
  void refresh();
}

/** One round at a time: a server that is slow is asked less often. */
async function refresh() {
  if (isAsking || document.hidden) return;
  isAsking = true;
  try {
    const find = element('find').value;
    const behind = element('only-behind').checked ? '1' : '0';
    const [connections, channels] = await Promise.all([
      ask('connections.json', { offset, limit: PAGE, find, behind }),
      ask('channels.json', { limit: PAGE }),
      drawEvents(),
    ]);
    showConnections(connections);
    drawChannels(channels.channels, 'Nobody follows a channel, and none has events in memory.');
    setText(
      element('channels-text'),
      channels.total > channels.channels.length ? `${channels.channels.length} of ${number(channels.total)}` : '',
    );
  } catch (error) {
    drawFeed(error.message, 'late');
  } finally {
    isAsking = false;
  }
}

function showConnections({ total, isPartial, connections }) {
  // The last page may have emptied meanwhile.
  if (connections.length === 0 && offset > 0) offset = Math.max(0, Math.floor((total - 1) / PAGE) * PAGE);
  drawConnections(connections, 'No connection.');
  const range = connections.length === 0 ? 'none' : `${offset + 1} to ${offset + connections.length}`;
  setText(element('page-text'), `${range} of ${number(total)}${isPartial ? ', among the oldest 20,000' : ''}`);
  element('previous').disabled = offset === 0;
  element('next').disabled = offset + PAGE >= total;
}

/** The JSON at `path`. Rejects with what the server says of it. */
async function ask(path, query) {
  const response = await fetch(`${path}?${new URLSearchParams(query)}`);
  if (!response.ok) throw new Error((await response.text()).trim());
  return response.json();
}

function drawFeed(text, state) {
  setText(element('feed'), text);
  element('feed').dataset.state = state;
}

function placeOf({ isLive, behind, channels }) {
  if (channels.length === 0) return 'follows nothing';
  return isLive ? 'live' : `${plural(behind, 'event')} behind`;
}

function listed(channels) {
  if (channels.length === 0) return '–';
  const shown = channels.slice(0, 3).join(', ');
  return channels.length > 3 ? `${shown} and ${channels.length - 3} more` : shown;
}
