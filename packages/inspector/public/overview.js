/** The state of the hub and its store, and what went wrong. */
import { createList } from './tables.js';
import { bytes, clock, number, setText } from './text.js';

const element = (id) => document.getElementById(id);
const lists = { resets: createIncidents('resets'), failures: createIncidents('failures') };

const SUPPORTS = { durable: 'on disk', snapshots: 'snapshots', items: 'items', cursors: 'cursors' };

export function drawOverview({ health, stats, store, resets, failures, showsEvents }, { onHead }) {
  drawPill(health);
  const figures = {
    connections: number(stats.connections),
    live: number(stats.live),
    'catching-up': number(stats.catchingUp),
    pending: bytes(stats.pendingBytes),
    'channel-count': number(stats.channels),
    'feed-lag': number(stats.feedLag),
    store: store.isReachable ? 'reachable' : 'away',
    'store-time': store.answerMs === undefined ? 'no answer' : `${store.answerMs.toFixed(1)} ms`,
    head: health.head,
    'memory-from': number(store.memoryFrom),
    supports: keptBy(store.supports),
  };
  for (const [id, text] of Object.entries(figures)) setText(element(id), text);
  for (const id of ['catching-up', 'feed-lag']) element(id).classList.toggle('late', figures[id] !== '0');
  element('store').classList.toggle('bad', !store.isReachable);
  element('head').onclick = () => onHead(health.head);
  element('store-failure').hidden = store.failure === undefined;
  setText(element('store-failure'), store.failure ?? '');
  // The newest first; numbered from the end, so that each keeps its number while others come.
  lists.resets(resets);
  lists.failures(failures);
  element('watched').disabled = !showsEvents;
  if (!showsEvents) setText(element('watch-text'), 'switched off on this server');
}

function drawPill({ ready, detail }) {
  setText(element('ready'), ready ? 'ready' : detail);
  element('ready').dataset.state = ready ? 'good' : 'bad';
}

function keptBy(supports) {
  const kept = Object.keys(SUPPORTS).filter((name) => supports[name]);
  return kept.map((name) => SUPPORTS[name]).join(', ') || 'events only';
}

function createIncidents(id) {
  const make = () => {
    const item = document.createElement('li');
    for (const name of ['time', 'b', 'span', 'p']) item.append(document.createElement(name));
    item.children[2].className = 'mono';
    return item;
  };
  const fill = (item, { time, what, connection = '', detail }) => {
    [clock(time), what, connection, detail].forEach((text, index) => {
      setText(item.children[index], text);
    });
  };
  const draw = createList(element(id), ({ no }) => no, make, fill);
  return (incidents) => {
    draw(incidents.toReversed());
    element(id).dataset.empty = incidents.length === 0 ? 'none so far' : '';
  };
}
