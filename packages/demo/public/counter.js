/**
 * The proof. Every sample of telemetry carries a number, one more than the one before it; whoever follows the stream counts them.
 * A counter is plain data, so that it can be saved together with the place in the stream that it belongs to.
 */

/** `now` in milliseconds since 1970. */
export function newCounter(now = Date.now()) {
  return { received: 0, first: 0, last: 0, gaps: [], twice: 0, disordered: 0, since: now };
}

/** Counts one number. */
export function count(counter, number) {
  counter.received++;
  if (counter.received === 1) {
    counter.first = number;
    counter.last = number;
  } else if (number > counter.last) {
    if (number > counter.last + 1) counter.gaps.push([counter.last + 1, number - 1]);
    counter.last = number;
  } else if (fill(counter.gaps, number)) {
    counter.disordered++;
  } else {
    counter.twice++;
  }
}

/** How many numbers between the first and the last have not come. */
export function missing({ gaps }) {
  return gaps.reduce((sum, [from, to]) => sum + to - from + 1, 0);
}

/** True where every number since the first has come, once and in order. */
export function isComplete(counter) {
  return missing(counter) === 0 && counter.twice === 0 && counter.disordered === 0;
}

/** Takes `number` out of the gap that it belongs to. */
function fill(gaps, number) {
  const index = gaps.findIndex(([from, to]) => from <= number && number <= to);
  if (index < 0) return false;
  const [from, to] = gaps[index];
  const rest = [
    [from, number - 1],
    [number + 1, to],
  ];
  gaps.splice(index, 1, ...rest.filter(([start, end]) => start <= end));
  return true;
}
