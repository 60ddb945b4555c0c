/** What would become of a client that comes back with an id. */
import { number, plural, setText } from './text.js';
import { onPick } from './watch.js';

const element = (id) => document.getElementById(id);

const REASONS = {
  epoch: 'its epoch is not, or no longer, known here',
  rollback: 'the store has lost the place that it names',
  trimmed: 'retention has dropped events that came after it',
  malformed: 'it is no id of this hub',
};

/** `ask(path, query)` answers JSON. */
export function startResume(ask) {
  element('resume-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const query = {
      id: element('resume-id').value.trim(),
      channels: element('resume-channels').value.replaceAll(' ', ''),
    };
    try {
      show(await ask('resume.json', query));
    } catch (error) {
      say(error.message, 'bad');
      element('verdict-facts').replaceChildren();
    }
  });
  onPick(tryFrom);
}

/** Fills the form, and tries where it is known with which channels. */
export function tryFrom(id, channel) {
  element('resume-id').value = id;
  if (channel) element('resume-channels').value = channel;
  element('resume-id').focus();
  if (element('resume-channels').value !== '') element('resume-form').requestSubmit();
}

function show({ outcome, reason, seq, head, headId, floors, events, isAtLeast, isInMemory }) {
  const count = `${isAtLeast ? 'at least ' : ''}${plural(events, 'event')}`;
  if (outcome === 'resumed') say(`Resumes exactly: ${count} follow, each once and in order.`, 'good');
  else
    say(
      `Reset (${reason}): ${REASONS[reason]}. A snapshot repairs it where there is one, else ${count} that are retained.`,
      'late',
    );
  const facts = [
    ['Place of the id', seq === undefined ? 'none' : number(seq)],
    ['Head', `${number(head)} (${headId})`],
    ['Read from', isInMemory ? 'memory' : 'the store'],
    ...floors.map(({ channel, floor, isTrimmed }) => [
      `${channel}, trimmed up to`,
      `${number(floor)}${isTrimmed ? ', after the id' : ''}`,
    ]),
  ];
  element('verdict-facts').replaceChildren(...facts.map(toFact));
}

function toFact([term, text]) {
  const fact = document.createElement('div');
  const name = document.createElement('dt');
  const value = document.createElement('dd');
  name.textContent = term;
  value.textContent = text;
  fact.append(name, value);
  return fact;
}

function say(text, state) {
  const verdict = element('verdict-text');
  verdict.hidden = false;
  verdict.dataset.state = state;
  setText(verdict, text);
}
