/** What is asked or said once: an application's own functions are called no oftener than they need to be. Pure but for what they remember. */

/** A bound on what is remembered of channels that may be long forgotten. */
const MAX_REMEMBERED = 100_000;

/** `ask`, asked once for each channel, and again only where very many channels have been asked for since. What throws is not remembered. */
export function oncePerChannel<Value>(ask: (channel: string) => Value): (channel: string) => Value {
  const known = new Map<string, Value>();
  return (channel) => {
    const remembered = known.get(channel);
    if (remembered !== undefined) return remembered;
    const value = ask(channel);
    if (known.size >= MAX_REMEMBERED) known.clear();
    known.set(channel, value);
    return value;
  };
}

/** `warn`, which is told each message once. */
export function oncePerMessage(warn: (message: string) => void): (message: string) => void {
  const warned = new Set<string>();
  return (message) => {
    if (warned.has(message)) return;
    warned.add(message);
    warn(message);
  };
}
