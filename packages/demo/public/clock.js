/** The time by the clock of the server, which the samples carry: a phone's own may be a minute off. */
let ahead = 0;

/** `time` is the server's time now, in milliseconds since 1970. */
export function setServerTime(time) {
  ahead = time - Date.now();
}

export function serverNow() {
  return Date.now() + ahead;
}
