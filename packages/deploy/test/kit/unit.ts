/** A unit of systemd as the settings in it. */

/** `Service.KillSignal` and so on, each with its last value. @throws Error for a line that is neither setting, section nor comment. */
export function readUnit(text: string): Record<string, string> {
  const settings: Record<string, string> = {};
  let section = '';
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name] = /^\[(\w+)\]$/.exec(line) ?? [];
    const [, key, value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name) section = name;
    else if (key && section) settings[`${section}.${key}`] = value;
    else throw new Error(`A unit cannot have the line ${JSON.stringify(line)}`);
  }
  return settings;
}
