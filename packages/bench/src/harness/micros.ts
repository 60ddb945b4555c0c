/** The machine's monotonic clock in microseconds: the same in every process, so that a server's stamp can be read by a client. */
export function micros(): number {
  const [seconds, nanos] = process.hrtime();
  return seconds * 1e6 + Math.trunc(nanos / 1e3);
}
