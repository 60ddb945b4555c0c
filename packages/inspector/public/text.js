/** Figures, times and places as words. */

export function number(value) {
  return value.toLocaleString('en');
}

export function plural(count, noun) {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

export function bytes(value) {
  if (value < 1024) return `${value} B`;
  const kib = value / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}

/** How long ago, or for how long: the two largest units are enough. */
export function span(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

export function clock(time) {
  return new Date(time).toLocaleTimeString('en-GB');
}

/** Not where it is there already: that would still be a change to whoever listens. */
export function setText(target, value) {
  const text = String(value);
  if (target.textContent !== text) target.textContent = text;
}
